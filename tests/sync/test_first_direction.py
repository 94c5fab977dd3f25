"""A reminder becomes a task and stays it: create, edit, complete, reopen, clear, delete (sync-rules §3, §6)."""

from __future__ import annotations

import pytest

from tests.sync.steps import quiet
from tests.sync.team import salesforce_user


def test_a_reminder_becomes_a_task(team, meltano):
    """All fields arrive, with owner, who and what."""
    team.sandbox.load(
        salesforce={
            "Account": [{"Id": "001Tm0000000001AAA", "Name": "Acme"}],
            "Contact": [{"Id": "003Tm0000000001AAA", "LastName": "Doe", "AccountId": "001Tm0000000001AAA"}],
        },
        sales_connect={
            "people": [
                {
                    "id": "p1",
                    "name": "Jane Doe",
                    "email": "jane@acme.example",
                    "salesforce_contact_id": "003Tm0000000001AAA",
                    "salesforce_account_id": "001Tm0000000001AAA",
                }
            ]
        },
    )
    reminder = team.remind(
        "Ring Jane",
        priority="high",
        due_date="2026-12-01",
        details="☎ bring the offer",
        person={"salesforce_contact_id": "003Tm0000000001AAA"},
    )
    meltano.to_salesforce()
    task = team.task_of(reminder)
    assert task["Subject"] == "Ring Jane"
    assert (task["Status"], task["Priority"]) == ("Not Started", "High")
    assert task["ActivityDate"] == "2026-12-01"
    assert task["Description"] == "☎ bring the offer"
    assert task["OwnerId"] == salesforce_user(1)
    assert (task["WhoId"], task["WhatId"]) == ("003Tm0000000001AAA", "001Tm0000000001AAA")


@pytest.mark.parametrize(
    ("members", "fields"),
    [
        ({"status": "completed"}, {"Status": "Completed"}),
        ({"priority": "high"}, {"Priority": "High"}),
        ({"due_date": "2027-02-28"}, {"ActivityDate": "2027-02-28"}),
        ({"due_date": None}, {"ActivityDate": None}),
        ({"details": "new"}, {"Description": "new"}),
        ({"details": None}, {"Description": None}),
        ({"details": ""}, {"Description": None}),
        ({"name": "Other"}, {"Subject": "Other"}),
        ({"assignee_id": "u2"}, {"OwnerId": salesforce_user(2)}),
    ],
)
def test_an_edit_travels_alone(team, meltano, members, fields):
    """Only the changed field is written, once, and the next run writes nothing."""
    reminder = team.remind(details="old", due_date="2026-12-01")
    meltano.sync()
    team.edit_reminder(reminder, **members)
    before = team.writes()
    meltano.sync()
    (write,) = team.sandbox.writes("salesforce")[-1:]
    task = team.task_of(reminder)
    assert {name: task[name] for name in fields} == fields
    assert set(write["fields"]) & {"Subject", "Status", "Priority", "ActivityDate", "Description", "OwnerId"} == set(
        fields
    )
    assert team.writes() == before + 1
    meltano.sync()
    assert team.writes() == before + 1


def test_reopening_travels(team, meltano):
    """A completed reminder that is opened again opens its task."""
    reminder = team.remind()
    meltano.sync()
    team.edit_reminder(reminder, status="completed")
    meltano.sync()
    team.edit_reminder(reminder, status="open")
    meltano.sync()
    assert team.task_of(reminder)["Status"] == "Not Started"


def test_a_deletion_travels(team, meltano):
    """A deleted reminder takes its task with it."""
    reminder = team.remind()
    meltano.sync()
    team.delete_reminder(reminder)
    meltano.sync()
    assert team.tasks() == []
    quiet(team, meltano)


def test_an_unchanged_run_is_cheap(team, meltano):
    """Nothing written, at most 5 API calls in this direction and 8 in both (the token requests are not counted)."""
    for number in range(30):
        team.remind(f"Call {number}")
    meltano.sync()
    before = team.writes()
    team.sandbox.forget_calls()
    meltano.to_salesforce()
    one_way = team.sandbox.calls("salesforce")["total"] + team.sandbox.calls("sales_connect")["total"]
    meltano.to_salesconnect()
    both = team.sandbox.calls("salesforce")["total"] + team.sandbox.calls("sales_connect")["total"]
    assert team.writes() == before
    assert one_way <= 5
    assert both <= 8


def test_values_that_do_not_travel_stay(team, meltano):
    """In Progress and Low survive edits of other fields; completing the reminder turns In Progress into Completed."""
    reminder = team.remind(due_date="2026-12-01")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.edit_task(task, Status="In Progress", Priority="Low")
    meltano.sync()
    team.edit_reminder(reminder, due_date="2026-12-24", details="wrap it")
    meltano.sync()
    found = team.task_of(reminder)
    assert (found["Status"], found["Priority"]) == ("In Progress", "Low")
    assert (found["ActivityDate"], found["Description"]) == ("2026-12-24", "wrap it")
    assert team.reminder(reminder)["status"] == "open"
    team.edit_reminder(reminder, status="completed")
    meltano.sync()
    found = team.task_of(reminder)
    assert (found["Status"], found["Priority"]) == ("Completed", "Low")


def test_a_cut_text_stays_cut_and_whole(team, meltano):
    """33,000 characters are cut for Salesforce, and neither run after that counts it as a change."""
    text = "x" * 33_000
    reminder = team.remind(details=text)
    meltano.sync()
    assert team.task_of(reminder)["Description"] == text[:32_000]
    before = team.writes()
    team.edit_reminder(reminder, priority="high")
    meltano.sync()
    meltano.sync()
    assert team.writes() == before + 2  # ours and the person's
    assert team.reminder(reminder)["details"] == text


@pytest.mark.parametrize(
    "text", ["  blanks around \n", "line\r\nends\r\n", " \n ", "tab\tand\u00a0more", "😀" * 20_000]
)
def test_what_salesforce_does_to_a_text_is_no_edit(team, meltano, text):
    """Trimmed, re-ended or cut: it does not come back, and the reminder keeps its own text."""
    reminder = team.remind(details=text)
    meltano.sync()
    quiet(team, meltano)
    assert team.reminder(reminder)["details"] == text
