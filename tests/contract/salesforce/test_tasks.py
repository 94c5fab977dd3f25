"""What is particular about tasks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tasksync_mappings import load_mapping
from tests.contract.marks import marked


def made_or_skipped(org, sobject, **fields):
    """A marked record that another kind of record is needed for; without it there is nothing to try."""
    try:
        return org.create(sobject, **fields)
    except AssertionError as refused:
        pytest.skip(f"the org does not let the user create a {sobject}: {refused}")


def test_nothing_is_required(org):
    """§7 [U]: a task needs no field: Status is Not Started, Priority Normal, and the owner is the caller."""
    found = org.task(org.create(), "Status", "Priority", "OwnerId", "ActivityDate", "IsClosed")
    expected = {"Status": "Not Started", "Priority": "Normal", "OwnerId": org.client.user_id}
    assert found == {**expected, "ActivityDate": None, "IsClosed": False}


def test_picklists_have_the_mapped_values(org):
    """§7 [D]: Status and Priority have all values of the packaged mapping, active."""
    for field in load_mapping().fields:
        if field.values:
            active = {entry["value"] for entry in org.field(field.task)["picklistValues"] if entry.get("active", True)}
            assert set(field.values.values()) <= active, f"{field.task} has {', '.join(sorted(active))}"


def test_mapped_fields_may_be_written(org):
    """§7 [D]: the fields that the connector writes may be created and updated by its user."""
    names = ("Subject", "Status", "Priority", "ActivityDate", "Description", "OwnerId", "WhoId", "WhatId")
    fields = {field["name"]: field for field in org.client.describe("Task")["fields"]}
    wrong = [name for name in names if not (fields[name]["createable"] and fields[name]["updateable"])]
    assert wrong == []


def test_completing(org):
    """§7 CompletedDateTime [D]: a closed status sets IsClosed and CompletedDateTime; reopening undoes both."""
    task_id = org.create()
    org.update(task_id, Status="Completed")
    done = org.task(task_id, "IsClosed", "CompletedDateTime", "SystemModstamp")
    org.update(task_id, Status="Not Started")
    again = org.task(task_id, "IsClosed", "CompletedDateTime")
    assert done["IsClosed"] is True
    times = [datetime.fromisoformat(done[name]) for name in ("CompletedDateTime", "SystemModstamp")]
    assert abs(times[0] - times[1]) <= timedelta(seconds=2), f"{times}"
    assert again == {"IsClosed": False, "CompletedDateTime": None}


def test_an_upsert_may_create_it_completed(org):
    """§7 CompletedDateTime [U]: a task can be created completed, by an upsert on the link field."""
    result = org.upsert(marked(), Status="Completed")
    assert result.ok, f"it is refused as {result.code}"
    assert org.task(str(result.id), "IsClosed") == {"IsClosed": True}


def test_a_completed_task_can_be_edited(org):
    """§7 [U]: a completed task takes edits of its other fields, and stays completed."""
    task_id = org.create(Status="Completed")
    assert org.update(task_id, Priority="High", ActivityDate="2030-01-31").ok
    assert org.task(task_id, "Priority", "IsClosed") == {"Priority": "High", "IsClosed": True}


def test_a_due_date_has_no_time_zone(org):
    """§7 ActivityDate [D]: a due date comes back as the day that was written."""
    days = ["2026-01-01", "2028-02-29", "2030-12-31"]
    ids = org.create_all("Task", [{"ActivityDate": day} for day in days])
    assert [org.task(task_id, "ActivityDate")["ActivityDate"] for task_id in ids] == days


def test_an_owner_can_be_changed(org):
    """§7 OwnerId [D]: a task can be given to another active user, and taken back."""
    if not org.chosen.owner:
        pytest.skip("TASKSYNC_CONTRACT_OWNER names no other user who may be given a task")
    task_id = org.create()
    for owner in (org.chosen.owner, org.client.user_id):
        result = org.update(task_id, OwnerId=owner)
        assert result.ok, f"it is refused as {result.code}"
        assert org.task(task_id, "OwnerId") == {"OwnerId": owner}


def test_an_owner_that_is_none(org):
    """§7 OwnerId [U]: an owner that is no user is refused for that row alone."""
    first, second = org.create_all("Task", [{}, {}])
    rows = [{"Id": first, "OwnerId": "005000000000000AAA"}, {"Id": second, "Priority": "High"}]
    assert [result.ok for result in org.client.update("Task", rows)] == [False, True]


def test_who_is_a_lead(org):
    """§7 WhoId [D]: a task can be about a lead."""
    lead = made_or_skipped(org, "Lead")
    task_id = org.create(WhoId=lead)
    assert org.task(task_id, "WhoId") == {"WhoId": lead}


@pytest.mark.alternative("the connector never writes a lead together with a WhatId")
def test_a_lead_goes_with_no_what(org):
    """§7 WhatId [U]: a WhatId together with a lead is refused."""
    lead, account = made_or_skipped(org, "Lead"), made_or_skipped(org, "Account")
    (result,) = org.client.create("Task", [{"Subject": marked(), "WhoId": lead, "WhatId": account}])
    org.made += [result.id] if result.id else []
    assert not result.ok, "it is taken"


def test_who_and_what(org):
    """§7 WhoId, WhatId [D]: a task can be about a contact and an account."""
    account = made_or_skipped(org, "Account")
    contact = made_or_skipped(org, "Contact", AccountId=account)
    task_id = org.create(WhoId=contact, WhatId=account)
    found = org.task(task_id, "WhoId", "WhatId", "AccountId")
    assert found == {"WhoId": contact, "WhatId": account, "AccountId": account}


def test_a_converted_lead_is_refused(org, own):
    """§7 [U]: a task about a converted lead is refused as CANNOT_UPDATE_CONVERTED_LEAD."""
    if own is None:
        pytest.skip("REST cannot convert a lead")
    (result,) = org.client.create("Task", [{"Subject": marked(), "WhoId": "00QA00000000009AAA"}])
    org.made += [result.id] if result.id else []
    assert result.code == "CANNOT_UPDATE_CONVERTED_LEAD"


@pytest.mark.alternative("without it such a task stays parked until somebody gives it another person")
def test_a_lead_tells_what_it_became(org):
    """§7 Task merges [U]: Lead shows IsConverted and the contact, account and opportunity that it became."""
    lead = made_or_skipped(org, "Lead")
    columns = "IsConverted, ConvertedContactId, ConvertedAccountId, ConvertedOpportunityId"
    (found,) = org.query(f"SELECT {columns} FROM Lead WHERE Id = '{lead}'")  # noqa: S608 - an id
    assert found.pop("IsConverted") is False
    assert set(found.values()) == {None}


def test_an_unknown_who_is_refused(org):
    """§7 [U]: a WhoId that no record has is refused for that row alone."""
    rows = [{"Subject": marked(), "WhoId": "003000000000000AAA"}, {"Subject": marked()}]
    results = org.client.create("Task", rows)
    org.made += [result.id for result in results if result.id]
    assert [result.ok for result in results] == [False, True]


def test_subtype_of_a_plain_task(org):
    """§7 TaskSubtype [D]: a task made through the API has the subtype Task and is no recurrence."""
    found = org.task(org.create(), "TaskSubtype", "IsRecurrence", "IsArchived")
    assert found == {"TaskSubtype": "Task", "IsRecurrence": False, "IsArchived": False}
