"""A task becomes a reminder and stays it (sync-rules §2, §3, §4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sync.steps import quiet
from tests.sync.team import salesforce_user


def test_a_task_is_imported(team, meltano):
    """All fields arrive; the link lies on the reminder alone."""
    task = team.task("Visit Acme", Priority="High", ActivityDate="2026-12-01", Description="with samples")
    meltano.sync()
    reminder = team.reminder_of(task)
    assert reminder["name"] == "Visit Acme"
    assert (reminder["status"], reminder["priority"]) == ("open", "high")
    assert (reminder["due_date"], reminder["details"]) == ("2026-12-01", "with samples")
    assert reminder["assignee_id"] == "u1"
    assert [row["Sales_Connect_Id__c"] for row in team.tasks()] == [None]
    quiet(team, meltano)


@pytest.mark.parametrize(
    ("fields", "members"),
    [
        ({"Status": "Completed"}, {"status": "completed"}),
        ({"Priority": "High"}, {"priority": "high"}),
        ({"ActivityDate": "2027-02-28"}, {"due_date": "2027-02-28"}),
        ({"ActivityDate": None}, {"due_date": None}),
        ({"Description": "new"}, {"details": "new"}),
        ({"Description": None}, {"details": None}),
        ({"OwnerId": salesforce_user(2)}, {"assignee_id": "u2"}),
        ({"Status": "In Progress"}, {}),
        ({"Priority": "Low"}, {}),
        ({"Subject": "Renamed"}, {}),
    ],
)
@pytest.mark.parametrize("pushed", [True, False])
def test_an_edit_travels_alone(team, meltano, fields, members, pushed):
    """Only the changed member is written, once; what does not travel changes nothing."""
    if pushed:
        reminder = team.remind(details="old", due_date="2026-12-01")
        meltano.sync()
        task = team.task_of(reminder)["Id"]
    else:
        task = team.task(Description="old", ActivityDate="2026-12-01")
        meltano.sync()
        reminder = team.reminder_of(task)["id"]
    before, held = team.writes(), team.reminder(reminder)
    team.edit_task(task, **fields)
    meltano.sync()
    now = team.reminder(reminder)
    changed = {name: now[name] for name in now if now[name] != held[name]}
    for name in ("updated_at", "version", "completed_at"):
        changed.pop(name, None)
    assert changed == members
    assert team.writes() == before + 1 + bool(members)
    meltano.sync()
    assert team.writes() == before + 1 + bool(members)


def test_completing_writes_once(team, meltano):
    """A completion advances a campaign, so it is written exactly once, whatever runs follow."""
    reminder = team.remind()
    meltano.sync()
    team.edit_task(team.task_of(reminder)["Id"], Status="Completed")
    for _ in range(3):
        meltano.sync()
    completing = [write for write in team.sandbox.writes("sales_connect") if "status" in write["fields"]]
    assert [write["id"] for write in completing] == [reminder]
    assert team.reminder(reminder)["status"] == "completed"


@pytest.mark.parametrize(
    "fields",
    [
        {"TaskSubtype": "Email"},
        {"TaskSubtype": "Call", "Status": "Completed"},
        {"OwnerId": salesforce_user(3)},
    ],
)
def test_what_does_not_sync_is_left_alone(team, meltano, fields):
    """Logged activities and tasks of users who are off are no reminders."""
    team.task(**fields)
    meltano.sync()
    assert team.reminders() == []


def test_exclusions_are_counted(team, meltano, ledger):
    """The run's report names each reason."""
    team.task(TaskSubtype="Email")
    meltano.sync()
    (run,) = ledger("SELECT counts FROM runs WHERE direction = 'to-salesconnect'")
    assert '"skipped: logged activity":1' in run["counts"]


def test_an_imported_value_that_does_not_travel_has_a_stand_in(team, meltano):
    """In Progress and Low become open and normal, and stay in Salesforce; no Subject becomes the default name."""
    task = team.task("", Status="In Progress", Priority="Low")
    meltano.sync()
    reminder = team.reminder_of(task)
    assert (reminder["name"], reminder["status"], reminder["priority"]) == ("Task", "open", "normal")
    meltano.sync()
    (found,) = team.tasks()
    assert (found["Subject"], found["Status"], found["Priority"]) == (None, "In Progress", "Low")


def test_the_first_sync_reaches_back_a_day(team, meltano):
    """Tasks touched since E - 24 h are imported, older ones are not."""
    at = team.enabled_at - timedelta(hours=24)
    stamps = {"new": team.stamp(at + timedelta(minutes=5)), "old": team.stamp(at - timedelta(minutes=5))}
    team.sandbox.load(
        salesforce={
            "Task": [
                {
                    "Id": f"00TTm000000000{number}AAA",
                    "Subject": name,
                    "OwnerId": salesforce_user(1),
                    "CreatedDate": stamp,
                    "LastModifiedDate": stamp,
                    "SystemModstamp": stamp,
                }
                for number, (name, stamp) in enumerate(stamps.items())
            ]
        }
    )
    meltano.sync()
    assert [row["name"] for row in team.reminders()] == ["new"]


def test_reminders_from_before_are_not_pushed(team, meltano):
    """Only reminders created at or after E get a task; an older one stays alone, also when it is edited."""
    before, after = team.stamp(team.enabled_at - timedelta(minutes=5)), team.stamp(team.enabled_at)
    rows = [
        {"id": name, "type": "call", "name": name, "assignee_id": "u1", "created_at": at, "updated_at": at}
        for name, at in (("before", before), ("at", after))
    ]
    team.sandbox.load(sales_connect={"reminders": rows})
    meltano.sync()
    team.edit_reminder("before", details="edited")
    meltano.sync()
    assert [row["Subject"] for row in team.tasks()] == ["at"]


def test_to_salesconnect_without_a_roster_reads_nothing(team, meltano):
    """It leaves its bookmark where it is, and says what to run first."""
    team.task()
    meltano.to_salesconnect()
    assert team.reminders() == []
    assert "to-salesconnect" not in meltano.states
    meltano.sync()
    assert len(team.reminders()) == 1
