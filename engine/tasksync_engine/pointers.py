"""A pushed reminder gets its task's id where the org has no link field, so that a lost ledger can be rebuilt (§2.5).

The Salesforce side's target cannot write to Sales Connect: it notes on the link that the pointer is owed, and the other
direction's run writes it.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from tasksync_engine.answers import Answers
from tasksync_engine.destination import Update
from tasksync_engine.ledger import links
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.runs import Event
from tasksync_engine.records import POINTER
from tasksync_engine.settlement import Settlement
from tasksync_engine.steps import Action, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasksync_clients import RowResult
    from tasksync_engine.context import Context
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record

logger = logging.getLogger("tasksync")

CHUNK = 2000
NAMED = 5
"""How many of those that were refused one line of the log names."""


def write_pointers(context: Context) -> None:
    """Write what is owed to the reminders of users who take part; what is refused stays owed.

    Raises:
        StopRun: The destination cannot go on; what was answered before is settled.
    """
    with context.ledger.transaction() as connection:
        owed = links.owed_pointers(connection)
    due = [link for link in owed if context.participation.takes_part("reminder", link.reminder_user)]
    for part in chunks(due, CHUNK):
        _write(context, part)


def _write(context: Context, due: Sequence[Link]) -> None:
    context.prepare()
    living = context.destination.read([link.reminder_id for link in due])
    settlement = Settlement()
    lacking = []
    for link in due:
        reminder = living.get(link.reminder_id)
        if reminder is None:
            continue  # deleted, or not visible yet: its tombstone closes the link, or a later run finds it
        if reminder.pointer == link.task_id:
            settlement.pointed.append(link.id)  # an answer that was lost
        else:
            lacking.append((link, reminder))
    lacking = [one for one in lacking if context.passes(partial(_step, *one))]
    try:
        _send(context, settlement, lacking)
    finally:
        context.settle(settlement)


def _step(link: Link, reminder: Record) -> Step:
    """For the gate: the task is not looked at, its id alone goes over."""
    return Step(Action.POINT, "reminder", reminder, reminder, reminder.id, {POINTER: link.task_id})


def _send(context: Context, settlement: Settlement, lacking: Sequence[tuple[Link, Record]]) -> None:
    """What is refused stays owed: what moved on is met again, and a holder that is deleted frees the task's id."""
    if not lacking:
        return
    refused: list[str] = []
    updates = [Update(reminder, {POINTER: link.task_id}) for link, reminder in lacking]
    with Answers(lambda: context.destination.update(updates)) as results:
        for (link, reminder), result in zip(lacking, results, strict=False):
            if result is not None and result.ok:
                _written(settlement, link, reminder)
            elif result is not None:
                refused.append(_refusal(link, result))
    if refused:
        settlement.counts["pointers refused"] += len(refused)
        logger.warning(
            "%s reminders did not get the id of their task; the next run tries again. The first: %s.",
            f"{len(refused):,}",
            ", ".join(refused[:NAMED]),
        )


def _written(settlement: Settlement, link: Link, reminder: Record) -> None:
    settlement.pointed.append(link.id)
    settlement.counts["pointers written"] += 1
    detail = {"to": "reminder", "before": reminder.pointer, "after": link.task_id}
    settlement.events.append(Event("point", link.reminder_id, link.task_id, detail))


def _refusal(link: Link, result: RowResult) -> str:
    held = f"; reminder {result.holder_id} has it" if result.holder_id else ""
    return f"{link.reminder_id} (task {link.task_id}: {result.code or result.status}{held})"
