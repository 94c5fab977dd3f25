"""The rows of sync-rules §5 for values that travel: every field, both directions, every policy.

In the tables A, B and C are three values of a field, each in either side's terms.
"""

import copy
from typing import NamedTuple

import pytest

from tasksync_mappings import UNSET, ConflictPolicy, Pair, Rule, other

from .links import FIELDS, NEWER, SIDES, in_step, settled, step

VALUES = {
    "due_date": {"A": ("2026-11-20",) * 2, "B": ("2026-12-24",) * 2, "C": (None, None)},
    "details": {"A": ("about the offer",) * 2, "B": (None, None), "C": ("two\nlines",) * 2},
    "assignee": {"A": ("u1", "005A"), "B": ("u2", "005B"), "C": ("u3", "005C")},
    "outcome": {"A": (None, None), "B": ("Interested",) * 2, "C": ("No answer",) * 2},
    "follow_up": {"A": (None, None), "B": ("2026-12-01",) * 2, "C": ("2024-02-29",) * 2},
    "stage": {"A": ("cold", "Cold"), "B": ("warm", "Warm"), "C": ("hot", "Hot")},
}
EVERY_FIELD = pytest.mark.parametrize("name", VALUES)
BOTH_WAYS = pytest.mark.parametrize("source", SIDES)


def value(name, letter, side):
    """A letter in one side's terms."""
    return VALUES[name][letter][SIDES.index(side)]


def pair(name, source, letters):
    """A base from two letters: the source's value, then the destination's."""
    held = dict(zip((source, other(source)), letters, strict=True))
    return Pair(value(name, held["reminder"], "reminder"), value(name, held["task"], "task"))


def link(name, source, base, incoming, current):
    """A link in step, but for one field."""
    held = pair(name, source, incoming + current)
    return in_step().holding(name, held.reminder, held.task, base and pair(name, source, base))


class Row(NamedTuple):
    """(base, incoming, current) → (rule, what is written, current and base afterwards; what both hold in the end)."""

    base: str | None
    incoming: str
    current: str
    rule: Rule
    written: str | None
    current_after: str
    base_after: str
    in_the_end: str


ROWS = [
    Row("AA", "A", "A", Rule.AGREES, None, "A", "AA", "A"),
    Row(None, "A", "A", Rule.AGREES, None, "A", "AA", "A"),
    Row("AA", "B", "B", Rule.AGREES, None, "B", "BB", "B"),
    Row("AA", "C", "C", Rule.AGREES, None, "C", "CC", "C"),
    Row("AA", "A", "B", Rule.NOT_CHANGED, None, "B", "AA", "B"),
    Row("AA", "A", "C", Rule.NOT_CHANGED, None, "C", "AA", "C"),
    Row("BB", "B", "A", Rule.NOT_CHANGED, None, "A", "BB", "A"),
    Row("AA", "B", "A", Rule.CHANGED, "B", "B", "BB", "B"),
    Row("AA", "C", "A", Rule.CHANGED, "C", "C", "CC", "C"),
    Row("BB", "A", "B", Rule.CHANGED, "A", "A", "AA", "A"),
    Row("CC", "B", "C", Rule.CHANGED, "B", "B", "BB", "B"),
]


@EVERY_FIELD
@BOTH_WAYS
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.base or 'none'}-{row.incoming}-{row.current}")
def test_a_change_on_one_side_reaches_the_other(name, source, row):
    """The first fitting row decides reminder, task, base and actions; the other direction carries what is left."""
    before = link(name, source, row.base, row.incoming, row.current)
    done = step(before, source)

    assert done.decisions[name].rule is row.rule
    column = FIELDS.named(name).column(other(source))
    expected = {} if row.written is None else {column: value(name, row.written, other(source))}
    assert (done.writes, done.conflicts) == (expected, [])
    after = pair(name, source, row.incoming + row.current_after)
    assert done.link.holds(name) == (after.reminder, after.task, pair(name, source, row.base_after))
    assert step(done.link, source).quiet

    back = step(done.link, other(source))
    end = pair(name, source, row.in_the_end * 2)
    assert back.conflicts == []
    assert len(back.writes) == (row.in_the_end != row.incoming)
    assert back.link.holds(name) == (end.reminder, end.task, end)
    assert settled(back.link)


