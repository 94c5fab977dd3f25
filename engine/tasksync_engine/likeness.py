"""Which task a create made whose answer never came: told by who made it, when, and what it holds (sync-rules §7.4).

Pure: no clock, no I/O. Salesforce keeps nothing else of a request that a task without a link field could be known by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasksync_engine.destination import Window
from tasksync_engine.records import salesforce_id
from tasksync_mappings.fields import comparable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_engine.ledger.intents import Intent, Sent
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap

CLOCKS_APART = timedelta(minutes=1)
"""How far two servers of one org may disagree about the time."""

LONGEST_CALL = timedelta(minutes=10)
"""After that Salesforce ends a call (wire facts §10): what it has not made by then it never will."""

REFERENCES = ("WhoId", "WhatId")
"""Columns of a created task beside the mapped ones (sync-rules §3)."""


def window(sent: Sent) -> Window:
    """When the record can have been made: from its noting on, until the request must have come to its end."""
    ends = None if sent.missed_at is None else sent.missed_at + LONGEST_CALL + CLOCKS_APART
    # Salesforce stamps to the second: the second that the window begins in belongs to it.
    return Window(sent.by, (sent.at - CLOCKS_APART).replace(microsecond=0), ends)


def may_be(sent: Sent, task: Record) -> bool:
    """Whether this create can have made the task at all, whatever it holds.

    A task of which nobody has told its creator may be anybody's.
    """
    raw, span = task.raw, window(sent)
    if raw.get("TaskSubtype") not in {None, "Task"} or raw.get("IsRecurrence") or raw.get("RecurrenceActivityId"):
        return False
    if task.created_at is None or salesforce_id(raw.get("CreatedById")) not in {None, sent.by}:
        return False
    return span.begins <= task.created_at and (span.ends is None or task.created_at <= span.ends)


def was_touched(task: Record) -> bool:
    """Whether anything happened to a task after it was made: then it need not hold any more what was sent.

    Its stamps are whole seconds, so that an edit at once shows only in who made it.
    """
    by_another = task.raw.get("LastModifiedById") != task.raw.get("CreatedById")
    return by_another or task.is_tombstone or task.created_at is None or task.stamp > task.created_at


def assign(fields: FieldMap, waiting: Sequence[Intent], tasks: Sequence[Record]) -> dict[str, Record]:
    """By source id: the task that the create made. No task is given to two, and no source gets two.

    A task that holds all that was sent is the create's; creates that sent the same are interchangeable. Of the rest, a
    task is one create's when it has the Subject that was sent, or when it was touched since it was made and at least
    half of the values are still those that were sent; the likest pair goes first.
    """
    eldest_first = sorted(tasks, key=_age)
    made: dict[str, Record] = {}
    taken: set[str] = set()
    for pairs in (_equal, _alike):
        left = [intent for intent in waiting if intent.record_id not in made]
        for intent, task in pairs(fields, left, [task for task in eldest_first if task.id not in taken]):
            if intent.record_id not in made and task.id not in taken:
                made[intent.record_id] = task
                taken.add(task.id)
    return made


def _age(task: Record) -> tuple[Any, ...]:
    return task.created_at is not None and task.created_at.isoformat(), task.id


def _columns(fields: FieldMap, sent: Mapping[str, Any]) -> tuple[str, ...]:
    """What is compared: the mapped columns that were sent, and what a task without them has empty."""
    mapped = [column for column in fields.columns("task") if column in sent]
    return tuple(dict.fromkeys([*mapped, *REFERENCES]))


def _values(fields: FieldMap, columns: Sequence[str], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Values in a form in which two that agree are equal: Salesforce trims texts, and has two forms of an id."""
    named = {field.task: field for field in fields.fields}
    found = []
    for column in columns:
        value = values.get(column)
        if column in named:
            value = comparable(named[column], "task", value)
        found.append(repr(salesforce_id(value) if column in REFERENCES else value))
    return tuple(found)


def _equal(fields: FieldMap, waiting: Sequence[Intent], tasks: Sequence[Record]) -> list[tuple[Intent, Record]]:
    """Pairs that agree in everything, in order of their age."""
    kinds = {_columns(fields, intent.sent.values) for intent in waiting if intent.sent}
    holding: dict[tuple[Any, ...], list[Record]] = {}
    for columns in kinds:
        for task in tasks:
            holding.setdefault((columns, _values(fields, columns, task.raw)), []).append(task)
    pairs = []
    for intent in sorted(waiting, key=lambda intent: (intent.sent is not None and intent.sent.at, intent.record_id)):
        if intent.sent is None:
            continue
        columns = _columns(fields, intent.sent.values)
        queue = holding.get((columns, _values(fields, columns, intent.sent.values)), [])
        fitting = next((task for task in queue if may_be(intent.sent, task)), None)
        if fitting is not None:
            queue.remove(fitting)
            pairs.append((intent, fitting))
    return pairs


@dataclass(frozen=True, slots=True)
class _Alike:
    agreeing: int
    intent: Intent
    task: Record


def _alike(fields: FieldMap, waiting: Sequence[Intent], tasks: Sequence[Record]) -> list[tuple[Intent, Record]]:
    """Pairs that agree in enough, the likest first."""
    subject = fields.named("name").task
    found = []
    for intent in waiting:
        if intent.sent is None:
            continue
        columns = _columns(fields, intent.sent.values)
        wanted = _values(fields, columns, intent.sent.values)
        for task in tasks:
            if not may_be(intent.sent, task):
                continue
            agrees = dict(zip(columns, map(str.__eq__, wanted, _values(fields, columns, task.raw)), strict=True))
            agreeing = sum(agrees.values())
            if agrees.get(subject) or (was_touched(task) and 2 * agreeing >= len(columns)):
                found.append(_Alike(agreeing, intent, task))
    found.sort(key=lambda pair: (-pair.agreeing, _age(pair.task), pair.intent.record_id))
    return [(pair.intent, pair.task) for pair in found]
