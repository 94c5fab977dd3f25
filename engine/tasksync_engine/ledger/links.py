"""Links: one reminder paired with one task, and their base."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, or_, select, text, update

from tasksync_engine.ledger import many
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.schema import links
from tasksync_mappings import Base, Pair, Side

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from tasksync_engine.ledger.shards import Scope

OPEN, CLOSED, KEPT = "open", "closed", "kept"

PIECE = 2000
"""Links read at once where there may be any number of them."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What went out to one side of a link and was not settled yet: after a crash it may or may not have arrived (§7.4).

    Attributes:
        side: The side that it went to.
        base: The base that the link was to have; None for a deletion.
        stamp: When the record there had last been touched before.
        before: An earlier one, to the link's other record: what of it is still not known to have arrived.
    """

    side: Side
    base: Base | None
    stamp: datetime
    before: Ahead | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One reminder paired with one task.

    Attributes:
        id: The ledger's own number.
        reminder_id: Sales Connect's id.
        task_id: Salesforce's id, 18 characters.
        state: `open`; `closed` by a deletion; or `kept`: closed, and neither record gets a new counterpart.
        base: What both sides held when they last agreed; empty for an adopted pair.
        reminder_user: The assignee as last seen.
        task_user: The owner as last seen.
        origin: `pushed`, `imported` or `adopted`.
        task_stamp: Of a closed link: the task's SystemModstamp as last seen before it was deleted.
        ahead: A write of ours whose outcome is not known.
    """

    id: int
    reminder_id: str
    task_id: str
    state: str
    base: Base
    reminder_user: str | None
    task_user: str | None
    origin: str
    task_stamp: datetime | None = None
    ahead: Ahead | None = None

    def record_id(self, side: Side) -> str:
        """The id of one side's record."""
        return self.reminder_id if side == "reminder" else self.task_id

    def moved(self, base: Base, reminder_user: str | None, task_user: str | None, ahead: Ahead | None) -> Link:
        """The link with these; written out, for `replace` takes many times as long."""
        told = self.id, self.reminder_id, self.task_id, self.state
        return Link(*told, base, reminder_user, task_user, self.origin, self.task_stamp, ahead)

    def user(self, side: Side) -> str | None:
        """The user of one side's record, as last seen."""
        return self.reminder_user if side == "reminder" else self.task_user


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link about to be written; `pointer_owed`: its reminder shall get the task's id (sync-rules §2.5)."""

    reminder_id: str
    task_id: str
    base: Base
    reminder_user: str | None
    task_user: str | None
    origin: str
    pointer_owed: bool = False


def decode_base(stored: Mapping[str, Sequence[Any]] | None) -> Base:
    """A base as the ledger stores it: field → [reminder value, task value]."""
    return {name: Pair(*values) for name, values in (stored or {}).items()}


def _column(side: Side) -> Any:  # noqa: ANN401 - SQLAlchemy's column type depends on the table
    return links.c.reminder_id if side == "reminder" else links.c.task_id


def _user_column(side: Side) -> Any:  # noqa: ANN401 - see above
    return links.c.reminder_user if side == "reminder" else links.c.task_user


def read_link(row: Any) -> Link:  # noqa: ANN401 - SQLAlchemy's row is generic
    """A row of the table."""
    id_, reminder_id, task_id, state, base, reminder_user, task_user, origin, _, _, task_stamp, ahead, *_ = row
    noted = _decode_ahead(ahead)
    return Link(id_, reminder_id, task_id, state, base, reminder_user, task_user, origin, task_stamp, noted)


def of_records(connection: Connection, side: Side, ids: Sequence[str]) -> dict[str, list[Link]]:
    """All links, open and closed, of these records; the newest first."""
    found: dict[str, list[Link]] = {}
    query = select(links).where(many.among(connection, _column(side), ids)).order_by(links.c.id.desc())
    for row in connection.execute(query) if ids else ():
        link = read_link(row)
        found.setdefault(link.record_id(side), []).append(link)
    return found


def open_ids(  # noqa: PLR0913 - what is sought, and from where on
    connection: Connection,
    side: Side,
    users: Collection[str] | None = None,
    scope: Scope | None = None,
    *,
    after: int = 0,
    made_before: datetime | None = None,
) -> list[tuple[int, str]]:
    """The numbers and the ids of one side of open links; with `users` or a scope, of those whose record is theirs.

    A record that we made lately and that was not seen since is left out: that a look does not find it says nothing.

    Args:
        connection: The ledger.
        side: Whose ids.
        users: At most as many as one statement takes.
        scope: A shard's users.
        after: Only links with a greater number.
        made_before: A record made before this shows, if it is there at all.
    """
    column = _user_column(side)
    if users is not None:
        seen = column.in_(users)
    else:
        seen = or_(column.is_not(None), links.c.created_at < made_before) if made_before else column.is_not(None)
    query = select(links.c.id, _column(side)).where(links.c.state == OPEN, seen, links.c.id > after)
    if scope is not None:
        query = query.where(scope.covers(column, side))
    return [(row[0], row[1]) for row in connection.execute(query.order_by(links.c.id).limit(PIECE))]


