"""Tasks of the team."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from tasksync_sandbox.seed.people import Crowd, Record, Sellers, instant, salesforce_id
from tasksync_sandbox.seed.reminders import due_date, note
from tasksync_sandbox.seed.words import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

QUEUE: Record = {
    "Id": salesforce_id("00G", 1),
    "Name": "Inside Sales",
    "DeveloperName": "Inside_Sales",
    "Type": "Queue",
}
_STATUSES = ("Not Started",) * 12 + ("In Progress",) * 3 + ("Completed",) * 3 + ("Waiting on someone else", "Deferred")
_PRIORITIES = ("Normal",) * 7 + ("High",) * 2 + ("Low",)
_SHARE_RECENT = 0.6
_ALL_SUBJECTS = tuple(chain.from_iterable(SUBJECTS.values()))


def make_tasks(chance: Random, count: int, sellers: Sellers, crowd: Crowd, now: datetime) -> list[Record]:
    """Make tasks: more than half are recent enough for a first sync; the first few are of special kinds."""
    if not sellers.users:
        return []
    owners = sellers.in_salesforce[: len(sellers.users)]
    specials = list(_specials(now))
    made = []
    for number in range(1, count + 1):
        task = _task(chance, number, crowd, now)
        task["OwnerId"] = chance.choice(owners)["Id"]
        if number <= len(specials):
            task |= specials[number - 1]
        made.append(task)
    return made


def _task(chance: Random, number: int, crowd: Crowd, now: datetime) -> Record:
    person = chance.choice(crowd.people)
    days = 2.5 * chance.random() if chance.random() < _SHARE_RECENT else 4 + 50 * chance.random()
    created_at = (now - timedelta(days=days)).replace(microsecond=0)
    changed_at = (created_at + (now - created_at) * 0.3 * chance.choice((0, 1))).replace(microsecond=0)
    task: Record = {
        "Id": salesforce_id("00T", number),
        "Subject": chance.choice(_ALL_SUBJECTS).format(person["name"]),
        "Status": chance.choice(_STATUSES),
        "Priority": chance.choice(_PRIORITIES),
        "ActivityDate": due_date(chance, now),
        "Description": note(chance),
        "CreatedDate": instant(created_at),
        "LastModifiedDate": instant(changed_at),
        "SystemModstamp": instant(changed_at),
        "WhoId": person.get("salesforce_contact_id") or person.get("salesforce_lead_id"),
    }
    if "salesforce_contact_id" in person:
        task["WhatId"] = person.get("salesforce_opportunity_id") or person["salesforce_account_id"]
    return task


def _specials(now: datetime) -> Iterator[Record]:
    """What does not sync (sync-rules §4), and an empty subject."""
    start = now.date()
    series = salesforce_id("00T", 1)
    yield {
        "Subject": "Weekly pipeline review",
        "Status": "Not Started",
        "IsRecurrence": True,
        "RecurrenceType": "RecursWeekly",
        "RecurrenceInterval": 1,
        "RecurrenceDayOfWeekMask": 2,
        "RecurrenceStartDateOnly": start.isoformat(),
        "RecurrenceEndDateOnly": (start + timedelta(days=28)).isoformat(),
        "RecurrenceTimeZoneSidKey": "Europe/Berlin",
        "ActivityDate": None,
    }
    for week in (0, 1):
        due = (start + timedelta(weeks=week)).isoformat()
        yield {
            "Subject": "Weekly pipeline review",
            "Status": "Not Started",
            "RecurrenceActivityId": series,
            "ActivityDate": due,
        }
    yield {"Subject": "Email: price list", "TaskSubtype": "Email", "Status": "Completed"}
    yield {"Subject": "Call: left voicemail", "TaskSubtype": "Call", "Status": "Completed"}
    yield {"Subject": "Cadence step 3", "TaskSubtype": "Cadence"}
    yield {"Subject": "Unassigned inbound request", "OwnerId": QUEUE["Id"]}
    yield {"Subject": None, "Status": "Not Started"}
