"""The end of a run whose input was complete: parked changes that are due, then the deletions (sync-rules §6, §7.2)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tasksync_engine import owed_changes
from tasksync_engine.deleting import carry_out
from tasksync_engine.ledger import deletions, intents, shards
from tasksync_engine.ledger.deletions import PENDING
from tasksync_engine.ledger.store import now
from tasksync_engine.pointers import write_pointers

if TYPE_CHECKING:
    from tasksync_engine.context import Context

REMEMBERED = timedelta(days=30)
"""How long a deletion that is done, and a create that was never settled, are kept: as long as a side tells of one."""


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


def forget_settled(context: Context, direction: str) -> None:
    """Forget the deletions that are done, and the creates that nobody goes on with, some time after that.

    A shard that has not run since may still go on with one.
    """
    before = now() - REMEMBERED
    with context.ledger.transaction() as connection:
        deletions.prune(connection, before)
        all_done = before if context.scope is None else shards.all_done_before(connection, direction, before)
        intents.prune(connection, context.source, all_done)
