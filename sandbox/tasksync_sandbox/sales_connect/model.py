"""Records as they are stored, and reminders as they are shown."""

from __future__ import annotations

from typing import Annotated

import msgspec

Counted = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]

# Rows hold no cycles, so the garbage collector need not visit a million of them.


class Campaign(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The sales campaign that a reminder belongs to; day and step count from 1."""

    id: str
    name: str | None = None
    day: Counted | None = None
    step: Counted | None = None


class PersonOfReminder(msgspec.Struct, frozen=True, gc=False):
    """A person as reminders show it."""

    id: str
    name: str
    email: str | None = None
    salesforce_contact_id: str | None = None
    salesforce_lead_id: str | None = None
    salesforce_account_id: str | None = None
    salesforce_opportunity_id: str | None = None


class Person(PersonOfReminder, frozen=True, gc=False, kw_only=True):
    """Someone whom users have to do with."""

    updated_at: str


class TaskSync(msgspec.Struct, frozen=True, gc=False):
    """Whether a user takes part, and since when."""

    enabled: bool = False
    enabled_at: str | None = None


class User(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A Sales Connect user."""

    id: str
    email: str
    name: str
    time_zone: str = "UTC"
    salesforce_user_id: str | None = None
    task_sync: TaskSync = TaskSync()
    updated_at: str


class Reminder(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A reminder as stored: its person by id. Times and dates are texts in the API's own format."""

    id: str
    type: str = "custom"
    name: str
    status: str = "open"
    priority: str = "normal"
    due_date: str | None = None
    details: str | None = None
    assignee_id: str
    person_id: str | None = None
    campaign: Campaign | None = None
    call_outcome: str | None = None
    call_reason: str | None = None
    salesforce_task_id: str | None = None
    created_at: str
    updated_at: str
    completed_at: str | None = None
    deleted_at: str | None = None
    version: int = 1


class ReminderShown(msgspec.Struct, frozen=True, gc=False):
    """A reminder as the API shows it."""

    id: str
    type: str
    name: str
    status: str
    priority: str
    due_date: str | None
    details: str | None
    assignee_id: str
    person: PersonOfReminder | None
    campaign: Campaign | None
    call_outcome: str | None
    call_reason: str | None
    salesforce_task_id: str | None
    created_at: str
    updated_at: str
    completed_at: str | None
    deleted_at: str | None
    version: int


class FirstAnswer(msgspec.Struct, frozen=True, gc=False):
    """What the first request with an idempotency key got."""

    key: str
    request: str
    status: int
    reminder: ReminderShown | None
    at: float
