"""Texts, dates and empty values on their way to Salesforce and back (sync-rules §3: agree)."""

import pytest

from tasksync_mappings import Pair, Rule, other

from .links import FIELDS, NEWER, SIDES, TRANSLATION, in_step, settled, step

BOTH_WAYS = pytest.mark.parametrize("source", SIDES)


def kept(value):
    """Salesforce keeps a text as it was sent."""
    return value


def trimmed(value):
    """Salesforce trims a text, and takes nothing instead of an empty one."""
    return value.strip() or None if isinstance(value, str) else value


def unix(value):
    r"""Salesforce keeps line breaks as \n."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


def dos(value):
    r"""Salesforce keeps line breaks as \r\n."""
    return unix(value).replace("\n", "\r\n") if isinstance(value, str) else value


def trimmed_dos(value):
    """Salesforce does both."""
    return trimmed(dos(value))


READINGS = pytest.mark.parametrize("salesforce", [kept, trimmed, unix, dos, trimmed_dos])

TEXTS = {
    "33,000 characters": ("x" * 33_000, "x" * 32_000),
    "exactly 32,000": ("x" * 32_000, "x" * 32_000),
    "cut before blanks": ("x" * 31_990 + " " * 10 + "y" * 50, "x" * 31_990 + " " * 10),
    "cut to blanks alone": (" " * 32_000 + "y", " " * 32_000),
    "leading blanks count": (" " * 10 + "x" * 32_000, " " * 10 + "x" * 31_990),
    "line breaks of every kind": ("a\r\nb\nc\rd", "a\r\nb\nc\rd"),
    "a line break at the border": ("x" * 31_999 + "\r\ny", "x" * 31_999 + "\r"),
    "only blanks": ("  \t ", "  \t "),
    "only line breaks": ("\r\n\r\n", "\r\n\r\n"),
    "empty": ("", None),
    "null": (None, None),
    "outer blanks": ("\n  x  \n", "\n  x  \n"),
    "an emoji before the border": ("x" * 31_998 + "😀y", "x" * 31_998 + "😀"),
    "an emoji across the border": ("x" * 31_999 + "😀y", "x" * 31_999),
    "emoji alone": ("😀" * 20_000, "😀" * 16_000),
}
EVERY_TEXT = pytest.mark.parametrize(("text", "sent"), TEXTS.values(), ids=TEXTS)


@EVERY_TEXT
def test_a_text_is_cut_as_salesforce_counts(text, sent):
    """Details go over whole up to 32,000 characters, an emoji counting as two and never halved; empty goes as null."""
    assert TRANSLATION.put({"details": text})["details"] == sent


@EVERY_TEXT
@READINGS
def test_a_text_does_not_come_back_as_an_edit(text, sent, salesforce):
    """Whatever Salesforce does to a text that we wrote, neither direction sees an edit in it afterwards."""
    before = in_step().holding("details", text, "about the offer", Pair("about the offer", "about the offer"))
    done = step(before, "reminder", salesforce=salesforce)
    assert done.writes == {"Description": sent}
    assert TRANSLATION.is_echo("task", done.link.task, done.link.base)
    assert TRANSLATION.is_echo("reminder", done.link.reminder, done.link.base)
    assert settled(done.link, salesforce=salesforce)


@EVERY_TEXT
@READINGS
@BOTH_WAYS
def test_a_pair_is_adopted_over_what_salesforce_made_of_the_text(text, sent, salesforce, source):
    """Without a base the two still agree, so that a lost ledger is rebuilt without a write."""
    before = in_step().holding("details", text, salesforce(sent), None)
    done = step(before, source)
    assert done.decisions["details"].rule is Rule.AGREES
    assert done.quiet
    assert settled(done.link)


@EVERY_TEXT
@READINGS
def test_a_real_edit_of_such_a_text_still_goes_over(text, sent, salesforce):
    """A text edited in Salesforce after the cut and the trimming reaches the reminder, once."""
    link = in_step().holding("details", text, "edited there", Pair(text, salesforce(sent)))
    done = step(link, "task")
    assert (done.writes, done.conflicts) == ({"details": "edited there"}, [])
    assert settled(done.link)


@READINGS
def test_an_edit_behind_the_cut_writes_nothing(salesforce):
    """A reminder that changes only behind its 32,000th character has nothing new for Salesforce."""
    link = in_step().holding(
        "details", "x" * 32_001 + "B", salesforce("x" * 32_000), Pair("x" * 32_001 + "A", "x" * 32_000)
    )
    done = step(link, "reminder")
    assert done.quiet
    assert done.link.base["details"].reminder == "x" * 32_001 + "B"


@pytest.mark.parametrize("edit", ["about the offer ", "\nabout the offer", "about the offer\r\n"])
@BOTH_WAYS
def test_an_edit_of_outer_blanks_writes_nothing(edit, source):
    """Blanks that Salesforce may trim are no change, on whichever side they were typed."""
    base = in_step().base["details"]
    held = (edit, "about the offer") if source == "reminder" else ("about the offer", edit)
    done = step(in_step().holding("details", *held, base), source)
    assert done.quiet
    assert settled(done.link)


def test_an_edit_behind_the_maps_own_cut_reaches_the_reminder():
    """Where the org's field is longer than the map says, a task's text comes over whole, its end included."""
    link = in_step().holding("outcome", "x" * 300 + "A", "x" * 300 + "B", Pair("x" * 300 + "A", "x" * 300 + "A"))
    done = step(link, "task")
    assert done.writes == {"call_outcome": "x" * 300 + "B"}
    assert settled(done.link)


@BOTH_WAYS
@pytest.mark.parametrize("newer", NEWER)
def test_a_task_text_longer_than_the_map_agrees_with_its_own_copy(source, newer):
    """Adopting such a pair neither cuts the task's text nor records a conflict."""
    done = step(in_step().holding("outcome", "x" * 300, "x" * 300, None), source, newer=newer)
    assert done.quiet


