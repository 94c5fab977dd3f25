"""The first row of sync-rules §5: a record that equals its base costs nothing."""

import pytest

from tasksync_mappings import Pair

from .links import FIELDS, SIDES, TRANSLATION, in_step, step

BOTH_WAYS = pytest.mark.parametrize("source", SIDES)
CHANGES = [
    (field.name, side)
    for field in FIELDS.fields
    for side in SIDES
    if (field.name, side) != ("name", "task")  # the Subject of a linked task is no field of it
]


@BOTH_WAYS
def test_a_record_that_equals_its_base_is_an_echo(source):
    """Members that are not in the map, such as stamps and versions, do not count."""
    link = in_step()
    link.record(source).update({"version": 7, "LastModifiedDate": "2026-11-20T12:00:00.000+0000"})
    assert TRANSLATION.is_echo(source, link.record(source), link.base)
    assert step(link, source).quiet


@pytest.mark.parametrize(("name", "side"), CHANGES)
def test_one_changed_field_is_no_echo(name, side):
    """Each single field counts, on its own side."""
    link = in_step()
    link.record(side)[FIELDS.named(name).column(side)] = "something else"
    assert not TRANSLATION.is_echo(side, link.record(side), link.base)


def test_an_edited_subject_is_an_echo():
    """Whether it was edited, cleared or is not known to the base at all."""
    link = in_step().holding("name", "Ring Ada", "Urgent!", Pair("Ring Ada", "Ring Ada"))
    assert TRANSLATION.is_echo("task", link.task, link.base)
    link = in_step().holding("name", "Ring Ada", None, None)
    assert TRANSLATION.is_echo("task", link.task, link.base)


@pytest.mark.parametrize(("name", "side"), CHANGES)
def test_a_field_without_base_is_no_echo(name, side):
    """A pair that joined the map later is looked at once, whatever it holds."""
    link = in_step().holding(name, None, None, None)
    assert not TRANSLATION.is_echo(side, link.record(side), link.base)


@pytest.mark.parametrize(("name", "side"), CHANGES)
def test_an_absent_member_says_nothing(name, side):
    """A record that lacks a member is compared by the others; null in its place is a change."""
    link = in_step()
    column = FIELDS.named(name).column(side)
    lacking = {key: value for key, value in link.record(side).items() if key != column}
    assert TRANSLATION.is_echo(side, lacking, link.base)
    assert not TRANSLATION.is_echo(side, {**lacking, column: None}, link.base)


@pytest.mark.parametrize("name", ["status", "priority", "stage", "assignee"])
def test_a_value_that_does_not_travel_is_an_echo_once_the_base_holds_it(name):
    """It is compared with the base's own side, and not with what it would become on the other."""
    field = FIELDS.named(name)
    reminder = in_step().base[name].reminder
    link = in_step().holding(name, reminder, "unmapped", Pair(reminder, "unmapped"))
    assert TRANSLATION.is_echo("task", link.task, link.base)
    assert TRANSLATION.is_echo("reminder", link.reminder, link.base)
    assert not TRANSLATION.is_echo("task", {**link.task, field.task: "another"}, link.base)


@pytest.mark.parametrize(("reminder", "task"), [("", None), (None, ""), ("a ", "a"), ("a\r\nb", "a\nb"), ("a", " a")])
def test_texts_are_compared_strictly_in_sales_connect_and_leniently_in_salesforce(reminder, task):
    """Only Salesforce changes texts by itself: a blank typed in Sales Connect is a change, and in a task it is none."""
    base = {"details": Pair(reminder, reminder)}
    assert TRANSLATION.is_echo("task", {"Description": task}, base)
    assert not TRANSLATION.is_echo("reminder", {"details": task}, base)