WINNERS = [
    (ConflictPolicy.NEWEST, "reminder", "reminder"),
    (ConflictPolicy.NEWEST, "task", "task"),
    (ConflictPolicy.NEWEST, "tie", "task"),
    (ConflictPolicy.NEWEST, "tie within a second", "task"),
    *((ConflictPolicy.SALESFORCE, newer, "task") for newer in NEWER),
    *((ConflictPolicy.SALESCONNECT, newer, "reminder") for newer in NEWER),
]


@EVERY_FIELD
@BOTH_WAYS
@pytest.mark.parametrize(("policy", "newer", "winner"), WINNERS)
@pytest.mark.parametrize("base", ["AA", None], ids=["with base", "without base"])
def test_both_sides_changed_is_decided_by_policy(name, source, policy, newer, winner, base):  # noqa: PLR0913, PLR0917 - the axes
    """A conflict is recorded once, with base, values and winner, and brings both sides to the winner's value."""
    how = {"policy": policy, "newer": newer}
    before = link(name, source, base, "B", "C")
    done = step(before, source, **how)

    assert done.decisions[name].rule is Rule.CONFLICT
    [conflict] = done.conflicts
    assert (conflict.field, conflict.winner, conflict.base) == (name, winner, base and pair(name, source, base))
    assert conflict.values == pair(name, source, "BC")
    wins = winner == source
    assert len(done.writes) == wins
    expected = pair(name, source, "BB" if wins else "BC")
    assert done.link.holds(name) == (expected.reminder, expected.task, pair(name, source, "BB"))
    assert step(done.link, source, **how).quiet

    back = step(done.link, other(source), **how)
    assert back.conflicts == []
    assert len(back.writes) == (not wins)
    end = pair(name, source, "BB" if wins else "CC")
    assert back.link.holds(name) == (end.reminder, end.task, end)
    assert settled(back.link, **how)


@BOTH_WAYS
def test_the_winner_still_goes_over_when_its_side_changes_once_more(source):
    """Between the two directions the winner's side may change again: then that later value goes over, unopposed."""
    loser_first = link("details", source, "AA", "B", "C")
    policy = ConflictPolicy.SALESFORCE if source == "reminder" else ConflictPolicy.SALESCONNECT
    done = step(loser_first, source, policy=policy)
    column = FIELDS.named("details").column(other(source))
    done.link.record(other(source))[column] = "third thoughts"
    back = step(done.link, other(source), policy=policy)
    assert (back.conflicts, list(back.writes.values())) == ([], ["third thoughts"])
    assert settled(back.link)


@BOTH_WAYS
@pytest.mark.parametrize("newer", NEWER)
def test_only_changed_fields_are_written(source, newer):
    """A record with one changed field and one that the other side changed writes exactly the first."""
    before = link("due_date", source, "AA", "B", "A")
    held = pair("stage", source, "AB")
    before = before.holding("stage", held.reminder, held.task, pair("stage", source, "AA"))
    done = step(before, source, newer=newer)
    assert list(done.writes) == [FIELDS.named("due_date").column(other(source))]


@BOTH_WAYS
def test_every_field_is_decided_in_the_order_of_the_map(source):
    """One decision per field pair, in the file's order, the assignee and extra pairs included."""
    done = step(in_step(), source)
    assert list(done.decisions) == [field.name for field in FIELDS.fields]


@pytest.mark.parametrize(("policy", "newer", "winner"), WINNERS)
def test_a_policy_may_be_the_settings_own_text(policy, newer, winner):
    """A target's setting arrives as text and decides like the enumeration."""
    before = link("details", "reminder", "AA", "B", "C")
    [conflict] = step(before, "reminder", policy=str(policy), newer=newer).conflicts
    assert conflict.winner == winner


def test_the_absence_of_a_write_survives_a_copy():
    """A stored plan tells a field that is not written from one that is written as null."""
    [decision] = [found for found in step(in_step(), "task").decisions.values() if found.field == "details"]
    assert copy.deepcopy(decision).write is UNSET
    assert decision._asdict()["write"] is UNSET
