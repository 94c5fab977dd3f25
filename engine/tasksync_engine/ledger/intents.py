"""Creates on their way out: noted with their values before they are sent (sync-rules §7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, insert, select

from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.links import decode_base, encode_base
from tasksync_engine.ledger.schema import intents, parked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_mappings import Base, Side


@dataclass(frozen=True, slots=True)
class Intent:
    """One create on its way out.

    Attributes:
        side: The side of the source's record.
        record_id: Its id there.
        key: The idempotency key.
        base: The base that the new link will have.
        besides: Deleted counterparts that were known before: they are not what this create made.
    """

    side: Side
    record_id: str
    key: str
    base: Base
    besides: tuple[str, ...] = ()


def of_records(connection: Connection, side: Side, ids: Sequence[str]) -> dict[str, Intent]:
    """The creates of these records that never were settled."""
    return {
        row.record_id: Intent(row.side, row.record_id, row.key, decode_base(row.base), tuple(row.besides))
        for part in chunks(ids)
        for row in connection.execute(select(intents).where(intents.c.side == side, intents.c.record_id.in_(part)))
    }


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
            "base": encode_base(intent.base),
            "besides": list(intent.besides),
            "noted_at": at,
        }
        for intent in latest.values()
    ]
    if rows:
        connection.execute(insert(intents), rows)


def drop(connection: Connection, side: Side, ids: Sequence[str]) -> None:
    """Forget creates that were settled."""
    for part in chunks(ids):
        connection.execute(delete(intents).where(intents.c.side == side, intents.c.record_id.in_(part)))


def prune(connection: Connection, before: datetime) -> None:
    """Forget creates noted before this time, unless they are still owed: a parked one may have arrived (§7.2)."""
    owed = exists().where(parked.c.side == intents.c.side, parked.c.record_id == intents.c.record_id)
    connection.execute(delete(intents).where(intents.c.noted_at < before, ~owed))
