"""A deletion with what it meets on the other side (sync-rules §6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_mappings import Conflict, DeletionOutcome, Pair, other

if TYPE_CHECKING:
    from datetime import datetime

    from tasksync_engine.ledger.deletions import Deletion
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap


@dataclass(slots=True)
class Doomed:
    """One deletion with what it meets on the other side."""

    deletion: Deletion
    tombstone: Record
    link: Link | None
    current: Record | None = None
    outcome: DeletionOutcome | None = None

    @property
    def ids(self) -> tuple[str | None, str | None]:
        """(reminder id, task id)."""
        here, side = self.tombstone.id, self.tombstone.side
        there = self.current.id if self.current else (self.link.record_id(other(side)) if self.link else None)
        return (here, there) if side == "reminder" else (there, here)

    def conflict(self, fields: FieldMap) -> Conflict | None:
        """What is recorded of a deletion that takes edits of a linked record with it."""
        if self.outcome is not DeletionOutcome.DELETE_CHANGED or self.link is None or self.current is None:
            return None
        lost = fields.values(self.current.side, self.current.raw)
        values = Pair(lost, None) if self.current.side == "reminder" else Pair(None, lost)
        return Conflict("deletion", None, values, self.tombstone.side)

    @property
    def task_stamp(self) -> datetime | None:
        """The task's stamp as last seen, in whole seconds as Salesforce keeps it."""
        task = self.tombstone if self.tombstone.side == "task" else self.current
        return task.stamp.replace(microsecond=0) if task else None
