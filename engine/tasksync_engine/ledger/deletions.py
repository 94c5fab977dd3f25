"""Deletions that are pending, held by the brake, parked, or done (sync-rules §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from tasksync_engine.ledger import many
from tasksync_engine.ledger.schema import deletions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_engine.ledger.shards import Scope
    from tasksync_mappings import Side

PENDING, HELD, PARKED, DONE = "pending", "held", "parked", "done"


@dataclass(frozen=True, slots=True)
class Deletion:
    """The deletion of one side's record, on its way to the other side.

    Attributes:
        side: The side that it came from.
        record_id: The record that was deleted there.
        state: `pending`; `held` by the brake; `parked` with a row there; `done`: seen and without a counterpart.
        deleted_at: When it was deleted.
        tombstone: The record as it arrived.
        noted_at: When the ledger took it in.
        run_id: The run that did.
        user_id: The record's user on its side, as last known.
    """

    side: Side
    record_id: str
    state: str
    deleted_at: datetime | None
    tombstone: Mapping[str, Any]
    noted_at: datetime
    run_id: int
    user_id: str | None = None


def _deletion(row: Any) -> Deletion:  # noqa: ANN401 - SQLAlchemy's row is generic
    return Deletion(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def of_records(connection: Connection, side: Side, ids: Sequence[str]) -> dict[str, Deletion]:
    """The deletions of these records, whatever their state."""
    return {
        row.record_id: _deletion(row)
        for row in (connection.execute(select(deletions).where(*_of(connection, side, ids))) if ids else ())
    }


def _of(connection: Connection, side: Side, ids: Sequence[str]) -> tuple[Any, Any]:
    return deletions.c.side == side, many.among(connection, deletions.c.record_id, ids)


def in_state(connection: Connection, states: Sequence[str], side: Side | None = None) -> list[Deletion]:
    """All deletions in these states, in the order in which they were noted."""
    query = select(deletions).where(deletions.c.state.in_(states)).order_by(deletions.c.noted_at)
    if side is not None:
        query = query.where(deletions.c.side == side)
    return [_deletion(row) for row in connection.execute(query)]


def count(connection: Connection, states: Sequence[str], side: Side, scope: Scope | None = None) -> int:
    """How many deletions of one side are in these states; with a scope, of its users' records."""
    query = select(func.count()).select_from(deletions)
    query = query.where(deletions.c.state.in_(states), deletions.c.side == side)
    if scope is not None:
        query = query.where(scope.covers(deletions.c.user_id, side))
    return connection.execute(query).scalar_one()


def in_order(  # noqa: PLR0913 - what is sought, and from where on
    connection: Connection,
    states: Sequence[str],
    side: Side,
    scope: Scope | None = None,
    *,
    after: str | None,
    limit: int,
) -> list[Deletion]:
    """At most `limit` deletions of one side in these states, by record id, from behind `after` on.

    With a scope, those of its users' records.
    """
    query = select(deletions).where(deletions.c.side == side, deletions.c.state.in_(states))
    if after is not None:
        query = query.where(deletions.c.record_id > after)
    if scope is not None:
        query = query.where(scope.covers(deletions.c.user_id, side))
    return [_deletion(row) for row in connection.execute(query.order_by(deletions.c.record_id).limit(limit))]


def note(connection: Connection, found: Iterable[Deletion]) -> None:
    """Store deletions; each replaces what was stored of its record."""
    latest = {(deletion.side, deletion.record_id): deletion for deletion in found}
    for side in ("reminder", "task"):
        drop(connection, side, [key[1] for key in latest if key[0] == side])
    rows = [
        {
            "side": deletion.side,
            "record_id": deletion.record_id,
            "state": deletion.state,
            "deleted_at": deletion.deleted_at,
            "tombstone": dict(deletion.tombstone),
            "noted_at": deletion.noted_at,
            "run_id": deletion.run_id,
            "user_id": deletion.user_id,
        }
        for deletion in latest.values()
    ]
    many.execute(connection, insert(deletions), rows)


def set_state(connection: Connection, side: Side, ids: Sequence[str], state: str) -> None:
    """Move deletions to another state."""
    if ids:
        connection.execute(update(deletions).where(*_of(connection, side, ids)).values(state=state))


def drop(connection: Connection, side: Side, ids: Sequence[str]) -> None:
    """Forget the deletions of these records: they live again, or their links are closed."""
    if ids:
        connection.execute(delete(deletions).where(*_of(connection, side, ids)))


def prune(connection: Connection, before: datetime) -> None:
    """Forget what was done before this time: neither side tells of it any more."""
    connection.execute(delete(deletions).where(deletions.c.state == DONE, deletions.c.noted_at < before))
