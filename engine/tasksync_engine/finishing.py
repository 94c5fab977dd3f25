"""The end of a run whose input was complete: parked changes that are due, then the deletions (sync-rules §6, §7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_engine import owed_changes
from tasksync_engine.deleting import carry_out
from tasksync_engine.ledger import deletions
from tasksync_engine.ledger.deletions import PENDING
from tasksync_engine.pointers import write_pointers

if TYPE_CHECKING:
    from tasksync_engine.context import Context


def finish(context: Context) -> None:
    """Do what may only be done once the tap has said that its input was complete.

    Raises:
        StopRun: The destination cannot go on; what was carried out before is settled.
    """
    owed = owed_changes.due(context)
    with context.ledger.transaction() as connection:
        deletions.set_state(connection, context.source, list(owed.tombstones), PENDING)
    first = owed_changes.before_the_deletions(context, owed)
    owed_changes.try_again(context, owed, first)
    carry_out(context, owed.tombstones)
    context.counts.pop("deferred", None)
    if len(first) < len(owed.work):
        owed_changes.try_what_fits(context, {one.record.id for one in first})
    if context.target == "reminder":
        write_pointers(context)
