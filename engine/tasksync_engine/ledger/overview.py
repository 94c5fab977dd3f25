"""What a person looks up in the ledger: reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from tasksync_engine.ledger.schema import conflicts, history, links, mapping_of, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection


def last_run(connection: Connection, direction: str, *, plans: bool = False) -> Mapping[str, Any] | None:
    """The newest run of a direction; with `plans`, a dry run counts too."""
    query = select(runs).where(runs.c.direction == direction).order_by(runs.c.id.desc()).limit(1)
    if not plans:
        query = query.where(runs.c.dry_run.is_(False))
    row = connection.execute(query).first()
    return None if row is None else mapping_of(row)


def count_actions(connection: Connection, run_id: int) -> dict[str, int]:
    """How often a run did what, by the history's actions."""
    query = select(history.c.action, func.count()).where(history.c.run_id == run_id).group_by(history.c.action)
    return dict(connection.execute(query).tuples().all())


def history_of_action(connection: Connection, run_id: int, action: str, limit: int) -> list[Mapping[str, Any]]:
    """The first rows of one action of a run, in order."""
    query = (
        select(history)
        .where(history.c.run_id == run_id, history.c.action == action)
        .order_by(history.c.id)
        .limit(limit)
    )
    return [mapping_of(row) for row in connection.execute(query)]


def count_links(connection: Connection) -> dict[str, int]:
    """How many links are in which state."""
    query = select(links.c.state, func.count()).group_by(links.c.state)
    return dict(connection.execute(query).tuples().all())


def conflicts_of(connection: Connection, record_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """The recorded conflicts of a few reminders or tasks, the oldest first."""
    query = (
        select(conflicts)
        .where(or_(conflicts.c.reminder_id.in_(record_ids), conflicts.c.task_id.in_(record_ids)))
        .order_by(conflicts.c.id)
    )
    return [mapping_of(row) for row in connection.execute(query)]
