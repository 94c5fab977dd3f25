"""The rows of sync-rules §5 for values that do not travel: unmapped picklist values, users off the roster."""

from typing import NamedTuple

import pytest

from tasksync_mappings import ConflictPolicy, Pair, Rule, other

from .links import FIELDS, NEWER, SIDES, in_step, settled, step


class Row(NamedTuple):
    """(reminder, task, base) → (reminder, task, base, conflict) in one direction, then again in the other."""

    says: str
    name: str
    source: str
    before: tuple
    after: tuple
    rule: Rule
    conflict: str | None = None
    end: tuple | None = None
    end_conflict: str | None = None


OPEN = Pair("open", "Not Started")
DONE = Pair("completed", "Completed")
NORMAL = Pair("normal", "Normal")
HIGH = Pair("high", "High")
OURS = Pair("u1", "005A")
LOOSE = Pair("open", "In Progress")

ROWS = [
    Row(
        "In Progress in Salesforce leaves the reminder as it is, and the base takes it",
        "status", "task", ("open", "In Progress", OPEN), ("open", "In Progress", LOOSE), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "a task that was completed goes on as In Progress: the reminder stays completed",
        "status", "task", ("completed", "In Progress", DONE),
        ("completed", "In Progress", Pair("completed", "In Progress")), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "one value that does not travel follows another",
        "status", "task", ("open", "Deferred", LOOSE), ("open", "Deferred", Pair("open", "Deferred")),
        Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "an unchanged reminder never overwrites In Progress",
        "status", "reminder", ("open", "In Progress", LOOSE), ("open", "In Progress", LOOSE), Rule.NOT_CHANGED,
    ),
    Row(
        "an unchanged reminder never overwrites In Progress that is news; the other direction settles it",
        "status", "reminder", ("open", "In Progress", OPEN), ("open", "In Progress", OPEN), Rule.NOT_CHANGED,
        end=("open", "In Progress", LOOSE),
    ),
    Row(
        "completing the reminder turns In Progress into Completed",
        "status", "reminder", ("completed", "In Progress", LOOSE), ("completed", "Completed", DONE), Rule.CHANGED,
    ),
    Row(
        "completing the reminder over an In Progress that is news is a conflict that the reminder wins",
        "status", "reminder", ("completed", "In Progress", OPEN), ("completed", "Completed", DONE),
        Rule.OVER_UNTRAVELLED, conflict="reminder",
    ),
    Row(
        "In Progress against a completed reminder: left, and the other direction completes the task with a conflict",
        "status", "task", ("completed", "In Progress", OPEN), ("completed", "In Progress", OPEN),
        Rule.DOES_NOT_TRAVEL, end=("completed", "Completed", DONE), end_conflict="reminder",
    ),
    Row(
        "In Progress back to Not Started is agreement",
        "status", "task", ("open", "Not Started", LOOSE), ("open", "Not Started", OPEN), Rule.AGREES,
    ),
    Row(
        "In Progress to Completed completes the reminder",
        "status", "task", ("open", "Completed", LOOSE), ("completed", "Completed", DONE), Rule.CHANGED,
    ),
    Row(
        "both completed it, the task out of In Progress: agreement",
        "status", "reminder", ("completed", "Completed", LOOSE), ("completed", "Completed", DONE), Rule.AGREES,
    ),
    Row(
        "reopening the reminder writes Not Started",
        "status", "reminder", ("open", "Completed", DONE), ("open", "Not Started", OPEN), Rule.CHANGED,
    ),
    Row(
        "Low does not travel",
        "priority", "task", ("high", "Low", HIGH), ("high", "Low", Pair("high", "Low")), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "Low stays under an unchanged reminder",
        "priority", "reminder", ("normal", "Low", Pair("normal", "Low")), ("normal", "Low", Pair("normal", "Low")),
        Rule.NOT_CHANGED,
    ),
    Row(
        "a reminder that becomes high overwrites Low",
        "priority", "reminder", ("high", "Low", Pair("normal", "Low")), ("high", "High", HIGH), Rule.CHANGED,
    ),
    Row(
        "a cleared Priority does not travel",
        "priority", "task", ("normal", None, NORMAL), ("normal", None, Pair("normal", None)), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "picklist values are told apart by case",
        "priority", "task", ("normal", "high", NORMAL), ("normal", "high", Pair("normal", "high")),
        Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "a task given to somebody off the roster leaves the reminder's assignee",
        "assignee", "task", ("u1", "005X", OURS), ("u1", "005X", Pair("u1", "005X")), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "a reminder given to somebody off the roster leaves the task's owner",
        "assignee", "reminder", ("u9", "005A", OURS), ("u9", "005A", Pair("u9", "005A")), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "a reminder without an assignee leaves the task's owner",
        "assignee", "reminder", (None, "005A", OURS), (None, "005A", Pair(None, "005A")), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "a new owner on the roster overwrites an assignee off it",
        "assignee", "task", ("u9", "005B", Pair("u9", "005A")), ("u2", "005B", Pair("u2", "005B")), Rule.CHANGED,
    ),
    Row(
        "a new assignee on the roster overwrites an owner off it",
        "assignee", "reminder", ("u2", "005X", Pair("u1", "005X")), ("u2", "005B", Pair("u2", "005B")),
        Rule.CHANGED,
    ),
    Row(
        "both left the roster: both stay, for good",
        "assignee", "task", ("u9", "005X", OURS), ("u9", "005X", OURS), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "an owner on the roster over an assignee off it that is news is a conflict that the task wins",
        "assignee", "task", ("u9", "005B", OURS), ("u2", "005B", Pair("u2", "005B")), Rule.OVER_UNTRAVELLED,
        conflict="task",
    ),
    Row(
        "an assignee off the roster against a new owner: left; the other direction writes it with a conflict",
        "assignee", "reminder", ("u9", "005B", OURS), ("u9", "005B", OURS), Rule.DOES_NOT_TRAVEL,
        end=("u2", "005B", Pair("u2", "005B")), end_conflict="task",
    ),
    Row(
        "an extra picklist value that is not mapped",
        "stage", "reminder", ("lukewarm", "Cold", Pair("cold", "Cold")),
        ("lukewarm", "Cold", Pair("lukewarm", "Cold")), Rule.DOES_NOT_TRAVEL,
    ),
    Row(
        "an extra picklist cleared in Sales Connect does not travel",
        "stage", "reminder", (None, "Cold", Pair("cold", "Cold")), (None, "Cold", Pair(None, "Cold")),
        Rule.DOES_NOT_TRAVEL,
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
@pytest.mark.parametrize("policy", ConflictPolicy)
@pytest.mark.parametrize("newer", NEWER)
def test_a_value_that_does_not_travel(row, policy, newer):
    """It stays unless the other side changed that same field; whatever the policy, the pair comes to rest."""
    how = {"policy": policy, "newer": newer}
    done = step(in_step().holding(row.name, *row.before), row.source, **how)

    assert done.decisions[row.name].rule is row.rule
    assert done.link.holds(row.name) == row.after
    assert [conflict.winner for conflict in done.conflicts] == ([row.conflict] if row.conflict else [])
    assert len(done.writes) == (row.before[:2] != row.after[:2])
    assert step(done.link, row.source, **how).quiet

    back = step(done.link, other(row.source), **how)
    assert back.link.holds(row.name) == (row.end or row.after)
    assert [conflict.winner for conflict in back.conflicts] == ([row.end_conflict] if row.end_conflict else [])
    assert settled(back.link, **how)


@pytest.mark.parametrize("row", [row for row in ROWS if row.conflict], ids=lambda row: row.says)
def test_a_conflict_over_an_untravelled_value_keeps_what_was_lost(row):
    """The record names the base and both values, so that a person can restore the one that was overwritten."""
    [conflict] = step(in_step().holding(row.name, *row.before), row.source).conflicts
    reminder, task, base = row.before
    assert (conflict.base, conflict.values) == (base, Pair(reminder, task))


@pytest.mark.parametrize("source", SIDES)
@pytest.mark.parametrize(("policy", "newer", "winner"), [
    (ConflictPolicy.NEWEST, "reminder", "reminder"),
    (ConflictPolicy.NEWEST, "tie", "task"),
    (ConflictPolicy.SALESFORCE, "reminder", "task"),
    (ConflictPolicy.SALESCONNECT, "task", "reminder"),
])  # fmt: skip
def test_two_travelling_values_away_from_an_untravelled_base(source, policy, newer, winner):
    """Completed in Sales Connect and set back to Not Started in Salesforce, out of In Progress: by policy."""
    how = {"policy": policy, "newer": newer}
    done = step(in_step().holding("status", "completed", "Not Started", LOOSE), source, **how)
    assert [conflict.winner for conflict in done.conflicts] == [winner]
    back = step(done.link, other(source), **how)
    assert back.conflicts == []
    end = DONE if winner == "reminder" else OPEN
    assert back.link.holds("status") == (end.reminder, end.task, end)
    assert settled(back.link, **how)


@pytest.mark.parametrize("source", SIDES)
def test_a_record_with_a_value_that_does_not_travel_still_sends_the_others(source):
    """A due date goes over, and In Progress, Low and a stranger's ownership stay as they are."""
    link = in_step()
    for name, reminder, task in [
        ("status", "open", "In Progress"),
        ("priority", "normal", "Low"),
        ("assignee", "u1", "005X"),
    ]:
        link = link.holding(name, reminder, task, Pair(reminder, task))
    link.record(source)[FIELDS.named("due_date").column(source)] = "2027-01-31"
    done = step(link, source)
    assert done.writes == {FIELDS.named("due_date").column(other(source)): "2027-01-31"}
    assert done.conflicts == []
    assert settled(done.link)
