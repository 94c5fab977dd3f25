"""What a person looks up in the ledger: reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from tasksync_engine.ledger.links import read_link
from tasksync_engine.ledger.parked import MEANT, read_parked
from tasksync_engine.ledger.schema import conflicts, history, links, mapping_of, meta, parked, runs, shards

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Column, ColumnElement, Connection, Select

    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_mappings import Side


@dataclass(frozen=True, slots=True)
class Sought:
    """Which rows of a table a person wants to see; None: whatever it is.

    Attributes:
        users: Ids of users, of either side.
        kinds: Of parked changes their categories and codes, of conflicts their fields, of links their states; in lower
            case.
        since: Not older than this.
        before: Older than this.
    """

    users: Collection[str] | None = None
    kinds: Collection[str] | None = None
    since: datetime | None = None
    before: datetime | None = None

    def aged(self, column: Column[Any]) -> list[ColumnElement[bool]]:
        """The conditions on a row's time."""
        since = [] if self.since is None else [column >= self.since]
        return since if self.before is None else [*since, column < self.before]


def links_sought(sought: Sought) -> ColumnElement[bool]:
    """The condition on links."""
    told = sought.aged(links.c.created_at)
    if sought.kinds is not None:
        told.append(links.c.state.in_(sought.kinds))
    if sought.users is not None:
        told.append(or_(links.c.reminder_user.in_(sought.users), links.c.task_user.in_(sought.users)))
    return and_(True, *told)  # noqa: FBT003 - SQLAlchemy's way of "nothing else"


def find_links(connection: Connection, sought: Sought, limit: int | None = None) -> tuple[list[Link], int]:
    """The links that are sought, the newest first, and how many there are in all."""
    told = links_sought(sought)
    query = select(links).where(told).order_by(links.c.id.desc()).limit(limit)
    return [read_link(row) for row in connection.execute(query)], _count(connection, select(links.c.id).where(told))


def _parked_sought(sought: Sought) -> ColumnElement[bool]:
    told = sought.aged(parked.c.parked_at)
    if sought.kinds is not None:
        told.append(or_(func.lower(parked.c.category).in_(sought.kinds), func.lower(parked.c.code).in_(sought.kinds)))
    if sought.users is not None:
        told.append(parked.c.user_id.in_(sought.users))  # a parked deletion has its counterpart's user
    return and_(True, *told)  # noqa: FBT003 - see above


def find_parked(connection: Connection, sought: Sought, limit: int | None = None) -> tuple[list[Parked], int]:
    """The parked changes that are sought, the oldest first, and how many there are in all."""
    told = _parked_sought(sought)
    order = parked.c.parked_at, parked.c.side, parked.c.record_id
    query = select(parked).where(told).order_by(*order).limit(limit)
    return [read_parked(row) for row in connection.execute(query)], _count(
        connection, select(parked.c.record_id).where(told)
    )


def count_parked(connection: Connection, side: Side) -> int:
    """How many changes of a side are parked, but for those that a person took back."""
    query = select(func.count()).select_from(parked).where(parked.c.side == side, parked.c.code.not_in(MEANT))
    return connection.execute(query).scalar_one()


def conflicts_sought(sought: Sought) -> ColumnElement[bool]:
    """The condition on conflicts."""
    told = sought.aged(conflicts.c.at)
    if sought.kinds is not None:
        told.append(func.lower(conflicts.c.field).in_(sought.kinds))
    if sought.users is not None:
        theirs = or_(links.c.reminder_user.in_(sought.users), links.c.task_user.in_(sought.users))
        told.append(conflicts.c.task_id.in_(select(links.c.task_id).where(theirs)))
    return and_(True, *told)  # noqa: FBT003 - see above


def find_conflicts(
    connection: Connection, sought: Sought, limit: int | None = None
) -> tuple[list[Mapping[str, Any]], int]:
    """The recorded conflicts that are sought, the newest first, and how many there are in all."""
    told = conflicts_sought(sought)
    query = select(conflicts).where(told).order_by(conflicts.c.id.desc()).limit(limit)
    found = [mapping_of(row) for row in connection.execute(query)]
    return found, _count(connection, select(conflicts.c.id).where(told))


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def remembered(connection: Connection, key: str) -> str | None:
    """A value that a run remembered (`Ledger.put`)."""
    return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()


def last_run(connection: Connection, direction: str, *, plans: bool = False) -> Mapping[str, Any] | None:
    """The newest run of a direction; with `plans`, a dry run counts too."""
    query = select(runs).where(runs.c.direction == direction).order_by(runs.c.id.desc()).limit(1)
    if not plans:
        query = query.where(runs.c.dry_run.is_(False))
    row = connection.execute(query).first()
    return None if row is None else mapping_of(row)


def last_runs(connection: Connection, direction: str) -> list[Mapping[str, Any]]:
    """The newest run of a direction for all users; or, where shards have run since, of each shard of the plan."""
    ran = select(runs).where(runs.c.direction == direction, runs.c.dry_run.is_(False))
    whole = connection.execute(ran.where(runs.c.shard.is_(None)).order_by(runs.c.id.desc()).limit(1)).first()
    newest = select(func.max(runs.c.id)).where(runs.c.direction == direction, runs.c.id > (whole.id if whole else 0))
    newest = newest.where(runs.c.shard.in_(select(shards.c.name)), runs.c.dry_run.is_(False)).group_by(runs.c.shard)
    found = connection.execute(select(runs).where(runs.c.id.in_(newest)).order_by(runs.c.id)).all()
    return [mapping_of(row) for row in found or ([whole] if whole else [])]


def has_run_whole(connection: Connection, directions: Collection[str]) -> bool:
    """Whether there was ever a run for all users in one of these directions."""
    whole = select(runs.c.id).where(runs.c.shard.is_(None), runs.c.dry_run.is_(False))
    return connection.execute(whole.where(runs.c.direction.in_(directions)).limit(1)).first() is not None


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
