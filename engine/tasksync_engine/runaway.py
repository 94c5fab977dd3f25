"""Records that are written over and over: another automation answers each write of ours with an edit of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tasksync_engine.ledger import looking_back
from tasksync_engine.ledger.looking_back import RELEASE
from tasksync_engine.ledger.parked import RUNAWAY
from tasksync_engine.ledger.runs import Event
from tasksync_engine.ledger.store import now
from tasksync_engine.work import Change, Making, ids_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record

Outgoing = TypeVar("Outgoing", Change, Making)


def released(parked: Mapping[str, Parked]) -> frozenset[str]:
    """Records that a person lets go on: their parked change is due, which a runaway's never is by itself."""
    return frozenset(
        record_id for record_id, change in parked.items() if change.code == RUNAWAY and change.retry_at is not None
    )


def is_held(parked: Parked | None) -> bool:
    """Whether a record waits for a person's word; its newer versions wait with it."""
    return parked is not None and parked.code == RUNAWAY and parked.retry_at is None


def source_of(outgoing: Change | Making) -> Record:
    """The record that a write comes from."""
    return outgoing.pairing.source if isinstance(outgoing, Change) else outgoing.source


def split(
    context: Context, outgoing: Sequence[Outgoing], let_go: frozenset[str]
) -> tuple[list[Outgoing], list[Outgoing]]:
    """What may be written, and what was written too often within the window (one query of the ledger).

    Args:
        context: The run.
        outgoing: What is about to be written.
        let_go: Records that a person lets go on.
    """
    settings = context.settings
    if not settings.max_writes or not outgoing:
        return list(outgoing), []
    ids = sorted({source_of(one).id for one in outgoing} - let_go)
    since = now() - settings.max_writes_window
    with context.ledger.transaction() as connection:
        often = looking_back.often_written(connection, context.source, ids, since, settings.max_writes)
    allowed = [one for one in outgoing if source_of(one).id not in often]
    return allowed, [one for one in outgoing if source_of(one).id in often]


def releases(context: Context, outgoing: Sequence[Change | Making], let_go: frozenset[str]) -> list[Event]:
    """For the history: from here the writes of these records are counted anew."""
    return [Event(RELEASE, *_ids(one), {"to": context.target}) for one in outgoing if source_of(one).id in let_go]


def _ids(outgoing: Change | Making) -> tuple[str | None, str | None]:
    if isinstance(outgoing, Change):
        return outgoing.pairing.ids
    reminder_id, task_id = ids_of(outgoing.source, "")
    return reminder_id or None, task_id or None