@BOTH_WAYS
@pytest.mark.parametrize(
    ("name", "full"), [("details", "about the offer"), ("due_date", "2026-11-20"), ("outcome", "Interested")]
)
def test_clearing_a_field_goes_over_as_null(source, name, full):
    """Null is a value: a cleared text or date clears the other side, and filling it fills the other side."""
    column = FIELDS.named(name).column(other(source))
    link = in_step().holding(name, full, full, Pair(full, full))
    link.record(source)[FIELDS.named(name).column(source)] = None
    cleared = step(link, source)
    assert cleared.writes == {column: None}
    assert settled(cleared.link)
    cleared.link.record(source)[FIELDS.named(name).column(source)] = full
    assert step(cleared.link, source).writes == {column: full}


@BOTH_WAYS
@pytest.mark.parametrize("name", [field.name for field in FIELDS.fields])
@pytest.mark.parametrize("lacking", SIDES)
def test_a_field_that_a_record_lacks_is_not_decided(source, name, lacking):
    """Absent is neither null nor empty: no decision, no write, and the base stays."""
    link = in_step().holding(name, "changed", "changed too", in_step().base[name])
    del link.record(lacking)[FIELDS.named(name).column(lacking)]
    done = step(link, source)
    assert name not in done.decisions
    assert done.quiet
    assert done.link.base == link.base


@pytest.mark.parametrize("text", ["", "  ", "\r\n"])
def test_clearing_a_reminder_to_blanks_clears_the_task(text):
    """A blank text and Salesforce's null are one and the same afterwards."""
    base = Pair("about the offer", "about the offer")
    done = step(in_step().holding("details", text, "about the offer", base), "reminder", salesforce=trimmed)
    assert done.link.task["Description"] is None
    assert settled(done.link)


@BOTH_WAYS
@pytest.mark.parametrize("day", ["2026-11-20", "2024-02-29", "2026-03-29", "1999-12-31", None])
def test_a_due_date_goes_over_as_the_calendar_date_that_it_is(source, day):
    """A date is the same text on both sides, on days of leap years and of clock changes too."""
    base = Pair("2001-01-01", "2001-01-01")
    held = (day, "2001-01-01") if source == "reminder" else ("2001-01-01", day)
    done = step(in_step().holding("due_date", *held, base), source)
    assert done.link.holds("due_date") == (day, day, Pair(day, day))
    assert settled(done.link)


@BOTH_WAYS
def test_an_empty_date_is_no_date(source):
    """A CSV reading has an empty text where JSON has null."""
    done = step(in_step().holding("due_date", None, "", Pair(None, None)), source)
    assert done.quiet
    assert TRANSLATION.is_echo("task", {"ActivityDate": ""}, {"due_date": Pair(None, None)})


@BOTH_WAYS
def test_a_number_in_a_text_pair_is_carried_as_it_is(source):
    """An extra pair may name a number column: it goes over unchanged and compares by value."""
    column = FIELDS.named("outcome").column(other(source))
    link = in_step().holding("outcome", 3, 3, Pair(3, 3))
    link.record(source)[FIELDS.named("outcome").column(source)] = 4
    done = step(link, source)
    assert done.writes == {column: 4}
    assert settled(done.link)
