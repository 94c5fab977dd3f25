"""What the history is looked back over for: how often a record was written lately, and what is old enough to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select

from tasksync_engine.ledger import many, overview
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.schema import conflicts, history, plan, runs
from tasksync_mappings import other

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from tasksync_mappings import Side

WRITES = ("create", "update", "delete")
RELEASE = "release"
"""The action that says that a person let a record go on: its writes are counted from there."""

PIECE = 5000
"""Rows that one transaction forgets."""


def often_written(connection: Connection, side: Side, ids: Sequence[str], since: datetime, most: int) -> set[str]:
    """Which records' counterparts were written `most` times or more since then, or since a person let them go on.

    Args:
        connection: The ledger.
        side: The side that the changes come from.
        ids: The records there.
        since: Earlier writes do not count.
        most: How many writes are not too many yet.
    """
    column = _of(side)
    listed = many.among(connection, column, ids)
    counted = select(column).where(listed, *_writes(side, since)).group_by(column).having(func.count() >= most)
    found = connection.execute(counted).scalars().all() if ids else ()
    return {record_id for record_id in found if _since_release(connection, side, record_id, since) >= most}


def _of(side: Side) -> Any:  # noqa: ANN401 - SQLAlchemy's column type depends on the table
    return history.c.reminder_id if side == "reminder" else history.c.task_id


def _writes(side: Side, since: datetime) -> tuple[Any, ...]:
    return history.c.side == other(side), history.c.action.in_(WRITES), history.c.at >= since


def _since_release(connection: Connection, side: Side, record_id: str, since: datetime) -> int:
    """The writes since a person let this record go on; asked only for those that were written too often."""
    released = select(func.max(history.c.id)).where(
        _of(side) == record_id, history.c.side == other(side), history.c.action == RELEASE
    )
    after = connection.execute(released).scalar_one_or_none() or 0
    later = _of(side) == record_id, *_writes(side, since), history.c.id > after
    return connection.execute(select(func.count()).select_from(history).where(*later)).scalar_one()


def forget(connection: Connection, before: datetime) -> bool:
    """Forget a piece of what happened before this time; returns whether there may be more.

    History, conflicts, and runs with their plans. The last run of each direction stays, however old it is.
    """
    more = [_forget_rows(connection, table, before) for table in (history, conflicts)]
    return any([*more, _forget_runs(connection, before)])


def _forget_rows(connection: Connection, table: Table, before: datetime) -> bool:
    old = select(table.c.id).where(table.c.at < before).order_by(table.c.at).limit(PIECE)
    return connection.execute(delete(table).where(table.c.id.in_(old))).rowcount == PIECE


def _forget_runs(connection: Connection, before: datetime) -> bool:
    over = or_(runs.c.ended_at < before, runs.c.ended_at.is_(None))
    query = select(runs.c.id, runs.c.direction, runs.c.dry_run).where(runs.c.started_at < before, over)
    old = connection.execute(query.order_by(runs.c.started_at).limit(PIECE)).all()
    last = [
        overview.last_run(connection, direction, plans=plans)
        for direction in {row.direction for row in old}
        for plans in (False, True)
    ]
    kept = {run["id"] for run in last if run is not None}
    for part in chunks([row.id for row in old if row.dry_run and row.id not in kept]):
        connection.execute(delete(plan).where(plan.c.run_id.in_(part)))
    for part in chunks([row.id for row in old if row.id not in kept]):
        connection.execute(delete(runs).where(runs.c.id.in_(part)))
    return len(old) == PIECE
