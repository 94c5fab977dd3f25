"""Parked changes that are due in this run, and in which order they are tried (sync-rules §7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_engine.allowance import Work, is_short, what_fits, work_of
from tasksync_engine.batch import Batch
from tasksync_engine.ledger import deletions, links, parked
from tasksync_engine.ledger.deletions import HELD, PENDING
from tasksync_engine.ledger.parked import ROSTER
from tasksync_engine.ledger.store import now
from tasksync_engine.records import InvalidRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Owed:
    """What is due.

    Attributes:
        changes: The parked changes, by source id.
        work: The living records among them, the longest parked first.
        tombstones: The deletions among them.
    """

    changes: Mapping[str, Parked]
    work: Sequence[Work]
    tombstones: Mapping[str, Parked]


def due(context: Context, without: Collection[str] = ()) -> Owed:
    """Read what is due, but for records that were tried in this run already.

    Where there is any, the destination is asked first: its answer tells how many calls are left.
    """
    with context.ledger.transaction() as connection:
        found = parked.due(connection, context.source, now(), context.scope, run_id=context.run_id)
        held = links.of_records(connection, context.source, [change.record_id for change in found])
    changes: dict[str, Parked] = {}
    records: list[Record] = []
    tombstones: dict[str, Parked] = {}
    for change in found:
        try:
            record = context.read_source(change.payload)
        except InvalidRecord:
            continue  # only a new version of the record, or a person, can mend it
        if record.is_tombstone:
            tombstones[record.id] = change
        elif record.id not in without and (change.code != ROSTER or _may_go(context, record, held.get(record.id, ()))):
            changes[record.id] = change
            records.append(record)
    return Owed(changes, _work(context, records, held), tombstones)


def _work(context: Context, records: Sequence[Record], held: Mapping[str, Sequence[Link]]) -> list[Work]:
    """The records with what is urgent among them; where no calls are counted, no order is needed."""
    if not records:
        return []
    context.prepare()
    counted = context.calls_left(len(records)) is not None
    links_of = {record.id: _open(held.get(record.id, ())) for record in records}
    if not counted:
        return [Work(record, linked=links_of[record.id] is not None, urgent=False) for record in records]
    return [work_of(context, record, links_of[record.id]) for record in records]


def _open(held: Sequence[Link]) -> Link | None:
    return next((link for link in held if link.state == links.OPEN), None)


def _may_go(context: Context, record: Record, held: Sequence[Link]) -> bool:
    """Whether both users, as last seen, take part now."""
    if not context.participation.takes_part(record.side, record.user):
        return False
    link = _open(held)
    there = link.user(context.target) if link else None
    return there is None or context.participation.takes_part(context.target, there)


def before_the_deletions(context: Context, owed: Owed) -> list[Work]:
    """What is tried before the deletions: all of it, or only what is urgent where the calls are short."""
    left, cost = context.calls_left(), context.destination.cost
    if not owed.work or left is None:
        return list(owed.work)
    with context.ledger.transaction() as connection:
        waiting = deletions.count(connection, [PENDING, HELD], context.source, context.scope)
    linked = sum(one.linked for one in owed.work)
    short = is_short(linked, len(owed.work) - linked, left, cost, kept_back=waiting)
    return [one for one in owed.work if one.urgent or not short]


def try_again(context: Context, owed: Owed, work: Sequence[Work]) -> None:
    """Bring these over, a batch at a time."""
    for start in range(0, len(work), CHUNK):
        part = work[start : start + CHUNK]
        Batch(context, {one.record.id: owed.changes[one.record.id] for one in part}).process(
            [one.record for one in part]
        )


def try_what_fits(context: Context, without: Collection[str]) -> None:
    """Bring over what waited for the end of the run, as far as the calls suffice; the rest waits for the next run."""
    owed = due(context, without)
    waiting, destination = list(owed.work), context.destination
    while fit := what_fits(waiting, context.calls_left(), destination.cost, CHUNK):
        try_again(context, owed, fit)
        done = {one.record.id for one in fit}
        waiting = [one for one in waiting if one.record.id not in done]
    context.counts["deferred"] = len(waiting)
