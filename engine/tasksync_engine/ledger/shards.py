"""Shards: the roster cut into parts, each with pipelines and a lock of its own (sync-rules §7.6).

The first shard also has everybody whom no other shard has: people who are no Sales Connect users, or not any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, insert, or_, select, update

from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.lock import held_among
from tasksync_engine.ledger.schema import history, links, roster, runs, shards

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection

    from tasksync_mappings import Side

FIRST = "1"
READINGS_COUNT_FROM = "readings_count_from"
"""The ledger remembers under this, by its own clock, when a plan or a run for all users was last going on."""
WHOLE_READINGS_COUNT_FROM = "whole_readings_count_from"
"""... and under this, when a shard's run was."""
JOBS = "bulk_jobs"
"""The ledger's notes of bulk jobs that may be writing begin with this key."""


def jobs_key(shard: str | None) -> str:
    """Under which key the jobs of a shard's runs are noted; None: those of runs without shards."""
    return JOBS if shard is None else f"{JOBS}:{shard}"


def lock_name(shard: str) -> str:
    """What the lock of a shard's runs is called."""
    return f"shard.{shard}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records one shard looks after.

    Attributes:
        shard: Its name.
        mine: Its own users, by side.
        elsewhere: The other shards' users, by side.
    """

    shard: str
    mine: Mapping[Side, frozenset[str]]
    elsewhere: Mapping[Side, frozenset[str]]

    @property
    def takes_rest(self) -> bool:
        """Whether it also has whoever belongs to no shard."""
        return self.shard == FIRST

    def has(self, side: Side, user_id: str | None) -> bool:
        """Whether records of this user are this shard's."""
        if user_id in self.mine[side]:
            return True
        return self.takes_rest and user_id not in self.elsewhere[side]

    def covers(self, user: Column[str | None], *sides: Side) -> ColumnElement[bool]:
        """The same as a condition on a column with user ids of a side, or of either side."""
        columns = [roster.c.sales_connect_id if side == "reminder" else roster.c.salesforce_id for side in sides]
        known = [select(ids).where(ids.is_not(None)) for ids in columns]
        if not self.takes_rest:
            return or_(*(user.in_(ids.where(roster.c.shard == self.shard)) for ids in known))
        return or_(user.is_(None), and_(*(user.not_in(ids.where(roster.c.shard != self.shard)) for ids in known)))


def scope_of(connection: Connection, shard: str) -> Scope:
    """What a shard looks after by the plan there is.

    Raises:
        ConfigError: The plan has no such shard.
    """
    if shard not in (known := names(connection)):
        told = f"it has {', '.join(known)}" if known else "there is none yet"
        message = f"The plan has no shard {shard!r}: {told}. `tasksync shards plan` makes one."
        raise ConfigError(message)
    mine: dict[Side, set[str]] = {"reminder": set(), "task": set()}
    elsewhere: dict[Side, set[str]] = {"reminder": set(), "task": set()}
    query = select(roster.c.sales_connect_id, roster.c.salesforce_id, roster.c.shard)
    for user, salesforce_id, its_shard in connection.execute(query.where(roster.c.shard.is_not(None))):
        into = mine if its_shard == shard else elsewhere
        into["reminder"].add(user)
        into["task"] |= {salesforce_id} - {None}
    return Scope(
        shard,
        {side: frozenset(ids) for side, ids in mine.items()},
        {side: frozenset(ids) for side, ids in elsewhere.items()},
    )


def names(connection: Connection) -> list[str]:
    """The shards of the plan there is, in order."""
    return sorted(connection.execute(select(shards.c.name)).scalars(), key=lambda name: (len(name), name))


def assignment(connection: Connection) -> dict[str, str]:
    """Which shard each Sales Connect user has, of those who have one."""
    query = select(roster.c.sales_connect_id, roster.c.shard).where(roster.c.shard.is_not(None))
    return dict(connection.execute(query).tuples().all())


def assign(connection: Connection, plan: Mapping[str, str], shard_names: Sequence[str]) -> None:
    """Write a plan: the shards, and which one each Sales Connect user has; users without one have none any more."""
    connection.execute(delete(shards).where(shards.c.name.not_in(shard_names)))
    known = set(names(connection))
    if new := [{"name": name} for name in shard_names if name not in known]:
        connection.execute(insert(shards), new)
    connection.execute(update(roster).where(roster.c.shard.is_not(None)).values(shard=None))
    for name in shard_names:
        for part in chunks([user for user, shard in plan.items() if shard == name]):
            connection.execute(update(roster).where(roster.c.sales_connect_id.in_(part)).values(shard=name))


def all_done_before(connection: Connection, direction: str, at: datetime) -> datetime:
    """The latest time, at most this one, since which each shard has had a complete run of a direction."""
    query = select(func.max(runs.c.started_at)).where(runs.c.direction == direction, runs.c.complete)
    query = query.where(runs.c.shard.in_(known := names(connection))).group_by(runs.c.shard)
    done = list(connection.execute(query).scalars())
    return min([at, *done]) if len(done) == len(known) else datetime.min.replace(tzinfo=UTC)


def activity(connection: Connection, since: datetime) -> dict[str, int]:
    """How often something was done since then with the linked records of each Sales Connect user."""
    query = (
        select(links.c.reminder_user, func.count())
        .join(history, history.c.reminder_id == links.c.reminder_id)
        .where(links.c.state == "open", links.c.reminder_user.is_not(None), history.c.at >= since)
        .group_by(links.c.reminder_user)
    )
    return dict(connection.execute(query).tuples().all())


# The shared budget of API calls.


def reserve(connection: Connection, shard: str, calls: int) -> None:
    """Say how many API calls the shard's run is about to make; 0: none any more."""
    connection.execute(update(shards).where(shards.c.name == shard).values(reserved=calls))


def reserved_by_others(connection: Connection, shard: str) -> int:
    """How many API calls the other shards' runs are about to make; one that was killed makes none."""
    query = select(shards.c.name, shards.c.reserved).where(shards.c.name != shard, shards.c.reserved > 0)
    waiting = dict(connection.execute(query).tuples().all())
    if not waiting:
        return 0
    alive = held_among(connection, [lock_name(name) for name in waiting])
    return sum(calls for name, calls in waiting.items() if lock_name(name) in alive)
