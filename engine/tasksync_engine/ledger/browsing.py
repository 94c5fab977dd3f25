"""What a person leafs through: pages of links, conflicts and parked changes, and the runs of some days; reads only.

A page is found by the key that it begins after, not by how many rows come before it: the thousandth costs what the
first does, and none moves while runs write.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Text, and_, func, literal, or_, select, tuple_, type_coerce

from tasksync_engine.ledger.links import OPEN, Link, read_link
from tasksync_engine.ledger.overview import Sought, conflicts_sought, links_sought
from tasksync_engine.ledger.parked import MEANT, WAITING, Parked, read_parked
from tasksync_engine.ledger.schema import conflicts, links, mapping_of, parked, runs, shards

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from tasksync_mappings import Side

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a page of numbered rows, the newest first, begins.

    Attributes:
        size: How many rows at most.
        key: The number that it lies next to; None: the first page.
        back: Whether it holds the newer rows, towards the first page, instead of the older ones.
    """

    size: int
    key: int | None = None
    back: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, the newest first, and where to go on.

    Attributes:
        rows: At most a leaf's size.
        newer: The key whose `back` leaf holds the rows before these; None: these are the first.
        older: The key whose leaf holds the rows after these; None: these are the last.
    """

    rows: list[T]
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True)
class ParkedGroup:
    """Parked changes with one code: how many, how many of them need a person, and one message for an example."""

    category: str
    code: str
    count: int
    needs_person: int
    message: str


def links_page(connection: Connection, sought: Sought, leaf: Leaf) -> Page[Link]:
    """A page of the links that are sought."""
    found = _leafed(connection, select(links).where(links_sought(sought)), links.c.id, leaf)
    return Page([read_link(row) for row in found.rows], found.newer, found.older)


def conflicts_page(
    connection: Connection, sought: Sought, leaf: Leaf, *, winner: str | None = None
) -> Page[Mapping[str, Any]]:
    """A page of the recorded conflicts that are sought; with `winner`, where that side's value stands."""
    query = select(conflicts).where(conflicts_sought(sought))
    if winner is not None:
        query = query.where(conflicts.c.winner == winner)
    found = _leafed(connection, query, conflicts.c.id, leaf)
    return Page([mapping_of(row) for row in found.rows], found.newer, found.older)


def conflict_fields(connection: Connection) -> list[str]:
    """The fields that any recorded conflict was over."""
    return list(connection.execute(select(conflicts.c.field).distinct().order_by(conflicts.c.field)).scalars())


def count_conflicts(connection: Connection) -> int:
    """How many conflicts are recorded."""
    return connection.execute(select(func.count()).select_from(conflicts)).scalar_one()


def _leafed(connection: Connection, query: Select[Any], key: ColumnElement[int], leaf: Leaf) -> Page[Any]:
    one_more = leaf.size + 1
    if leaf.key is None:
        rows = list(connection.execute(query.order_by(key.desc()).limit(one_more)))
        newer, older = False, len(rows) > leaf.size
    elif leaf.back:
        rows = list(connection.execute(query.where(key > leaf.key).order_by(key.asc()).limit(one_more)))
        newer, older = len(rows) > leaf.size, True
    else:
        rows = list(connection.execute(query.where(key < leaf.key).order_by(key.desc()).limit(one_more)))
        newer, older = True, len(rows) > leaf.size
    rows = rows[: leaf.size]
    if leaf.back:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    return Page(rows, rows[0].id if newer else None, rows[-1].id if older else None)


def parked_groups(connection: Connection) -> list[ParkedGroup]:
    """What is parked, counted by category and code."""
    asks = and_(parked.c.retry_at.is_(None), parked.c.code.not_in(WAITING | MEANT))
    counted = func.count(), func.count().filter(asks), func.max(parked.c.message)
    query = select(parked.c.category, parked.c.code, *counted).group_by(parked.c.category, parked.c.code)
    return [ParkedGroup(*row) for row in connection.execute(query.order_by(parked.c.category, parked.c.code))]


def parked_page(
    connection: Connection, size: int, *, category: str, code: str | None = None, after: tuple[str, str] | None = None
) -> tuple[list[Parked], tuple[str, str] | None]:
    """Parked changes of a category, by record; and the key (side, record id) to go on after, if there are more."""
    query = select(parked).where(parked.c.category == category)
    if code is not None:
        query = query.where(parked.c.code == code)
    if after is not None:
        query = query.where(tuple_(parked.c.side, parked.c.record_id) > tuple_(literal(after[0]), literal(after[1])))
    rows = list(connection.execute(query.order_by(parked.c.side, parked.c.record_id).limit(size + 1)))
    found = [read_parked(row) for row in rows[:size]]
    return found, ((found[-1].side, found[-1].record_id) if len(rows) > size else None)


def runs_since(connection: Connection, since: datetime) -> list[Mapping[str, Any]]:
    """The runs that began then or later, the oldest first."""
    query = select(runs).where(runs.c.started_at >= since).order_by(runs.c.id)
    return [mapping_of(row) for row in connection.execute(query)]


def last_complete_run(connection: Connection, direction: str) -> Mapping[str, Any] | None:
    """The newest run of a direction that got to its end and wrote; with shards, that of the one furthest behind."""
    newest = select(runs.c.shard, func.max(runs.c.id)).where(runs.c.direction == direction, runs.c.complete)
    by_shard = dict(connection.execute(newest.where(runs.c.dry_run.is_(False)).group_by(runs.c.shard)).tuples().all())
    whole = by_shard.get(None, 0)
    names = connection.execute(select(shards.c.name)).scalars().all()
    number = min((max(whole, by_shard.get(name, 0)) for name in names), default=whole)
    row = connection.execute(select(runs).where(runs.c.id == number)).first()
    return None if row is None else mapping_of(row)


def links_holding(connection: Connection, field: str, values: Collection[str]) -> list[Link]:
    """Open links whose base holds one of these texts in a field, on either side.

    Args:
        connection: The ledger.
        field: The field's canonical name.
        values: Texts without anything that JSON escapes, such as dates.
    """
    base = type_coerce(links.c.base, Text)
    matches = [
        base.like(pattern, escape="!")
        for value in sorted(values)
        for pattern in (f'%"{_plain(field)}":["{_plain(value)}"%', f'%"{_plain(field)}":[%,"{_plain(value)}"]%')
    ]
    if not matches:
        return []
    query = select(links).where(links.c.state == OPEN, or_(*matches)).order_by(links.c.id.desc())
    return [
        link
        for link in map(read_link, connection.execute(query))
        if (held := link.base.get(field)) and not {held.reminder, held.task}.isdisjoint(values)
    ]


def parked_holding(connection: Connection, side: Side, column: str, values: Collection[str]) -> list[Parked]:
    """Parked changes of one side whose record, as it was parked, holds one of these texts in a column."""
    payload = type_coerce(parked.c.payload, Text)
    matches = [payload.like(f'%"{_plain(column)}":"{_plain(value)}"%', escape="!") for value in sorted(values)]
    if not matches:
        return []
    rows = connection.execute(select(parked).where(parked.c.side == side, or_(*matches)))
    return [change for change in map(read_parked, rows) if change.payload.get(column) in values]


def _plain(text: str) -> str:
    """Text that stands for itself in a LIKE pattern."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
