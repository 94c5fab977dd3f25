"""Creates on their way out: noted with their values before they are sent (sync-rules §7.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, insert, select, update

from tasksync_engine.ledger import many
from tasksync_engine.ledger.links import decode_base
from tasksync_engine.ledger.schema import intents, parked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from sqlalchemy import Connection

    from tasksync_mappings import Base, Side


@dataclass(frozen=True, slots=True)
class Sent:
    """What tells the record that a create made, where the create cannot be repeated.

    Attributes:
        values: What it was to hold, in the destination's columns.
        by: The user who creates.
        at: By the service's clock, when it was noted: the record is not older.
        missed_at: When a later run first looked for the record in vain: the request had gone out before.
    """

    values: Mapping[str, Any]
    by: str
    at: datetime
    missed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """One create on its way out.

    Attributes:
        side: The side of the source's record.
        record_id: Its id there.
        key: The idempotency key.
        base: The base that the new link will have.
        besides: Deleted counterparts that were known before: they are not what this create made.
        sent: How to find what it made; None: a create can be repeated, and then returns what the first one made.
        later: The bases with which it was repeated, where they differ from the one before, in order.
    """

    side: Side
    record_id: str
    key: str
    base: Base
    besides: tuple[str, ...] = ()
    sent: Sent | None = None
    later: tuple[Base, ...] = ()


def _encode_sent(sent: Sent | None) -> dict[str, Any] | None:
    if sent is None:
        return None
    missed = sent.missed_at.isoformat() if sent.missed_at else None
    return {"values": dict(sent.values), "by": sent.by, "at": sent.at.isoformat(), "missed_at": missed}


def _decode_sent(stored: Mapping[str, Any] | None) -> Sent | None:
    if stored is None:
        return None
    missed = datetime.fromisoformat(stored["missed_at"]) if stored["missed_at"] else None
    return Sent(stored["values"], stored["by"], datetime.fromisoformat(stored["at"]), missed)


def _intent(row: Any) -> Intent:  # noqa: ANN401 - SQLAlchemy's row is generic
    base, sent = decode_base(row.base), _decode_sent(row.sent)
    later = tuple(decode_base(one) for one in row.later or ())
    return Intent(row.side, row.record_id, row.key, base, tuple(row.besides), sent, later)


def of_records(connection: Connection, side: Side, ids: Sequence[str]) -> dict[str, Intent]:
    """The creates of these records that never were settled."""
    return {
        row.record_id: _intent(row)
        for row in (connection.execute(select(intents).where(*_of(connection, side, ids))) if ids else ())
    }


def _of(connection: Connection, side: Side, ids: Sequence[str]) -> tuple[Any, Any]:
    return intents.c.side == side, many.among(connection, intents.c.record_id, ids)


def unsettled(connection: Connection, side: Side) -> list[Intent]:
    """The creates of one side's records of which nobody knows what they made, and that cannot be repeated."""
    query = select(intents).where(intents.c.side == side, intents.c.sent.is_not(None)).order_by(intents.c.record_id)
    return [_intent(row) for row in connection.execute(query)]


def note_missed(connection: Connection, found: Iterable[Intent], at: datetime) -> None:
    """Remember when what these creates made was first looked for in vain, by the service's clock."""
    for intent in found:
        if intent.sent is not None and intent.sent.missed_at is None:
            query = update(intents).where(intents.c.side == intent.side, intents.c.record_id == intent.record_id)
            connection.execute(query.values(sent=_encode_sent(replace(intent.sent, missed_at=at))))


def note(connection: Connection, creates: Iterable[Intent], at: datetime) -> None:
    """Write creates ahead; each replaces an earlier one of its record."""
    latest = {(intent.side, intent.record_id): intent for intent in creates}
    for side in ("reminder", "task"):
        drop(connection, side, [key[1] for key in latest if key[0] == side])
    rows = [
        {
            "side": intent.side,
            "record_id": intent.record_id,
            "key": intent.key,
            "base": intent.base,
            "besides": list(intent.besides),
            "noted_at": at,
            "sent": _encode_sent(intent.sent),
            "later": list(intent.later) or None,
        }
        for intent in latest.values()
    ]
    many.execute(connection, insert(intents), rows)


def drop(connection: Connection, side: Side, ids: Sequence[str]) -> None:
    """Forget creates that were settled."""
    if ids:
        connection.execute(delete(intents).where(*_of(connection, side, ids)))


def prune(connection: Connection, side: Side, before: datetime) -> None:
    """Forget a side's creates noted before this time, unless they are owed: a parked one may have arrived (§7.2)."""
    owed = exists().where(parked.c.side == intents.c.side, parked.c.record_id == intents.c.record_id)
    connection.execute(delete(intents).where(intents.c.side == side, intents.c.noted_at < before, ~owed))
