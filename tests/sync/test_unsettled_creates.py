"""Lost creates that cannot be settled at once, in an org without the link field (sync-rules §7.4)."""

from __future__ import annotations

import pytest

from tests.sync.machine_runs import TO_SALESFORCE
from tests.sync.steps import AFTER_CREATE, ask_to_retry, dies, lose_creates, paired, quiet, subjects

pytestmark = pytest.mark.usefixtures("without_link_field")

# A create of which nothing is to be seen.


def test_what_may_still_be_under_way_is_not_made_again(team, meltano, ledger):
    """It waits until Salesforce must have ended the call, and is made then, once."""
    reminder = team.remind()
    lose_creates(team, meltano, "drop_before")
    meltano.sync()
    assert team.tasks() == []
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["unsettled"]
    team.later(300)
    meltano.sync()
    assert team.tasks() == []
    team.later(700)
    meltano.sync()
    assert team.task_of(reminder)["Subject"] == "Call"
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_the_base_is_what_the_last_create_sent(team, meltano, ledger):
    """The first one never arrived, and the second one's answer is lost: a third edit is no conflict."""
    reminder = team.remind(details="v1")
    lose_creates(team, meltano, "drop_before")
    meltano.to_salesforce()
    team.later(700)
    team.edit_reminder(reminder, details="v2")
    lose_creates(team, meltano)
    team.edit_reminder(reminder, details="v3")
    meltano.sync()
    assert [row["Description"] for row in team.tasks()] == ["v3"]
    assert ledger("SELECT * FROM conflicts") == []
    quiet(team, meltano)


def test_a_task_that_becomes_visible_late_is_found(team, meltano):
    """The run died, and its create's transaction ends minutes later."""
    team.remind()
    team.sandbox.fault("salesforce", "late_commit", method="POST", path="composite/sobjects$", seconds=300, times=1)
    dies(team, meltano, TO_SALESFORCE, AFTER_CREATE)
    team.heal()
    meltano.sync()
    team.later(400)
    meltano.sync()
    team.later(1200)
    meltano.sync()
    assert len(team.tasks()) == len(team.reminders()) == 1
    quiet(team, meltano)


def test_a_deleted_reminder_waits_for_its_task_to_become_visible(team, meltano):
    """Its deletion stays pending as long as the create may be under way, and then reaches the task."""
    reminder = team.remind()
    team.sandbox.fault("salesforce", "late_commit", method="POST", path="composite/sobjects$", seconds=300, times=1)
    dies(team, meltano, TO_SALESFORCE, AFTER_CREATE)
    team.heal()
    team.delete_reminder(reminder)
    meltano.sync()
    team.later(400)
    meltano.sync()
    assert (team.tasks(), team.reminders()) == ([], [])
    quiet(team, meltano)


def test_a_refused_create_made_nothing(team, meltano, ledger):
    """It is tried again at once, without a look-up."""
    team.remind()
    team.refuse("salesforce")
    meltano.to_salesforce()
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["UNABLE_TO_LOCK_ROW"]
    assert ledger("SELECT * FROM intents") == []
    team.heal()
    meltano.sync()
    assert len(team.tasks()) == 1
    quiet(team, meltano)


# The other direction meets the task first.


def test_the_made_task_is_not_imported_meanwhile(team, meltano, ledger):
    """Until the create is settled its task gets no reminder; what was edited on it travels afterwards."""
    reminder = team.remind(details="note")
    foreign = team.task("Somebody's")
    lose_creates(team, meltano)
    (task,) = [row for row in team.tasks() if row["Id"] != foreign]
    team.later(30)
    team.edit_task(task["Id"], Status="Completed")
    meltano.to_salesconnect()
    assert sorted(row["name"] for row in team.reminders()) == ["Call", "Somebody's"]
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["unsettled"]
    meltano.sync()
    assert len(team.reminders()) == len(team.tasks()) == 2
    assert team.reminder(reminder)["status"] == "completed"
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_the_other_direction_sees_the_made_task_deleted(team, meltano):
    """Its tombstone comes before the link, and counts all the same."""
    team.remind()
    lose_creates(team, meltano)
    team.delete_task(team.tasks()[0]["Id"])
    meltano.to_salesconnect()
    assert len(team.reminders()) == 1
    meltano.sync()
    assert (team.tasks(), team.reminders()) == ([], [])
    quiet(team, meltano)


