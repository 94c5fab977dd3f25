"""Creates whose answer is lost, or whose run dies, in an org without the link field (sync-rules §7.4)."""

from __future__ import annotations

import pytest

from tests.sync.machine_runs import TO_SALESFORCE
from tests.sync.steps import AFTER_CREATE, dies, lose_creates, pointers, quiet, subjects
from tests.sync.team import salesforce_user

pytestmark = pytest.mark.usefixtures("without_link_field")

CONTACTS = [f"003Tm000000000{number}AAA" for number in range(1, 7)]


def purge(team, field, value):
    """The one task with this value is gone for good."""
    (gone,) = [row["Id"] for row in team.tasks() if row[field] == value]
    team.delete_task(gone)
    team.sandbox.control("salesforce", "POST", "purge", {"ids": [gone]})


@pytest.mark.parametrize("number", [1, 5])
def test_a_lost_answer_doubles_nothing(team, meltano, ledger, number):
    """The tasks that were made are found and linked before the retry."""
    reminders = [team.remind(f"Call {n}", details=f"note {n}") for n in range(number)]
    lose_creates(team, meltano)
    assert len(team.tasks()) == number
    assert ledger("SELECT * FROM links") == []
    meltano.sync()
    assert [team.task_of(reminder)["Subject"] for reminder in reminders] == subjects(team)
    assert ledger("SELECT * FROM intents") == []
    quiet(team, meltano)


def test_a_killed_run_doubles_nothing(team, meltano):
    """Between Salesforce's commit and the ledger's, with texts that Salesforce cuts and trims."""
    team.remind("A", details="x" * 33_000)
    team.remind("  B \r\n ", details="a\r\nb ")
    dies(team, meltano, TO_SALESFORCE, AFTER_CREATE)
    assert len(team.tasks()) == 2
    meltano.sync()
    assert len(team.tasks()) == len(team.reminders()) == 2
    assert all(pointers(team))
    quiet(team, meltano)


@pytest.mark.parametrize(
    ("fields", "members"),
    [
        ({"Status": "Completed"}, {"status": "completed"}),
        ({"Subject": "Renamed"}, {"name": "Call"}),
        (
            {"Subject": "Renamed", "Status": "Completed", "Priority": "High"},
            {"status": "completed", "priority": "high"},
        ),
        ({"OwnerId": salesforce_user(2)}, {"assignee_id": "u2"}),
        ({"Description": "more", "ActivityDate": "2030-02-01"}, {"details": "more", "due_date": "2030-02-01"}),
    ],
    ids=["completed", "renamed", "three fields", "given to Bob", "two fields"],
)
def test_the_made_task_was_edited_before_the_retry(team, meltano, fields, members):
    """It is still found, and what was edited travels as an edit of the task."""
    reminder = team.remind(details="note")
    lose_creates(team, meltano)
    (task,) = team.tasks()
    team.later(30)
    team.edit_task(task["Id"], **fields)
    meltano.sync()
    meltano.sync()
    assert [row["Id"] for row in team.tasks()] == [task["Id"]]
    held = team.reminder(reminder)
    assert members.items() <= held.items()
    assert held["salesforce_task_id"] == task["Id"]
    quiet(team, meltano)


def test_two_of_one_name_were_edited_before_the_retry(team, meltano):
    """The likest pair goes first: each keeps the values that are its own."""
    reminders = {team.remind("Same", details=details): details for details in ("a", "b", "c")}
    lose_creates(team, meltano)
    for task in team.tasks():
        team.edit_task(task["Id"], Status="Completed", Priority="High")
    purge(team, "Description", "a")
    meltano.sync()
    team.later(700)
    meltano.sync()
    assert {reminder: team.task_of(reminder)["Description"] for reminder in reminders} == reminders
    assert [team.reminder(reminder)["status"] for reminder in reminders] == ["open", "completed", "completed"]
    quiet(team, meltano)


def test_the_made_task_was_deleted_before_the_retry(team, meltano):
    """That is a deletion like any other: the reminder goes, and no second task is made."""
    team.remind()
    lose_creates(team, meltano)
    team.delete_task(team.tasks()[0]["Id"])
    meltano.sync()
    assert (team.tasks(), team.reminders()) == ([], [])
    quiet(team, meltano)


