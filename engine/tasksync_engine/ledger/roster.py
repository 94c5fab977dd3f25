"""Who takes part, since when, and which Salesforce user each one is (sync-rules §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.schema import roster

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Participant:
    """A Sales Connect user and the Salesforce user that they are.

    Attributes:
        sales_connect_id: The user in Sales Connect.
        salesforce_id: The user in Salesforce (18 characters); None where they are left out.
        enabled_at: E: when task sync was turned on.
        left_out: Why a user who is on takes no part, or None.
        email: For people to read.
        is_on: Whether task sync is turned on.
        time_zone: Their time zone's IANA name, where Sales Connect knows it.
    """

    sales_connect_id: str
    salesforce_id: str | None
    enabled_at: datetime
    left_out: str | None = None
    email: str | None = None
    is_on: bool = True
    time_zone: str | None = None


def participants(connection: Connection, *, everyone: bool = False) -> list[Participant]:
    """The users who are on, those left out included; with `everyone`, also those who are off."""
    query = select(roster).order_by(roster.c.sales_connect_id)
    if not everyone:
        query = query.where(roster.c.is_on)
    return [
        Participant(
            sales_connect_id=row.sales_connect_id,
            salesforce_id=row.salesforce_id,
            enabled_at=row.enabled_at,
            left_out=row.left_out,
            email=row.email,
            is_on=row.is_on,
            time_zone=row.time_zone,
        )
        for row in connection.execute(query)
    ]


def replace(connection: Connection, people: Sequence[Participant]) -> None:
    """Write what is now known of these users, the last of each; others stay as they are, and all keep their shards.

    Who is off is nobody in Salesforce any more, but for their shard: it may not have read all of their tasks yet.
    """
    sharded = select(roster.c.sales_connect_id, roster.c.shard, roster.c.salesforce_id)
    known = {row[0]: (row[1], row[2]) for row in connection.execute(sharded.where(roster.c.shard.is_not(None)))}
    latest = {person.sales_connect_id: person for person in people}
    for part in chunks(list(latest)):
        connection.execute(delete(roster).where(roster.c.sales_connect_id.in_(part)))
    rows = [_row(person, *known.get(person.sales_connect_id, (None, None))) for person in latest.values()]
    if rows:
        connection.execute(insert(roster), rows)


def _row(person: Participant, shard: str | None, salesforce_id: str | None) -> dict[str, Any]:
    """A user as they are now, with the shard, and the Salesforce user, that they had."""
    return {
        "sales_connect_id": person.sales_connect_id,
        "email": person.email,
        "name": None,
        "salesforce_id": person.salesforce_id or (None if person.is_on else salesforce_id),
        "is_on": person.is_on,
        "enabled_at": person.enabled_at if person.is_on else None,
        "left_out": person.left_out,
        "time_zone": person.time_zone,
        "shard": shard,
    }
