"""Records that shards' runs work on: each has one at a time, and what was settled of it is remembered for a while.

PostgreSQL only: a ledger in SQLite serves one run at a time. Each function is to be one transaction of its own, and
locks its rows in the order of their ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select, text

from tasksync_engine.ledger.lock import held_among
from tasksync_engine.ledger.schema import Utc, claims, meta
from tasksync_engine.ledger.shards import jobs_key, lock_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from tasksync_mappings import Side

_TAKING = text(
    "INSERT INTO claims (side, record_id, shard) SELECT :side, id, :shard FROM unnest(CAST(:ids AS text[])) AS id "
    "ORDER BY id ON CONFLICT (side, record_id) DO UPDATE SET shard = excluded.shard, "
    "settled_at = CASE WHEN claims.shard = ANY(CAST(:dead AS text[])) THEN :at ELSE claims.settled_at END, "
    "settled_by = CASE WHEN claims.shard = ANY(CAST(:dead AS text[])) THEN NULL ELSE claims.settled_by END "
    "WHERE claims.shard IS NULL OR claims.shard = excluded.shard OR claims.shard = ANY(CAST(:dead AS text[])) "
    "RETURNING record_id, settled_at, settled_by"
).bindparams(bindparam("at", type_=Utc))
_TAKE = _TAKING.columns(settled_at=Utc)
_SETTLED = text(
    "INSERT INTO claims (side, record_id, settled_at, settled_by) "
    "SELECT :side, id, :at, :run_id FROM unnest(CAST(:ids AS text[])) AS id ORDER BY id "
    "ON CONFLICT (side, record_id) DO UPDATE SET settled_at = excluded.settled_at, settled_by = excluded.settled_by"
).bindparams(bindparam("at", type_=Utc))
_MINE = text("SELECT 1 FROM claims WHERE shard = :shard ORDER BY side, record_id FOR UPDATE")
_DOUBTFUL = text("UPDATE claims SET settled_at = :at, settled_by = :run_id WHERE shard = :shard").bindparams(
    bindparam("at", type_=Utc)
)
NO_JOBS = "[]"
_NO_JOB = f"NOT EXISTS (SELECT 1 FROM meta WHERE key = :jobs AND value <> '{NO_JOBS}')"  # noqa: S608 - a constant
_NEVER_SETTLED = text(f"DELETE FROM claims WHERE shard = :shard AND settled_at IS NULL AND {_NO_JOB}")  # noqa: S608 - as above
_LET_GO = text(f"UPDATE claims SET shard = NULL WHERE shard = :shard AND {_NO_JOB}")  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Taken:
    """What a shard got.

    Attributes:
        settled: The records that it has now, each with when, and by which run, something of it was last settled.
        held: Those that another shard's run has.
    """

    settled: Mapping[str, tuple[datetime | None, int | None]]
    held: frozenset[str]


def time_of(connection: Connection) -> datetime:
    """The database's time: one clock for all shards, whose machines' clocks may differ."""
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def take(connection: Connection, side: Side, ids: Collection[str], shard: str) -> Taken:
    """Claim records for a shard; a claim of a dead run is none, unless a bulk job of that run may still be writing.

    What such a run had claimed it may have written: it counts as settled at the moment when it is taken over.
    """
    wanted = list(dict.fromkeys(ids))  # PostgreSQL refuses to write one row twice in a statement
    got = _take(connection, side, wanted, shard, dead=[])
    held = [record_id for record_id in wanted if record_id not in got]
    if held and (dead := _dead_holders(connection, side, held)):
        got |= _take(connection, side, held, shard, dead=dead)
    return Taken(got, frozenset(wanted) - got.keys())


def _take(
    connection: Connection, side: Side, ids: Sequence[str], shard: str, *, dead: Sequence[str]
) -> dict[str, tuple[datetime | None, int | None]]:
    told = {
        "side": side,
        "ids": list(ids),
        "shard": shard,
        "dead": list(dead),
        "at": time_of(connection) if dead else None,
    }
    return {record_id: (at, run_id) for record_id, at, run_id in connection.execute(_TAKE, told)}


def _dead_holders(connection: Connection, side: Side, ids: Sequence[str]) -> list[str]:
    query = select(claims.c.shard).where(claims.c.side == side, claims.c.shard.is_not(None))
    holders = set(connection.execute(query.where(claims.c.record_id.in_(ids)).distinct()).scalars())
    alive = held_among(connection, [lock_name(name) for name in holders])
    dead = {jobs_key(name): name for name in holders if lock_name(name) not in alive}
    writing = connection.execute(select(meta.c.key).where(meta.c.key.in_(dead), meta.c.value != NO_JOBS)).scalars()
    return sorted(dead[key] for key in dead.keys() - set(writing))


def note_settled(connection: Connection, side: Side, ids: Collection[str], run_id: int) -> None:
    """Remember that this run settled something of these records now, whoever has claimed them."""
    told = {"side": side, "ids": list(ids), "at": time_of(connection), "run_id": run_id}
    connection.execute(_SETTLED, told)


def note_doubtful(connection: Connection, shard: str, run_id: int) -> None:
    """A shard's run broke off: what it has claimed counts as settled now."""
    connection.execute(_MINE, {"shard": shard})
    connection.execute(_DOUBTFUL, {"shard": shard, "at": time_of(connection), "run_id": run_id})


def let_go(connection: Connection, shard: str) -> None:
    """Give up all that a shard has claimed, unless a bulk job of its runs may still be writing."""
    connection.execute(_MINE, {"shard": shard})  # in the order in which others take them: else two could wait for ever
    told = {"shard": shard, "jobs": jobs_key(shard)}
    connection.execute(_NEVER_SETTLED, told)
    connection.execute(_LET_GO, told)


def forget(connection: Connection, older_than: timedelta) -> None:
    """Forget what was settled long ago: no tap that read before it can still have a target behind it."""
    before = time_of(connection) - older_than
    connection.execute(delete(claims).where(claims.c.shard.is_(None), claims.c.settled_at < before))
