"""Pairs and fields without a base: an adopted pair, and a field pair that joined the map later (sync-rules §5)."""

from typing import NamedTuple

import pytest

from tasksync_mappings import ConflictPolicy, Pair, Rule, other

from .links import FIELDS, NEWER, SIDES, in_step, settled, step, without_base

BOTH_WAYS = pytest.mark.parametrize("source", SIDES)


class Row(NamedTuple):
    """(reminder, task) → (reminder, task) where neither of them, or only this field of them, has a base."""

    name: str
    before: tuple
    after: tuple
    rule: Rule
    conflict: bool = False


ROWS = [
    Row("name", ("Ring Ada", "Visit Ada"), ("Ring Ada", "Visit Ada"), Rule.ADOPTED),
    Row("status", ("open", "In Progress"), ("open", "In Progress"), Rule.ADOPTED),
    Row("status", ("completed", "In Progress"), ("completed", "In Progress"), Rule.ADOPTED),
    Row("status", ("completed", None), ("completed", None), Rule.ADOPTED),
    Row("priority", ("high", "Low"), ("high", "Low"), Rule.ADOPTED),
    Row("assignee", ("u1", "005X"), ("u1", "005X"), Rule.ADOPTED),
    Row("assignee", ("u9", "005X"), ("u9", "005X"), Rule.ADOPTED),
    Row("status", ("completed", "Completed"), ("completed", "Completed"), Rule.AGREES),
    Row("details", ("x" * 33_000, "x" * 32_000), ("x" * 33_000, "x" * 32_000), Rule.AGREES),
    Row("details", (" trimmed\r\n", "trimmed"), (" trimmed\r\n", "trimmed"), Rule.AGREES),
    Row("details", ("", None), ("", None), Rule.AGREES),
    Row("due_date", (None, None), (None, None), Rule.AGREES),
    Row("stage", ("cold", "Tepid"), ("cold", "Tepid"), Rule.ADOPTED),
    # Decided by policy, here for the task:
    Row("status", ("completed", "Not Started"), ("open", "Not Started"), Rule.CONFLICT, conflict=True),
    Row("assignee", ("u1", "005B"), ("u2", "005B"), Rule.CONFLICT, conflict=True),
    Row("due_date", ("2026-11-20", None), (None, None), Rule.CONFLICT, conflict=True),
    Row("outcome", (None, "Interested"), ("Interested", "Interested"), Rule.CONFLICT, conflict=True),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name} {row.before!r:.40}")
@BOTH_WAYS
@pytest.mark.parametrize("whole", [True, False], ids=["adopted pair", "new field pair"])
def test_a_field_without_base(row, source, whole):
    """It is settled in both directions: what cannot travel stands, what agrees is taken, the rest is a conflict."""
    before = (without_base() if whole else in_step()).holding(row.name, *row.before, None)
    done = step(before, source, policy=ConflictPolicy.SALESFORCE)
    assert done.decisions[row.name].rule is row.rule
    assert [(conflict.winner, conflict.base) for conflict in done.conflicts] == [("task", None)] * row.conflict
    assert done.link.base[row.name] is not None
    assert step(done.link, source, policy=ConflictPolicy.SALESFORCE).quiet

    back = step(done.link, other(source), policy=ConflictPolicy.SALESFORCE)
    assert back.conflicts == []
    assert back.link.holds(row.name) == (*row.after, Pair(*row.after))
    assert back.link.base.keys() == in_step().base.keys()
    assert settled(back.link)


@BOTH_WAYS
@pytest.mark.parametrize("newer", NEWER)
def test_adopting_a_pair_that_agrees_writes_nothing(source, newer):
    """Every field is taken into the base as it is."""
    done = step(without_base(), source, newer=newer)
    assert done.quiet
    assert done.link == in_step()


@BOTH_WAYS
def test_an_adopted_value_that_does_not_travel_still_gives_way_to_a_change(source):
    """Completing an adopted reminder turns its task's In Progress into Completed, without a conflict."""
    adopted = step(without_base().holding("status", "open", "In Progress", None), source).link
    completed = adopted.holding("status", "completed", "In Progress", adopted.base["status"])
    done = step(completed, "reminder")
    assert (done.writes, done.conflicts) == ({"Status": "Completed"}, [])


@BOTH_WAYS
@pytest.mark.parametrize("policy", ConflictPolicy)
def test_a_reminder_value_that_does_not_travel_and_has_no_base_comes_to_rest(source, policy):
    """An assignee off the roster on an adopted reminder: both directions settle it with one conflict at most."""
    link = without_base().holding("assignee", "u9", "005A", None)
    first = step(link, source, policy=policy)
    back = step(first.link, other(source), policy=policy)
    assert len(first.conflicts) + len(back.conflicts) <= 1
    assert back.link.task["OwnerId"] == "005A"
    assert settled(back.link, policy=policy)


@BOTH_WAYS
def test_a_new_field_pair_leaves_the_others_alone(source):
    """With one field's base missing, the pending changes of the other fields are decided by their own bases."""
    link = in_step().holding("outcome", "Interested", "Interested", None)
    link.record(source)[FIELDS.named("due_date").column(source)] = "2027-01-31"
    done = step(link, source)
    assert done.writes == {FIELDS.named("due_date").column(other(source)): "2027-01-31"}
    assert done.link.base["outcome"] == Pair("Interested", "Interested")
