"""Runs, and what they did: counts, history, conflicts, and the plan of a dry run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, or_, select, update

from tasksync_engine.ledger import many, parked
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.schema import conflicts, history, mapping_of, plan, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_mappings import Conflict, Side

RUNNING, OK, STOPPED, INCOMPLETE = "running", "ok", "stopped", "incomplete"
UNDO = "undo"
"""What a run that takes back another one is called instead of by its direction."""


def applied(side: Side) -> str:
    """What a run that carries out a plan, or mends what a reconciliation found, is called, by the side it writes to."""
    return f"apply-{side}"


ON = ("reminder_id", "task_id", "field")
TOLD = ("base", "reminder_value", "task_value", "winner")
"""What a conflict happened on, and what it told: the same twice running is the same conflict, decided again."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done, or in a dry run would be: a row of the history, or of the plan."""

    action: str
    reminder_id: str | None
    task_id: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordedConflict:
    """A conflict with the link that it happened on.

    Attributes:
        reminder_id: The link's reminder.
        task_id: The link's task.
        conflict: What happened.
        again: It may have been decided, and recorded, by a run whose write was not settled.
    """

    reminder_id: str
    task_id: str
    conflict: Conflict
    again: bool = False


def start(connection: Connection, direction: str, at: datetime, *, dry_run: bool, shard: str | None = None) -> int:
    """Open a run, of a shard if it is one's, and return its number."""
    result = connection.execute(
        insert(runs).values(
            direction=direction,
            dry_run=dry_run,
            started_at=at,
            outcome=RUNNING,
            complete=False,
            counts={},
            api_calls=0,
            shard=shard,
        ),
    )
    key = result.inserted_primary_key
    return int(key[0]) if key else 0


def end(connection: Connection, run_id: int, **values: Any) -> None:  # noqa: ANN401 - the table's columns
    """Write what is known of a run: outcome, counts, API calls, seconds, message."""
    connection.execute(update(runs).where(runs.c.id == run_id).values(**values))


def numbered(connection: Connection, run_id: int) -> Mapping[str, Any] | None:
    """The run with this number."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).first()
    return None if row is None else mapping_of(row)


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
            "side": event.detail.get("to"),
        }
        for event in events
    ]
    many.execute(connection, insert(history), rows)


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


def write_conflicts(connection: Connection, run_id: int, at: datetime, found: Sequence[RecordedConflict]) -> None:
    """Record conflicts, each once, with base, both values and the winner.

    A conflict is recorded before the write that decides it; deciding it again, in the same run, after a lost answer
    or a crash, or while that write is parked, must not record it twice. The same two values that meet once more, later
    on, are another conflict.
    """
    known = _newest_conflicts(connection, sorted({item.task_id for item in found}))
    waiting = parked.among(connection, "reminder", sorted({item.reminder_id for item in found}))
    waiting |= parked.among(connection, "task", sorted({item.task_id for item in found}))
    new = []
    for item in found:
        row = _columns(item)
        on, told = tuple(row[name] for name in ON), tuple(row[name] for name in TOLD)
        recorded_by, recorded = known.get(on, (None, None))
        undecided = item.again or recorded_by == run_id or not waiting.isdisjoint((item.reminder_id, item.task_id))
        if recorded != told or not undecided:
            known[on] = run_id, told
            new.append({"run_id": run_id, "at": at, **row})
    if new:
        connection.execute(insert(conflicts), new)


def _columns(item: RecordedConflict) -> dict[str, Any]:
    conflict = item.conflict
    return {
        "reminder_id": item.reminder_id,
        "task_id": item.task_id,
        "field": conflict.field,
        "base": [conflict.base.reminder, conflict.base.task] if conflict.base else None,
        "reminder_value": conflict.values.reminder,
        "task_value": conflict.values.task,
        "winner": conflict.winner,
    }


def _newest_conflicts(
    connection: Connection, task_ids: Sequence[str]
) -> dict[tuple[Any, ...], tuple[int, tuple[Any, ...]]]:
    """By link and field, which run recorded the newest conflict of these tasks, and what it told."""
    newest = {}
    last = select(func.max(conflicts.c.id)).where(many.among(connection, conflicts.c.task_id, task_ids))
    query = select(conflicts).where(conflicts.c.id.in_(last.group_by(*(conflicts.c[name] for name in ON))))
    for row in connection.execute(query) if task_ids else ():
        values = mapping_of(row)
        newest[tuple(values[name] for name in ON)] = values["run_id"], tuple(values[name] for name in TOLD)
    return newest


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


def undoings_of(connection: Connection, run_id: int) -> list[Mapping[str, Any]]:
    """All that was done to take back what a run wrote, in order."""
    undoings = select(runs.c.id).where(runs.c.direction == UNDO, runs.c.id > run_id)
    query = select(history).where(history.c.run_id.in_(undoings)).order_by(history.c.id)
    return [row for row in map(mapping_of, connection.execute(query)) if row["detail"].get("undoes") == run_id]


def written_later(
    connection: Connection, side: Side, ids: Sequence[str], run_id: int
) -> dict[tuple[str, str], frozenset[str]]:
    """By (reminder id, task id), the fields that later runs wrote, and that were not taken back.

    Args:
        connection: The ledger.
        side: Whose ids these are.
        ids: The records.
        run_id: The run after which it counts.
    """
    column = history.c.reminder_id if side == "reminder" else history.c.task_id
    found: dict[tuple[str, str], set[tuple[int, str]]] = {}
    for part in chunks(ids):
        later = history.c.run_id > run_id, history.c.action.in_(("update", UNDO))
        for row in connection.execute(select(history).where(column.in_(part), *later).order_by(history.c.id)):
            written = found.setdefault((row.reminder_id, row.task_id), set())
            fields = {name for name, told in (row.detail.get("fields") or {}).items() if "after" in told}
            if row.action == UNDO:
                written -= {(row.detail.get("undoes"), name) for name in fields}
            else:
                written |= {(row.run_id, name) for name in fields}
    return {ids: frozenset(name for _, name in written) for ids, written in found.items()}
