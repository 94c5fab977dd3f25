"""A record has one counterpart, whatever the pointers on both sides say (sync-rules §2.3)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from tasksync_clients import ClientError
from tasksync_engine.errors import EngineError
from tests.sync.steps import paired


def test_a_linked_reminder_is_not_taken_by_a_second_task(team, meltano, ledger):
    """Its `salesforce_task_id` names another task now: that one is no counterpart, and overwrites nothing (§2.3)."""
    reminder, first = paired(team, meltano)
    second = team.task("Second")
    team.later(30)
    team.edit_reminder(reminder, salesforce_task_id=second)
    with suppress(ClientError, EngineError):
        meltano.sync()
    meltano.sync()
    assert team.reminder(reminder)["details"] == "old"
    assert ledger("SELECT task_id FROM links WHERE state = 'open'") == [{"task_id": first}]


def test_a_linked_task_is_not_upserted_by_a_second_reminder(team, meltano, ledger):
    """Its link field names another reminder now: that one's create does not go over it (§2.3)."""
    task = team.task("Mine", Description="mine")
    meltano.sync()
    first = team.reminder_of(task)["id"]
    second = team.remind("Two", details="two")
    team.edit_task(task, Sales_Connect_Id__c=second)
    with suppress(ClientError, EngineError):
        meltano.sync()
    meltano.sync()
    assert next(row for row in team.tasks() if row["Id"] == task)["Description"] == "mine"
    links = ledger("SELECT reminder_id, task_id FROM links WHERE state = 'open'")
    assert {"reminder_id": first, "task_id": task} in links


def test_the_link_field_goes_before_the_reminders_pointer(team, meltano, ledger):
    """One reminder names the task, the task names another: it is the other's, and the first gets its own (§2.3)."""
    task = team.task("Mine", Description="mine")
    at = team.stamp(team.enabled_at + timedelta(minutes=1))
    common = {"type": "call", "status": "open", "priority": "normal", "assignee_id": "u1", "version": 1}
    common |= {"created_at": at, "updated_at": at}
    one = {**common, "id": "r1", "name": "One", "details": "one", "salesforce_task_id": task}
    two = {**common, "id": "r2", "name": "Two", "details": "two", "salesforce_task_id": None}
    team.sandbox.load(sales_connect={"reminders": [one, two]})
    team.edit_task(task, Sales_Connect_Id__c="r2")
    meltano.sync()
    links = ledger("SELECT reminder_id, task_id FROM links WHERE state = 'open'")
    assert {"reminder_id": "r2", "task_id": task} in links
    assert len(links) == 2
