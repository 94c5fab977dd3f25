"""Parked changes: what could not go through, kept whole with the reason (sync-rules §7.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, or_, select, update

from tasksync_engine.ledger import many
from tasksync_engine.ledger.links import decode_base
from tasksync_engine.ledger.schema import parked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_engine.ledger.shards import Scope
    from tasksync_mappings import Base, Side

ROSTER = "roster"
GONE = "gone"
CLAIMED = "claimed"
RUNAWAY = "runaway"
UNSETTLED = "unsettled"
DOUBTFUL = "doubtful"
ALLOWANCE = "allowance"
INVALID_RECORD = "INVALID_RECORD"
UNDONE = "undone"
ADOPTED = "adopted"
WAITING = frozenset({ROSTER, GONE, ALLOWANCE, ADOPTED})
"""Reasons that end by themselves: another event, not a person, brings them on."""
MEANT = frozenset({UNDONE})
"""Reasons that a person gave: nothing is to be done about them."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A change that could not go through.

    Attributes:
        side: The side that the change came from.
        record_id: Its record there.
        code: The system's error code, or a reason of ours (`roster`, `gone`, …).
        category: One of sync-rules §8.
        message: The server's reason, or ours.
        payload: The source's record as it arrived.
        base: The link's base at that time; of what was undone, only that of the undone fields.
        user_id: The record's user on its side.
        attempts: How often it was tried.
        parked_at: Since when.
        retry_at: When it is due; None: when the record changes again, or a person asks.
        run_id: The run that parked it.
        reported: Whether `check` has told it already.
        owed: Whether an unlinked record's counterpart is owed whatever its age (§2.2).
    """

    side: Side
    record_id: str
    code: str
    category: str
    message: str
    payload: Mapping[str, Any]
    parked_at: datetime
    base: Base = field(default_factory=dict)
    user_id: str | None = None
    attempts: int = 1
    retry_at: datetime | None = None
    run_id: int = 0
    reported: bool = False
    owed: bool = True

    @property
    def needs_person(self) -> bool:
        """Whether nothing but a person, or a new change of the record, brings it on."""
        return self.retry_at is None and self.code not in WAITING | MEANT


def read_parked(row: Any) -> Parked:  # noqa: ANN401 - SQLAlchemy's row is generic
    """A row of the table."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    return Parked(**{**values, "base": decode_base(values["base"])})


def of_records(connection: Connection, side: Side, ids: Sequence[str]) -> dict[str, Parked]:
    """What is parked of these records."""
    return {
        row.record_id: read_parked(row)
        for row in (connection.execute(select(parked).where(*_of(connection, side, ids))) if ids else ())
    }


def _of(connection: Connection, side: Side, ids: Sequence[str]) -> tuple[Any, Any]:
    return parked.c.side == side, many.among(connection, parked.c.record_id, ids)


def among(connection: Connection, side: Side, ids: Sequence[str]) -> set[str]:
    """Which of these records have something parked."""
    if not ids:
        return set()
    return set(connection.execute(select(parked.c.record_id).where(*_of(connection, side, ids))).scalars())


def everything(connection: Connection) -> list[Parked]:
    """All that is parked, the oldest first."""
    return [read_parked(row) for row in connection.execute(select(parked).order_by(parked.c.parked_at))]


def due(connection: Connection, side: Side, at: datetime, scope: Scope | None = None, *, run_id: int) -> list[Parked]:
    """What is to be tried again in this run: due by its time, or waiting for the roster or for API calls.

    What this run has parked itself is not due, but for what it kept back for its own end. With a scope, of its users.
    """
    by_time = and_(parked.c.retry_at.is_not(None), parked.c.retry_at <= at)
    earlier = and_(parked.c.run_id != run_id, or_(by_time, parked.c.code == ROSTER))
    query = (
        select(parked)
        .where(parked.c.side == side, or_(earlier, parked.c.code == ALLOWANCE))
        .order_by(parked.c.parked_at)
    )
    if scope is not None:
        # A parked deletion has its counterpart's user.
        query = query.where(scope.covers(parked.c.user_id, "reminder", "task"))
    return [read_parked(row) for row in connection.execute(query)]


def waiting_for_deleted(connection: Connection, side: Side) -> frozenset[str]:
    """The records of one side whose change waits because the other record is gone."""
    query = select(parked.c.record_id).where(parked.c.side == side, parked.c.code == GONE)
    return frozenset(connection.execute(query).scalars())


def park(connection: Connection, changes: Iterable[Parked]) -> None:
    """Park changes; each replaces what was parked of its record."""
    latest = {(change.side, change.record_id): change for change in changes}
    for side in ("reminder", "task"):
        drop(connection, side, [key[1] for key in latest if key[0] == side])
    rows = [
        {
            "side": change.side,
            "record_id": change.record_id,
            "code": change.code[:80],
            "category": change.category,
            "message": change.message,
            "payload": dict(change.payload),
            "base": change.base,
            "user_id": change.user_id,
            "attempts": change.attempts,
            "parked_at": change.parked_at,
            "retry_at": change.retry_at,
            "run_id": change.run_id,
            "reported": change.reported,
            "owed": change.owed,
        }
        for change in latest.values()
    ]
    if rows:
        connection.execute(insert(parked), rows)


def rebase(connection: Connection, side: Side, moved: Mapping[str, Base]) -> None:
    """Take over the bases of these fields, so that they still count as changed although their base has moved."""
    for record_id, change in of_records(connection, side, sorted(moved)).items():
        base = {**change.base, **moved[record_id]}
        query = update(parked).where(parked.c.side == side, parked.c.record_id == record_id)
        connection.execute(query.values(base=base))


def drop(connection: Connection, side: Side, ids: Sequence[str]) -> None:
    """Forget what is parked of these records."""
    if ids:
        connection.execute(delete(parked).where(*_of(connection, side, ids)))


def request_retry(connection: Connection, at: datetime, record_id: str | None = None) -> int:
    """Make parked changes due, at a person's word; all of them, or one record's. Returns how many.

    A record that is not what its API promises cannot be tried again: only a new version of it can mend that.
    """
    query = update(parked).where(parked.c.code != INVALID_RECORD).values(retry_at=at, run_id=0)
    if record_id is not None:
        query = query.where(parked.c.record_id == record_id)
    return connection.execute(query).rowcount


def mark_reported(connection: Connection) -> None:
    """Remember that a check has told what is parked now."""
    connection.execute(update(parked).values(reported=True))