def test_the_reminder_was_edited_before_the_retry(team, meltano):
    """The create's values are the base, so the edit goes over."""
    reminder = team.remind(details="v1")
    lose_creates(team, meltano)
    team.edit_reminder(reminder, details="v2", name="New name", priority="high")
    meltano.sync()
    task = team.task_of(reminder)
    assert (task["Description"], task["Subject"], task["Priority"]) == ("v2", "New name", "High")
    assert len(team.tasks()) == 1
    quiet(team, meltano)


def test_the_reminder_was_deleted_before_the_retry(team, meltano):
    """The task that was made goes with it."""
    reminder = team.remind()
    lose_creates(team, meltano)
    team.delete_reminder(reminder)
    meltano.sync()
    assert (team.tasks(), team.reminders()) == ([], [])
    quiet(team, meltano)


def test_equal_reminders_are_interchangeable(team, meltano):
    """Each gets one of the tasks that were made."""
    reminders = {team.remind("Same") for _ in range(3)}
    lose_creates(team, meltano)
    meltano.sync()
    assert len(team.tasks()) == 3
    assert pointers(team) == sorted(row["Id"] for row in team.tasks())
    assert {row["id"] for row in team.reminders()} == reminders
    quiet(team, meltano)


def test_one_of_two_equal_tasks_was_deleted(team, meltano):
    """One of the two reminders goes, and the other keeps its task."""
    team.remind("Same")
    team.remind("Same")
    lose_creates(team, meltano)
    team.delete_task(team.tasks()[0]["Id"])
    meltano.sync()
    assert len(team.tasks()) == len(team.reminders()) == 1
    assert pointers(team) == [team.tasks()[0]["Id"]]
    quiet(team, meltano)


def test_reminders_that_differ_in_their_person_alone(team, meltano):
    """A step of a campaign: same name, same day; each finds the task of its own person, if that is there."""
    team.sandbox.load(
        salesforce={"Contact": [{"Id": contact, "LastName": contact[-4]} for contact in CONTACTS]},
        sales_connect={
            "people": [{"id": contact, "name": contact, "salesforce_contact_id": contact} for contact in CONTACTS]
        },
    )
    reminders = {team.remind("Step 1", person={"salesforce_contact_id": contact}): contact for contact in CONTACTS}
    lose_creates(team, meltano)
    for task in team.tasks():
        team.edit_task(task["Id"], Subject="Step 1, renamed")
    purge(team, "WhoId", CONTACTS[0])
    meltano.sync()
    team.later(700)
    meltano.sync()
    assert {reminder: team.task_of(reminder)["WhoId"] for reminder in reminders} == reminders


def test_the_like_of_a_task_that_is_gone_for_good_is_not_taken(team, meltano):
    """Two of one name are made, and one is purged: its reminder gets a new task, and not the other one's."""
    reminders = {team.remind("Same", details=details): details for details in ("a", "b")}
    lose_creates(team, meltano)
    purge(team, "Description", "b")
    meltano.sync()
    team.later(700)
    meltano.sync()
    assert {reminder: team.task_of(reminder)["Description"] for reminder in reminders} == reminders
    assert len(team.tasks()) == 2
    quiet(team, meltano)


def test_a_part_of_the_creates_arrived(team, meltano):
    """One call of two was lost after the work, the other before: the first one's tasks are found, the rest is made."""
    for number in range(250):
        team.remind(f"Call {number:03}")
    team.sandbox.fault("salesforce", "drop_before", method="POST", path="composite/sobjects$", every=2, times=1)
    lose_creates(team, meltano)
    made = len(team.tasks())
    assert made in {50, 200}
    team.sandbox.forget_calls()
    meltano.to_salesforce()
    assert len(team.tasks()) == made
    asked = [n for call, n in team.sandbox.calls("salesforce")["by_endpoint"].items() if "queryAll" in call]
    assert asked == [1], "the look-up costs a query for each reminder"
    team.later(700)
    meltano.sync()
    assert subjects(team) == [f"Call {number:03}" for number in range(250)]
    assert all(pointers(team))
    quiet(team, meltano)
