"""Which task a create made whose answer never came: told by who made it, when, and what it holds (sync-rules §7.4).

Pure: no clock, no I/O. Salesforce keeps nothing else of a request that a task without a link field could be known by.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from operator import eq, itemgetter
from typing import TYPE_CHECKING, Any

from tasksync_engine.destination import Window
from tasksync_engine.records import salesforce_id
from tasksync_mappings.fields import comparable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tasksync_engine.ledger.intents import Intent, Sent
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap

    Find = Callable[[FieldMap, Sequence[Intent], Sequence[Record]], Iterator[tuple[Intent, Record]]]

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


def may_be(span: Window, task: Record) -> bool:
    """Whether a create of this window can have made the task at all, whatever it holds.

    A task of which nobody has told its creator may be anybody's.
    """
    raw = task.raw
    if raw.get("TaskSubtype") not in {None, "Task"} or raw.get("IsRecurrence") or raw.get("RecurrenceActivityId"):
        return False
    if task.created_at is None or salesforce_id(raw.get("CreatedById")) not in {None, span.by}:
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
    columns = (*fields.columns("task"), *REFERENCES)
    made: dict[str, Record] = {}
    taken: set[str] = set()
    # Pairs that differ in one column at most are found without comparing each with each: so a thousand creates are, to
    # whose tasks an automation of the org did the same.
    finds: list[Find] = [partial(_equal, but=column) for column in (None, *columns)]
    for find in (*finds, _alike):
        left = [intent for intent in waiting if intent.record_id not in made]
        for intent, task in find(fields, left, [task for task in eldest_first if task.id not in taken]):
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


def _is_near(subject_agrees: bool, agreeing: int, number: int, task: Record) -> bool:  # noqa: FBT001 - a fact
    """Whether a task that differs in something from what was sent is the create's all the same."""
    return subject_agrees or (was_touched(task) and 2 * agreeing >= number)


def _equal(
    fields: FieldMap, waiting: Sequence[Intent], tasks: Sequence[Record], *, but: str | None
) -> Iterator[tuple[Intent, Record]]:
    """Pairs that agree in everything, or in all but one column, in order of their age."""
    subject = fields.named("name").task
    held: dict[tuple[str, ...], dict[tuple[str, ...], list[Record]]] = {}
    for intent, sent in sorted(_sent(waiting), key=lambda pair: (pair[1].at, pair[0].record_id)):
        columns = _columns(fields, sent.values)
        compared = tuple(column for column in columns if column != but)
        if but is not None and len(compared) == len(columns):
            continue
        if compared not in held:
            held[compared] = _by_values(fields, compared, tasks)
        queue, span = held[compared].get(_values(fields, compared, sent.values), []), window(sent)
        for task in queue:
            if may_be(span, task) and (but is None or _is_near(but != subject, len(compared), len(columns), task)):
                queue.remove(task)
                yield intent, task
                break


def _by_values(
    fields: FieldMap, columns: Sequence[str], tasks: Sequence[Record]
) -> dict[tuple[str, ...], list[Record]]:
    found: dict[tuple[str, ...], list[Record]] = {}
    for task in tasks:
        found.setdefault(_values(fields, columns, task.raw), []).append(task)
    return found


def _sent(waiting: Sequence[Intent]) -> list[tuple[Intent, Sent]]:
    return [(intent, intent.sent) for intent in waiting if intent.sent is not None]


def _alike(fields: FieldMap, waiting: Sequence[Intent], tasks: Sequence[Record]) -> Iterator[tuple[Intent, Record]]:
    """Pairs that agree in enough, the likest first."""
    found = []
    held: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for intent, sent in _sent(waiting):
        columns = _columns(fields, sent.values)
        if columns not in held:
            held[columns] = [_values(fields, columns, task.raw) for task in tasks]
        span = window(sent)
        wanted, subject = _values(fields, columns, sent.values), columns.index(fields.named("name").task)
        for task, values in zip(tasks, held[columns], strict=True):
            agreeing = sum(map(eq, wanted, values))
            if _is_near(wanted[subject] == values[subject], agreeing, len(columns), task) and may_be(span, task):
                found.append((-agreeing, _age(task), intent.record_id, intent, task))
    found.sort(key=itemgetter(0, 1, 2))
    for *_, intent, task in found:
        yield intent, task
