"""Records that a shard's run has left to the next run, which reads them afresh whatever its bookmark says.

A shard may have read an older version of a record than the one that another shard has settled since. It cannot tell,
so it decides nothing by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, text

from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.schema import Utc, rereads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_engine.ledger.shards import Scope
    from tasksync_mappings import Side

_NOTE = text(
    "INSERT INTO rereads (side, record_id, user_id, noted_at) VALUES (:side, :record_id, :user_id, :noted_at) "
    "ON CONFLICT (side, record_id) DO UPDATE SET user_id = excluded.user_id, noted_at = excluded.noted_at"
).bindparams(bindparam("noted_at", type_=Utc))


def note(connection: Connection, side: Side, left: Mapping[str, str | None], at: datetime) -> None:
    """Leave these records, each with its user, to the next run."""
    rows = [{"side": side, "record_id": id_, "user_id": left[id_], "noted_at": at} for id_ in sorted(left)]
    if rows:
        connection.execute(_NOTE, rows)


def waiting(connection: Connection, side: Side, scope: Scope | None) -> list[str]:
    """The records of a side that are to be read afresh, whatever their stamp; with a scope, of its users."""
    query = select(rereads.c.record_id).where(rereads.c.side == side).order_by(rereads.c.record_id)
    if scope is not None:
        query = query.where(scope.covers(rereads.c.user_id, side))
    return list(connection.execute(query).scalars())


def noted_before(connection: Connection, side: Side, at: datetime) -> frozenset[str]:
    """Those that were left before this time: whoever began to read then has read them afresh."""
    query = select(rereads.c.record_id).where(rereads.c.side == side, rereads.c.noted_at < at)
    return frozenset(connection.execute(query).scalars())


def drop(connection: Connection, side: Side, ids: Sequence[str], before: datetime) -> None:
    """They were read afresh by whoever began to read at that time."""
    for part in chunks(ids):
        read = rereads.c.side == side, rereads.c.record_id.in_(part), rereads.c.noted_at < before
        connection.execute(delete(rereads).where(*read))