def users_of_open(connection: Connection, side: Side, ids: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Which of these ids are in open links, each with the user whose record it is there as last seen."""
    query = select(_column(side), _user_column(side))
    query = query.where(many.among(connection, _column(side), ids), links.c.state == OPEN)
    if ids:
        yield from connection.execute(query).tuples()


def owed_pointers(connection: Connection) -> list[Link]:
    """Open links whose reminder does not have its task's id yet, though it shall (sync-rules §2.5)."""
    # As SQLite has it in the index of these few: by "pointer_owed = 1" or the state it would go through all open links.
    owed, still_open = text("links.pointer_owed"), links.c.state.concat("") == OPEN
    query = select(links).where(owed, still_open).order_by(links.c.id)
    return [read_link(row) for row in connection.execute(query)]


def settle_pointers(connection: Connection, ids: Sequence[int]) -> None:
    """The reminders of these links, by the ledger's numbers, have their task's id."""
    for part in chunks(ids):
        connection.execute(update(links).where(links.c.id.in_(part)).values(pointer_owed=False))


def open_after(connection: Connection, after: int) -> list[Link]:
    """Open links with a greater number, the first of them, in order."""
    query = select(links).where(links.c.state == OPEN, links.c.id > after).order_by(links.c.id).limit(PIECE)
    return [read_link(row) for row in connection.execute(query)]


def count_open(connection: Connection, scope: Scope | None = None) -> int:
    """How many links are open; with a scope, of those whose reminder or task is its users'."""
    query = select(func.count()).select_from(links).where(links.c.state == OPEN)
    if scope is not None:
        theirs = or_(scope.covers(links.c.reminder_user, "reminder"), scope.covers(links.c.task_user, "task"))
        query = query.where(theirs)
    return connection.execute(query).scalar_one()


def add(connection: Connection, new: Iterable[NewLink], at: datetime, *, state: str = OPEN) -> None:
    """Write new links, open ones unless told otherwise."""
    rows = [
        {
            "reminder_id": link.reminder_id,
            "task_id": link.task_id,
            "state": state,
            "base": link.base,
            "reminder_user": link.reminder_user,
            "task_user": link.task_user,
            "origin": link.origin,
            "created_at": at,
            "pointer_owed": link.pointer_owed,
        }
        for link in new
    ]
    many.execute(connection, insert(links), rows)


def _encode_ahead(ahead: Ahead | None) -> dict[str, Any] | None:
    if ahead is None:
        return None
    told = {"side": ahead.side, "base": ahead.base, "stamp": ahead.stamp.isoformat()}
    return told | ({"before": _encode_ahead(ahead.before)} if ahead.before else {})


def _decode_ahead(stored: Mapping[str, Any] | None) -> Ahead | None:
    if stored is None:
        return None
    base = None if stored["base"] is None else decode_base(stored["base"])
    before = _decode_ahead(stored.get("before"))
    return Ahead(stored["side"], base, datetime.fromisoformat(stored["stamp"]), before)


def note_ahead(connection: Connection, noted: Iterable[Link]) -> None:
    """Write down what is about to go out on these links."""
    rows = [{"link_id": link.id, "new_ahead": _encode_ahead(link.ahead)} for link in noted]
    query = update(links).where(links.c.id == bindparam("link_id")).values(ahead=bindparam("new_ahead"))
    many.execute(connection, query, rows)


def rebase(connection: Connection, changed: Iterable[Link]) -> None:
    """Write the base, the users and what is still ahead of links that were settled."""
    rows = [
        {
            "link_id": link.id,
            "new_base": link.base,
            "new_reminder_user": link.reminder_user,
            "new_task_user": link.task_user,
            "new_ahead": _encode_ahead(link.ahead),
        }
        for link in changed
    ]
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("base", "reminder_user", "task_user", "ahead")}
    many.execute(connection, update(links).where(links.c.id == bindparam("link_id")).values(new), rows)


def close(connection: Connection, ended: Iterable[tuple[Link, datetime | None]], at: datetime, *, state: str) -> None:
    """Close links by a deletion; with each, the task's SystemModstamp as last seen."""
    rows = [{"link_id": link.id, "stamp": stamp} for link, stamp in ended]
    query = update(links).where(links.c.id == bindparam("link_id"))
    many.execute(connection, query.values(state=state, closed_at=at, task_stamp=bindparam("stamp")), rows)
