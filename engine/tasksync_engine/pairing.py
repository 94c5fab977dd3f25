"""What becomes of a living record that has no open link: skipped, paired with a counterpart, or created (§2, §4)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger.links import CLOSED
from tasksync_engine.ledger.schema import LONGEST_KEY
from tasksync_engine.records import POINTER, InvalidRecord, parse_time
from tasksync_mappings import DOES_NOT_TRAVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from tasksync_engine.ledger import Participant
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.participation import Participation
    from tasksync_engine.records import Record
    from tasksync_mappings import Translation, Values

QUEUE_PREFIX = "00G"
LOGGED_SUBTYPES = frozenset({"Email", "List Email", "Cadence"})


class Skip(StrEnum):
    """Why a record that is not linked is left out; counted by reason in the run's report."""

    USER_OFF = "user is off"
    LEFT_OUT = "user is left out"
    KEPT = "its counterpart was deleted and it was kept"
    BEFORE_ENABLED = "created before task sync was turned on"
    BEFORE_LOOKBACK = "last touched before the first sync's window"
    RECURRENCE = "main record of a recurring series"
    LOGGED = "logged activity"
    QUEUE = "owned by a queue"
    CLOSED_UNMAPPED = "closed, with a status that does not travel"
    STALE = "an older version of a record that was deleted since"


def excluded(task: Mapping[str, Any], translation: Translation) -> Skip | None:
    """Why an unlinked task does not sync at all, or None (sync-rules §4, §3)."""
    if task.get("IsRecurrence"):
        return Skip.RECURRENCE
    subtype = task.get("TaskSubtype")
    if subtype in LOGGED_SUBTYPES or (subtype == "Call" and task.get("IsClosed")):
        return Skip.LOGGED
    if str(task.get("OwnerId") or "").startswith(QUEUE_PREFIX):
        return Skip.QUEUE
    if task.get("IsClosed") and translation.get(task)["status"] is DOES_NOT_TRAVEL:
        return Skip.CLOSED_UNMAPPED
    return None


def too_old(record: Record, person: Participant, lookback: timedelta) -> Skip | None:
    """Why an unlinked record is too old for a first sync, or None (sync-rules §2.1, §2.2)."""
    if record.side == "reminder":
        created_at = record.created_at or datetime.min.replace(tzinfo=UTC)
        return Skip.BEFORE_ENABLED if created_at < person.enabled_at else None
    # Salesforce stamps to the second: the second that the window begins in belongs to it.
    begins = (person.enabled_at - lookback).replace(microsecond=0)
    return Skip.BEFORE_LOOKBACK if record.stamp < begins else None


def is_told_too_old(change: Parked, participation: Participation) -> bool:
    """Whether what is no record of its API tells nevertheless that it is a reminder that gets no task (§2.2)."""
    created_at, user = change.payload.get("created_at"), change.payload.get("assignee_id")
    if change.side != "reminder" or not isinstance(user, str | None):
        return False
    person = participation.user(change.side, user)
    try:
        return person is None or parse_time(created_at, "created_at") < person.enabled_at
    except InvalidRecord:
        return False


def linked_by_field(source: Record, candidate: Record) -> bool:
    """Whether it is the link field, on whichever of the two is the task, that names the other."""
    task, reminder = (source, candidate) if source.side == "task" else (candidate, source)
    return task.pointer == reminder.id


def is_free(source: Record, held: Sequence[Link]) -> bool:
    """Whether a candidate may still be linked to this source (sync-rules §2.3).

    A record that is linked, or kept unlinked, is not free, nor is the other record of this source's own closed link.
    But a task that lives again may have got a new reminder before the ledger learned of it.

    Args:
        source: The record without a link.
        held: The candidate's links, open and closed.
    """
    return not any(link.state != CLOSED or link.record_id(source.side) == source.id for link in held)


def counterpart(source: Record, candidates: Sequence[Record]) -> Record | None:
    """Of the free candidates the same task: living first, link field first, then the latest deleted (§2.3)."""
    if not candidates:
        return None
    epoch = datetime.min.replace(tzinfo=UTC)
    return min(
        candidates,
        key=lambda candidate: (
            candidate.is_tombstone,
            not linked_by_field(source, candidate),
            epoch - (candidate.deleted_at or epoch),
        ),
    )


def came_back(source: Record, candidate: Record) -> bool:
    """Whether a living task was touched after its reminder's deletion, in whole seconds: it was undeleted (§2.3)."""
    return (
        source.side == "task"
        and candidate.deleted_at is not None
        and source.stamp.replace(microsecond=0) > candidate.deleted_at.replace(microsecond=0)
    )


def draft_task(source: Record, translation: Translation) -> dict[str, Any]:
    """The new task of a reminder (sync-rules §3)."""
    reminder = source.raw
    columns = _columns(translation.put(reminder), translation, "task")
    person = reminder.get("person") or {}
    contact, lead = person.get("salesforce_contact_id"), person.get("salesforce_lead_id")
    who = contact or lead
    # Salesforce takes no WhatId together with a lead.
    what = (
        None if who and who == lead else person.get("salesforce_opportunity_id") or person.get("salesforce_account_id")
    )
    columns |= {"WhoId": who} if who else {}
    columns |= {"WhatId": what} if what else {}
    return columns


_TYPES = {"Call": "call", "LinkedIn": "inmail"}
_PEOPLE = {"003": "salesforce_contact_id", "00Q": "salesforce_lead_id"}


def draft_reminder(source: Record, translation: Translation) -> dict[str, Any]:
    """The new reminder of a task (sync-rules §3; its person by one Salesforce id)."""
    task = source.raw
    columns = _columns(translation.get_for_import(task), translation, "reminder")
    columns["type"] = _TYPES.get(task.get("TaskSubtype") or "", "custom")
    columns[POINTER] = source.id
    who = task.get("WhoId")
    if who and who[:3] in _PEOPLE:
        columns["person"] = {_PEOPLE[who[:3]]: who}
    return columns


def _columns(values: Values, translation: Translation, side: Any) -> dict[str, Any]:  # noqa: ANN401 - a Side
    return {
        field.column(side): values[field.name]
        for field in translation.fields.fields
        if values[field.name] is not DOES_NOT_TRAVEL
    }


def key_of_another(record: Record) -> str:
    """The idempotency key of a further create of a record: by its version, and no longer than the ledger takes."""
    key = f"{record.id}:{record.stamp.isoformat()}"
    return key if len(key) <= LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
