"""A conflict is recorded once, however often it is decided again (sync-rules §5)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from tasksync_engine.ledger import parked, runs
from tasksync_engine.ledger.parked import Parked
from tasksync_engine.ledger.runs import RecordedConflict
from tasksync_mappings import Conflict, Pair

AT = datetime(2026, 11, 20, 8, 36, tzinfo=UTC)


def conflict(number=1, **members):
    """A conflict of the n-th link."""
    usual = {"field": "details", "base": Pair("old", "old"), "values": Pair("a", "b"), "winner": "task"}
    return RecordedConflict(f"rem_{number}", f"00T{number:012d}EAA", Conflict(**{**usual, **members}))


@pytest.fixture
def record(opened):
    """Writes each given batch in its own transaction; returns how many conflicts the ledger tells of then."""

    def write(*batches, run_id=1):
        for batch in batches:
            with opened.transaction() as connection:
                runs.write_conflicts(connection, run_id, AT, batch)
        with opened.transaction() as connection:
            return len(runs.all_conflicts(connection))

    return write


def test_the_same_conflict_is_recorded_once(record):
    """Decided again in a later batch, or met twice in one."""
    assert record([conflict()], [conflict()]) == 1
    assert record([conflict(2), conflict(2)]) == 2


def test_the_same_conflict_in_a_later_run_is_another_one(record):
    """The same two values may meet again, unless this is what a run decided whose write was not settled."""
    assert record([conflict()]) == 1
    assert record([replace(conflict(), again=True)], run_id=2) == 1
    assert record([conflict()], run_id=2) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"number": 2},
        {"field": "due_date"},
        {"base": Pair("older", "old")},
        {"base": None},
        {"values": Pair("a", "c")},
        {"values": Pair(None, "b")},
        {"winner": "reminder"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("together", [False, True])
def test_what_differs_in_anything_is_another_conflict(record, other, together):
    """Another link, field, base, value or winner."""
    both = [conflict(), conflict(**other)]
    assert (record(both) if together else record(both[:1], both[1:])) == 2


@pytest.mark.parametrize("together", [False, True])
def test_a_conflict_that_comes_back_after_another_is_new(record, together):
    """Only the newest one of its link and field can be the one that is decided again."""
    three = [conflict(), conflict(values=Pair("c", "d")), conflict()]
    assert (record(three) if together else record(*([one] for one in three))) == 3


def test_a_deletions_lost_values_are_compared_too(record):
    """They are whole records, and the deletion has no base."""
    lost = conflict(field="deletion", base=None, values=Pair({"details": "x", "due_date": None}, None))
    assert record([lost], [lost]) == 1


@pytest.mark.parametrize("side", ["reminder", "task"])
def test_a_conflict_whose_write_is_parked_is_the_same_in_a_later_run(opened, record, side):
    """From whichever side it is decided again, until the write goes through."""
    assert record([conflict()]) == 1
    name = conflict().reminder_id if side == "reminder" else conflict().task_id
    with opened.transaction() as connection:
        parked.park(connection, [Parked(side, name, "UNABLE_TO_LOCK_ROW", "Intermittent", "locked", {}, AT)])
    assert record([conflict()], run_id=2) == 1
    with opened.transaction() as connection:
        parked.drop(connection, side, [name])
    assert record([conflict()], run_id=3) == 2


def test_conflicts_are_looked_up_together(opened):
    """Three questions for three hundred conflicts, and an index answers the one about conflicts."""
    looked = []
    event.listen(opened.engine, "before_cursor_execute", lambda *said: looked.append(said[2:4]))
    with opened.transaction() as connection:
        runs.write_conflicts(connection, 1, AT, [conflict(number) for number in range(300)])
    selects = [(statement, values) for statement, values in looked if statement.startswith("SELECT")]
    assert len(selects) == 3
    if opened.engine.dialect.name == "sqlite":
        with opened.engine.connect() as connection:
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + selects[0][0], selects[0][1]).all()
        assert "ix_conflicts_task" in str(plan)
        assert not [step for step in plan if step.detail.startswith("SCAN conflicts")]
