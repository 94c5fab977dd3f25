"""Tasks of somebody else's Salesforce tap, by a stream map: what syncs, and what such a tap cannot tell."""

import json

import pytest

from target_salesconnect.target import TargetSalesconnect
from tasksync_engine.errors import ConfigError

from .foreign_tap import messages

STREAM_MAPS = {
    "Task": {"__alias__": "tasks", "ActivityDate": "ActivityDate[:10] if ActivityDate else None"},
    "__else__": "__NULL__",
}


@pytest.fixture
def foreign(team, meltano):
    """One run of the foreign tap and target-salesconnect."""

    def run(**options):
        lines = "\n".join(json.dumps(message) for message in messages(team.sandbox.salesforce_url, **options))
        own = dict(meltano.settings)
        meltano.settings["stream_maps"] = STREAM_MAPS
        try:
            meltano.write("foreign", TargetSalesconnect, meltano.sales_connect, lines.encode())
        finally:
            meltano.settings = own

    return run


def test_creates_and_edits_arrive(team, meltano, foreign, ledger):
    """A new task, its edits, and an edit of a pushed task; due dates are dates, and a repeated run writes nothing."""
    reminder = team.remind("Call", due_date="2027-01-01")
    meltano.to_salesforce()
    visit = team.task("Visit", ActivityDate="2027-01-05")
    foreign()
    assert (team.reminder_of(visit)["name"], team.reminder_of(visit)["due_date"]) == ("Visit", "2027-01-05")
    team.edit_task(visit, ActivityDate=None, Status="Completed")
    team.edit_task(team.task_of(reminder)["Id"], ActivityDate="2027-02-02")
    foreign()
    assert (team.reminder_of(visit)["due_date"], team.reminder_of(visit)["status"]) == (None, "completed")
    assert team.reminder(reminder)["due_date"] == "2027-02-02"
    before = team.writes()
    foreign()
    meltano.to_salesforce()
    assert team.writes() == before
    assert ledger("SELECT * FROM parked") == []


def test_without_a_roster_nothing_is_passed(team, meltano, foreign):
    """Before the first `to-salesforce` the run stops and leaves the bookmark: the tap would never read them again."""
    visit = team.task("Visit")
    with pytest.raises(ConfigError, match="run `to-salesforce` first"):
        foreign()
    assert "foreign" not in meltano.states
    meltano.to_salesforce()
    foreign()
    assert team.reminder_of(visit)


def test_deletions_wait_for_a_tap_that_says_it_is_complete(team, meltano, foreign, ledger):
    """A tombstone is noted, and carried out behind tap-salesforce-tasks, which also finds what was never told."""
    meltano.to_salesforce()
    told, untold = team.task("Told"), team.task("Untold")
    foreign()
    team.delete_task(told)
    foreign(deleted=True)
    team.delete_task(untold)
    foreign()
    assert len(team.reminders()) == 2
    assert ledger("SELECT record_id, state FROM deletions") == [{"record_id": told, "state": "pending"}]
    meltano.sync()
    assert team.reminders() == []


def test_a_stream_without_the_link_field_is_refused(team, meltano, foreign):
    """After a lost ledger the link field alone tells that a pushed task has its reminder already."""
    team.remind("Call")
    meltano.to_salesforce()
    meltano.lose_ledger()
    meltano.read_settings["to-salesforce"] = {"start_date": "2100-01-01"}
    meltano.states = {}
    meltano.to_salesforce()
    with pytest.raises(ConfigError, match="come without Sales_Connect_Id__c: select them in the tap"):
        foreign(without=["Sales_Connect_Id__c"])
    foreign()
    assert (len(team.reminders()), team.count_tasks()) == (1, 1)


def test_a_deselected_value_is_not_taken_for_an_empty_one(team, meltano, foreign, caplog):
    """A mapped column that does not come stays as it is on the other side, and the log says so."""
    visit = team.task("Visit", ActivityDate="2027-01-05", Description="Bring the plans")
    meltano.sync()
    team.edit_task(visit, Status="Completed", Description="Bring the plans and a pen")
    foreign(without=["Description"])
    reminder = team.reminder_of(visit)
    assert (reminder["status"], reminder["details"]) == ("completed", "Bring the plans")
    assert "The tasks come without Description: no such value travels." in caplog.text
    meltano.sync()
    assert team.reminder_of(visit)["details"] == "Bring the plans and a pen"
