"""Runs, and what they did: counts, history, conflicts, and the plan of a dry run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, or_, select, update

from tasksync_engine.ledger.schema import conflicts, history, mapping_of, plan, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_mappings import Conflict

RUNNING, OK, STOPPED, INCOMPLETE = "running", "ok", "stopped", "incomplete"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done, or in a dry run would be: a row of the history, or of the plan."""

    action: str
    reminder_id: str | None
    task_id: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordedConflict:
    """A conflict with the link that it happened on."""

    reminder_id: str
    task_id: str
    conflict: Conflict


def start(connection: Connection, direction: str, at: datetime, *, dry_run: bool) -> int:
    """Open a run and return its number."""
    result = connection.execute(
        insert(runs).values(
            direction=direction,
            dry_run=dry_run,
            started_at=at,
            outcome=RUNNING,
            complete=False,
            counts={},
            api_calls=0,
        ),
    )
    key = result.inserted_primary_key
    return int(key[0]) if key else 0


def end(connection: Connection, run_id: int, **values: Any) -> None:  # noqa: ANN401 - the table's columns
    """Write what is known of a run: outcome, counts, API calls, seconds, message."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))


def latest(connection: Connection, direction: str | None = None, limit: int = 1) -> list[Mapping[str, Any]]:
    """The newest runs, the newest first."""
    query = select(runs).order_by(runs.c.id.desc()).limit(limit)
    if direction is not None:
        query = query.where(runs.c.direction == direction)
    return [mapping_of(row) for row in connection.execute(query)]


def write_history(connection: Connection, run_id: int, at: datetime, events: Iterable[Event]) -> None:
    """Keep what was done."""
    rows = [
        {
            "run_id": run_id,
            "at": at,
            "reminder_id": event.reminder_id,
            "task_id": event.task_id,
            "action": event.action,
            "detail": dict(event.detail),
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(history), rows)


def write_plan(connection: Connection, run_id: int, events: Iterable[Event]) -> None:
    """Keep what a dry run would have done."""
    rows = [
        {
            "run_id": run_id,
            "action": event.action,
            "reminder_id": event.reminder_id,
            "task_id": event.task_id,
            "detail": dict(event.detail),
        }
        for event in events
    ]
    if rows:
        connection.execute(insert(plan), rows)


def planned(connection: Connection, run_id: int) -> list[Event]:
    """What a dry run would have done, in order."""
    query = select(plan).where(plan.c.run_id == run_id).order_by(plan.c.id)
    return [Event(row.action, row.reminder_id, row.task_id, row.detail) for row in connection.execute(query)]


def write_conflicts(connection: Connection, run_id: int, at: datetime, found: Iterable[RecordedConflict]) -> None:
    """Record conflicts, each once, with base, both values and the winner.

    A conflict is recorded before the write that decides it; deciding it again, after a lost answer or a crash, must
    not record it twice.
    """
    rows = [
        {
            "run_id": run_id,
            "at": at,
            "reminder_id": item.reminder_id,
            "task_id": item.task_id,
            "field": item.conflict.field,
            "base": [item.conflict.base.reminder, item.conflict.base.task] if item.conflict.base else None,
            "reminder_value": item.conflict.values.reminder,
            "task_value": item.conflict.values.task,
            "winner": item.conflict.winner,
        }
        for item in found
    ]
    new = [row for row in rows if not _is_recorded(connection, row)]
    if new:
        connection.execute(insert(conflicts), new)


def _is_recorded(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Whether the newest conflict of this link and field is this very one."""
    query = (
        select(conflicts)
        .where(*(conflicts.c[name] == row[name] for name in ("reminder_id", "task_id", "field")))
        .order_by(conflicts.c.id.desc())
        .limit(1)
    )
    newest = connection.execute(query).first()
    return newest is not None and all(
        mapping_of(newest)[name] == row[name] for name in ("base", "reminder_value", "task_value", "winner")
    )


def all_conflicts(connection: Connection, run_id: int | None = None) -> list[Mapping[str, Any]]:
    """Every recorded conflict, or one run's, the newest first."""
    query = select(conflicts).order_by(conflicts.c.id.desc())
    if run_id is not None:
        query = query.where(conflicts.c.run_id == run_id)
    return [mapping_of(row) for row in connection.execute(query)]


def history_of(connection: Connection, record_id: str) -> list[Mapping[str, Any]]:
    """All that was done with one reminder or task, the oldest first."""
    query = (
        select(history)
        .where(or_(history.c.reminder_id == record_id, history.c.task_id == record_id))
        .order_by(history.c.id)
    )
    return [mapping_of(row) for row in connection.execute(query)]


def history_of_run(connection: Connection, run_id: int) -> list[Mapping[str, Any]]:
    """All that one run did, in order."""
    query = select(history).where(history.c.run_id == run_id).order_by(history.c.id)
    return [mapping_of(row) for row in connection.execute(query)]