# What cannot be told.


def test_a_task_that_holds_too_little_waits_for_a_person(team, meltano, ledger):
    """Nothing is made as long as it may be the one; the reminder's pointer settles it."""
    reminder = team.remind(details="note", due_date="2030-01-01")
    lose_creates(team, meltano)
    (task,) = team.tasks()
    team.later(30)
    other = {"Description": "x", "ActivityDate": None, "Priority": "High", "Status": "In Progress"}
    team.edit_task(task["Id"], Subject="Other", **other)
    meltano.sync()
    team.later(700)
    meltano.sync()
    assert len(team.tasks()) == len(team.reminders()) == 1
    assert {row["code"] for row in ledger("SELECT code FROM parked WHERE side = 'reminder'")} == {"doubtful"}
    quiet(team, meltano)
    team.edit_reminder(reminder, salesforce_task_id=task["Id"])
    meltano.sync()
    meltano.sync()
    assert len(team.tasks()) == len(team.reminders()) == 1
    assert team.reminder(reminder)["priority"] == "high"
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_a_person_has_it_made_after_all(team, meltano, ledger):
    """`tasksync retry` says that the task in question is not the reminder's."""
    reminder = team.remind(details="note", due_date="2030-01-01")
    lose_creates(team, meltano)
    (task,) = team.tasks()
    team.later(30)
    other = {"Description": "x", "ActivityDate": None, "Priority": "High", "Status": "In Progress"}
    team.edit_task(task["Id"], Subject="Other", **other)
    meltano.sync()
    team.later(700)
    meltano.sync()
    ask_to_retry(meltano, reminder)
    meltano.sync()
    assert subjects(team) == ["Call", "Other"]
    assert sorted(row["name"] for row in team.reminders()) == ["Call", "Other"]
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_another_task_of_the_integration_user_is_not_taken(team, meltano, ledger):
    """What something else made under the same user at the same time has other values: a person decides."""
    reminder = team.remind(details="note")
    lose_creates(team, meltano, "drop_before")
    team.become_connector()
    other = team.task("Something else", Priority="High")
    team.become_ann()
    meltano.sync()
    team.later(700)
    meltano.sync()
    assert len(ledger("SELECT * FROM parked WHERE code = 'doubtful'")) == 1
    ask_to_retry(meltano, reminder)
    meltano.sync()
    assert subjects(team) == ["Call", "Something else"]
    assert team.task_of(reminder)["Priority"] == "Normal"
    assert team.reminder_of(other)["name"] == "Something else"
    quiet(team, meltano)


def test_a_field_that_comes_later(team, meltano):
    """Links stand when the mapping gets a link field, and a create that was lost before is still looked for."""
    reminder, _ = paired(team, meltano)
    lost = team.remind("Lost")
    lose_creates(team, meltano)
    field = {"name": "Sales_Connect_Id__c", "type": "string", "length": 255, "externalId": True, "unique": True}
    team.sandbox.control("salesforce", "POST", "schema", {"objects": {"Task": {"add": [field]}}})
    meltano.settings.pop("mapping_path")
    meltano.read_settings.clear()
    meltano.sync()
    assert subjects(team) == ["Call", "Lost"]
    team.edit_reminder(reminder, details="new")
    team.edit_reminder(lost, details="new")
    meltano.sync()
    assert [row["Description"] for row in team.tasks()] == ["new", "new"]
