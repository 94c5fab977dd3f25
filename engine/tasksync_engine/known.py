"""What the ledger knows of a batch's records, read in one go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_engine.ledger import deletions, intents, links, parked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.deletions import Deletion
    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record


@dataclass(frozen=True, slots=True)
class Known:
    """What is known, by source id.

    Attributes:
        links: All links, the newest first.
        parked: The parked changes.
        deletions: The deletions that were noted.
        intents: The creates that were begun and never settled.
        waiting: Records of the other side that wait for a deleted one to live again.
        retried: The parked changes that this batch tries again; empty for a batch of the stream.
    """

    links: Mapping[str, Sequence[Link]]
    parked: Mapping[str, Parked]
    deletions: Mapping[str, Deletion]
    intents: Mapping[str, Intent]
    waiting: frozenset[str]
    retried: Mapping[str, Parked]

    @classmethod
    def of(cls, context: Context, ids: Sequence[str], retried: Mapping[str, Parked]) -> Known:
        """Read it."""
        with context.ledger.reading() as connection:
            return cls(
                links=links.of_records(connection, context.source, ids),
                parked=parked.of_records(connection, context.source, ids),
                deletions=deletions.of_records(connection, context.source, ids),
                intents=intents.of_records(connection, context.source, ids),
                waiting=parked.waiting_for_deleted(connection, context.target),
                retried=retried,
            )

    def open_link(self, record_id: str) -> Link | None:
        """The record's open link."""
        return next((link for link in self.links.get(record_id, ()) if link.state == links.OPEN), None)

    def is_owed(self, record: Record) -> bool:
        """Whether a create of this record was begun or parked: it stays owed, whatever E (sync-rules §2.2)."""
        change = self.parked.get(record.id)
        return (change is not None and change.owed) or record.id in self.intents
