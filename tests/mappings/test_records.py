"""What the map makes of a whole record of either side: for a create, for an import (sync-rules §3)."""

import pytest

from tasksync_mappings import DOES_NOT_TRAVEL, Translation, Users

from .links import FIELDS, TRANSLATION, USERS, in_step


def test_a_reminder_as_a_task():
    """Every field in Salesforce's terms, by canonical name."""
    assert TRANSLATION.put(in_step().reminder) == {
        "name": "Ring Ada",
        "status": "Not Started",
        "priority": "Normal",
        "due_date": "2026-11-20",
        "details": "about the offer",
        "assignee": "005A",
        "outcome": "Interested",
        "follow_up": "2026-12-01",
        "stage": "Cold",
    }


def test_a_task_as_a_reminder():
    """Every field in Sales Connect's terms, by canonical name."""
    assert TRANSLATION.get({**in_step().task, "Status": "Completed", "Priority": "High"}) == {
        "name": "Ring Ada",
        "status": "completed",
        "priority": "high",
        "due_date": "2026-11-20",
        "details": "about the offer",
        "assignee": "u1",
        "outcome": "Interested",
        "follow_up": "2026-12-01",
        "stage": "cold",
    }


@pytest.mark.parametrize("field", [field for field in FIELDS.fields if field.values], ids=lambda field: field.name)
def test_every_mapped_picklist_value_comes_back_as_itself(field):
    """A pushed value read again is the value that was pushed."""
    for value in field.values:
        task_value = TRANSLATION.put({field.reminder: value})[field.name]
        assert TRANSLATION.get({field.task: task_value})[field.name] == value


@pytest.mark.parametrize("status", ["In Progress", "Waiting on someone else", "Deferred", "completed", "", None])
@pytest.mark.parametrize("priority", ["Low", "Urgent", "high", "", None])
def test_an_unmapped_status_or_priority_is_imported_as_open_and_normal(status, priority):
    """What does not travel to a linked reminder still needs a value on a new one."""
    task = {**in_step().task, "Status": status, "Priority": priority, "Stage__c": "Tepid"}
    values = TRANSLATION.get(task)
    assert [values[name] for name in ("status", "priority", "stage")] == [DOES_NOT_TRAVEL] * 3
    imported = TRANSLATION.get_for_import(task)
    assert [imported[name] for name in ("status", "priority", "stage")] == ["open", "normal", "cold"]


def test_an_import_keeps_what_travels():
    """The stand-in is used only where there is no counterpart."""
    imported = TRANSLATION.get_for_import({**in_step().task, "Status": "Completed", "Priority": "High"})
    assert (imported["status"], imported["priority"]) == ("completed", "high")


@pytest.mark.parametrize("subject", [None, "", "   ", "\r\n"])
def test_an_empty_subject_is_imported_under_the_default_name(subject):
    """A reminder needs a name of at least one character."""
    assert TRANSLATION.get_for_import({**in_step().task, "Subject": subject})["name"] == "Task"
    assert TRANSLATION.get_for_import({"Status": "Not Started"})["name"] == "Task"


def test_the_subject_is_imported_as_the_name_whatever_the_template():
    """A template makes Subjects out of names; it is not undone on import."""
    translation = Translation(FIELDS, USERS, "Call: {{activity_subject}}")
    assert translation.get_for_import({**in_step().task, "Subject": "Call: Ring Ada"})["name"] == "Call: Ring Ada"


def test_a_stranger_has_no_counterpart():
    """An owner or assignee off the roster does not travel, and there is no stand-in for one."""
    for stranger in ("005X", "u9", None):
        assert TRANSLATION.get_for_import({"OwnerId": stranger})["assignee"] is DOES_NOT_TRAVEL
        assert TRANSLATION.put({"assignee_id": stranger})["assignee"] is DOES_NOT_TRAVEL
    nobody = Translation(FIELDS, Users({}, {}))
    assert nobody.put(in_step().reminder)["assignee"] is DOES_NOT_TRAVEL


@pytest.mark.parametrize("kind", ["reminder", "task"])
def test_a_side_is_read_by_its_own_column_names(kind):
    """Values come by canonical name, and a member that is absent reads as nothing."""
    columns = FIELDS.columns(kind)
    assert columns[:2] == (["name", "status"] if kind == "reminder" else ["Subject", "Status"])
    values = FIELDS.values(kind, {columns[0]: "Ring Ada", "other": 1})
    assert values == {field.name: None for field in FIELDS.fields} | {"name": "Ring Ada"}
