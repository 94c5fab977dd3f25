"""What base a pair has that a create made whose answer never came, by what the record shows (sync-rules §7.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tasksync_engine.begun import base_for_deletion, base_of_made, sent_with
from tasksync_engine.ledger.intents import Intent
from tasksync_engine.records import Record
from tasksync_mappings import Pair, load_mapping

AT = datetime(2030, 1, 1, tzinfo=UTC)
FIELDS = load_mapping()
FIRST = {"details": Pair("one", "one"), "priority": Pair("high", "High"), "name": Pair("A", "A")}
SECOND = {"details": Pair("two", "two"), "priority": Pair("high", "High"), "name": Pair("B", "B")}
TRIED = Intent("reminder", "rem_1", "key", FIRST, later=(SECOND,))


def task(details: str, subject: str = "B", *, touched: bool = False) -> Record:
    """The task that one of the tries made."""
    raw = {"Description": details, "Subject": subject, "Priority": "Normal"}
    stamp = AT + timedelta(seconds=touched)
    return Record("task", "00T", raw, None, "rem_1", stamp, stamp, AT, None)


def test_one_try_says_it_all() -> None:
    """A create that was not repeated with other values made what it sent, whatever the record holds now."""
    once = Intent("reminder", "rem_1", "key", FIRST)
    assert base_of_made(once, task("three", touched=True), FIELDS, written_over=False) == FIRST


@pytest.mark.parametrize("written_over", [False, True])
@pytest.mark.parametrize(("details", "told"), [("one", FIRST), ("two", SECOND)])
def test_an_untouched_record_shows_which_try_made_it(
    details: str, told: dict[str, Pair], *, written_over: bool
) -> None:
    """Field by field, the values sent that it holds."""
    base = base_of_made(TRIED, task(details), FIELDS, written_over=written_over)
    assert base["details"] == told["details"]
    assert base["priority"] == FIRST["priority"]


@pytest.mark.parametrize(
    ("details", "written_over", "known"),
    [("one", False, False), ("two", False, False), ("three", False, False), ("one", True, False), ("two", True, True)],
)
def test_of_a_touched_record_nobody_knows(details: str, *, written_over: bool, known: bool) -> None:
    """Somebody may have set it back: without a base each difference is a conflict; what agrees stays as it is."""
    base = base_of_made(TRIED, task(details, touched=True), FIELDS, written_over=written_over)
    assert base.get("details") == (SECOND["details"] if known else None)
    assert base["priority"] == FIRST["priority"]


def test_a_name_keeps_its_first_base() -> None:
    """Without one it would be left as it is on both sides for ever."""
    assert base_of_made(TRIED, task("x", "C", touched=True), FIELDS, written_over=False)["name"] == FIRST["name"]


def test_a_deletion_takes_any_of_the_values_sent_for_unchanged() -> None:
    """What one of the tries made is no edit; anything else is."""
    assert base_for_deletion(TRIED, task("two", touched=True), FIELDS)["details"] == SECOND["details"]
    assert base_for_deletion(TRIED, task("three", touched=True), FIELDS)["details"] == FIRST["details"]


def test_every_try_with_other_values_is_noted_once() -> None:
    """Under another key another record is made: what was tried before has no part in it."""
    assert sent_with(None, "key", FIRST) == (FIRST, ())
    assert sent_with(TRIED, "other key", SECOND) == (SECOND, ())
    assert sent_with(TRIED, "key", SECOND) == (FIRST, (SECOND,))
    assert sent_with(TRIED, "key", FIRST) == (FIRST, (SECOND, FIRST))
