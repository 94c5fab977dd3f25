"""The name: it goes one way, and only where the subject template carries it (sync-rules §3, §5)."""

from typing import NamedTuple

import pytest

from tasksync_mappings import ConflictPolicy, Pair, Rule, Translation

from .links import FIELDS, NEWER, SIDES, TRANSLATION, USERS, in_step, settled, step, without_base

CARRIES = Translation(FIELDS, USERS, "Call: {{Activity_Subject}}")
SILENT = Translation(FIELDS, USERS, "Call for {{sales_campaign_name}}")


class Row(NamedTuple):
    """(name, Subject, base) → (name, Subject, base, conflict) when the reminder arrives."""

    says: str
    template: Translation
    before: tuple
    after: tuple
    rule: Rule
    conflict: bool = False


RING = Pair("Ring Ada", "Ring Ada")
CALL = Pair("Ring Ada", "Call: Ring Ada")
QUIET = Pair("Ring Ada", "Call for Autumn")

ROWS = [
    Row(
        "an unchanged name",
        TRANSLATION, ("Ring Ada", "Ring Ada", RING), ("Ring Ada", "Ring Ada", RING), Rule.NOT_CHANGED,
    ),
    Row(
        "a changed name is written as the Subject",
        TRANSLATION, ("Ring Bob", "Ring Ada", RING), ("Ring Bob", "Ring Bob", Pair("Ring Bob", "Ring Bob")),
        Rule.NAME_CHANGED,
    ),
    Row(
        "a changed name is written through the template",
        CARRIES, ("Ring Bob", "Call: Ring Ada", CALL),
        ("Ring Bob", "Call: Ring Bob", Pair("Ring Bob", "Call: Ring Bob")), Rule.NAME_CHANGED,
    ),
    Row(
        "a changed name over an edited Subject is a conflict that the reminder wins",
        CARRIES, ("Ring Bob", "Urgent!", CALL), ("Ring Bob", "Call: Ring Bob", Pair("Ring Bob", "Call: Ring Bob")),
        Rule.NAME_CHANGED, conflict=True,
    ),
    Row(
        "a changed name over a cleared Subject is such a conflict too",
        CARRIES, ("Ring Bob", None, CALL), ("Ring Bob", "Call: Ring Bob", Pair("Ring Bob", "Call: Ring Bob")),
        Rule.NAME_CHANGED, conflict=True,
    ),
    Row(
        "a changed name over a Subject that somebody changed likewise: agreement",
        CARRIES, ("Ring Bob", "Call: Ring Bob", CALL),
        ("Ring Bob", "Call: Ring Bob", Pair("Ring Bob", "Call: Ring Bob")), Rule.AGREES,
    ),
    Row(
        "the new name as the bare Subject is not what the template makes of it",
        CARRIES, ("Ring Bob", "Ring Bob", CALL), ("Ring Bob", "Call: Ring Bob", Pair("Ring Bob", "Call: Ring Bob")),
        Rule.NAME_CHANGED, conflict=True,
    ),
    Row(
        "an edited Subject under an unchanged name stays",
        CARRIES, ("Ring Ada", "Urgent!", CALL), ("Ring Ada", "Urgent!", CALL), Rule.NOT_CHANGED,
    ),
    Row(
        "a template without the name leaves the Subject",
        SILENT, ("Ring Bob", "Call for Autumn", QUIET),
        ("Ring Bob", "Call for Autumn", Pair("Ring Bob", "Call for Autumn")), Rule.AGREES,
    ),
    Row(
        "a template without the name leaves an edited Subject, and there is no conflict",
        SILENT, ("Ring Bob", "Urgent!", QUIET), ("Ring Bob", "Urgent!", Pair("Ring Bob", "Call for Autumn")),
        Rule.NAME_STAYS,
    ),
    Row(
        "without a base both stand",
        CARRIES, ("Ring Bob", "Urgent!", None), ("Ring Bob", "Urgent!", Pair("Ring Bob", "Urgent!")), Rule.ADOPTED,
    ),
    Row(
        "without a base an empty Subject stands",
        CARRIES, ("Ring Bob", None, None), ("Ring Bob", None, Pair("Ring Bob", None)), Rule.ADOPTED,
    ),
    Row(
        "an imported reminder keeps the default name over an empty Subject",
        TRANSLATION, ("Task", None, Pair("Task", None)), ("Task", None, Pair("Task", None)), Rule.NOT_CHANGED,
    ),
    Row(
        "renaming an imported reminder names its task",
        TRANSLATION, ("Ring Bob", None, Pair("Task", None)), ("Ring Bob", "Ring Bob", Pair("Ring Bob", "Ring Bob")),
        Rule.NAME_CHANGED,
    ),
    Row(
        "a name that changes behind the cut is agreement",
        TRANSLATION, ("x" * 255 + "B", "x" * 255, Pair("x" * 255 + "A", "x" * 255)),
        ("x" * 255 + "B", "x" * 255, Pair("x" * 255 + "B", "x" * 255)), Rule.AGREES,
    ),
    Row(
        "a Subject that Salesforce trimmed is still the base's",
        TRANSLATION, ("Ring Bob", "Ring Ada", Pair(" Ring Ada ", " Ring Ada ")),
        ("Ring Bob", "Ring Bob", Pair("Ring Bob", "Ring Bob")), Rule.NAME_CHANGED,
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
@pytest.mark.parametrize("policy", ConflictPolicy)
@pytest.mark.parametrize("newer", NEWER)
def test_a_reminder_name_arrives(row, policy, newer):
    """The name goes over where it changed and the template carries it; no policy gives the Subject a say."""
    how = {"translation": row.template, "policy": policy, "newer": newer}
    done = step(in_step().holding("name", *row.before), "reminder", **how)
    assert done.decisions["name"].rule is row.rule
    assert done.link.holds("name") == row.after
    assert [(conflict.field, conflict.winner) for conflict in done.conflicts] == [("name", "reminder")] * row.conflict
    assert done.writes == ({"Subject": row.after[1]} if row.before[1] != row.after[1] else {})
    assert settled(done.link, **how)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_a_subject_never_travels(row):
    """When the task arrives its Subject is no field of it: nothing is written, and a base stays as it was."""
    before = in_step().holding("name", *row.before)
    done = step(before, "task", translation=row.template)
    assert done.quiet
    reminder, task, base = row.before
    assert done.link.holds("name") == (reminder, task, base or Pair(reminder, task))


def test_a_subject_edit_stays_visible_as_a_conflict_of_the_next_rename():
    """The base keeps the Subject that we wrote, however often the edited task is read in between."""
    edited = step(in_step().holding("name", "Ring Ada", "Urgent!", RING), "task").link
    assert edited.holds("name") == ("Ring Ada", "Urgent!", RING)
    renamed = edited.holding("name", "Ring Bob", "Urgent!", edited.base["name"])
    [conflict] = step(renamed, "reminder").conflicts
    assert (conflict.base, conflict.values) == (RING, Pair("Ring Bob", "Urgent!"))


@pytest.mark.parametrize("member", ["type", "campaign", "call_outcome"])
def test_other_members_of_the_template_do_not_rewrite_a_subject(member):
    """Only a changed name does: a campaign that moves on, or another template, leaves existing Subjects alone."""
    template = Translation(
        FIELDS, USERS, "{{activity_subject}} {{activity_type}} {{sales_campaign_day}} {{call_outcome}}"
    )
    link = in_step()
    changed = {"type": "email", "campaign": {"name": "Winter", "day": 9, "step": 1}, "call_outcome": "No answer"}
    link.reminder[member] = changed[member]
    assert "Subject" not in step(link, "reminder", translation=template).writes


@pytest.mark.parametrize("source", SIDES)
def test_a_name_that_a_template_begins_to_carry_waits_for_its_next_change(source):
    """A rename under a template without the name is settled; switching the template does not bring it back."""
    renamed = step(in_step().holding("name", "Ring Bob", "Call for Autumn", QUIET), "reminder", translation=SILENT).link
    assert step(renamed, source, translation=CARRIES).quiet


@pytest.mark.parametrize("source", SIDES)
def test_an_adopted_name_is_known_from_then_on(source):
    """Adopting takes both names as they are; the next rename then goes over without a conflict."""
    adopted = step(without_base().holding("name", "Ring Ada", "Visit Ada", None), source).link
    renamed = adopted.holding("name", "Ring Bob", "Visit Ada", adopted.base["name"])
    done = step(renamed, "reminder")
    assert (done.writes, done.conflicts) == ({"Subject": "Ring Bob"}, [])
