"""`tasksync adopt`: unlinked twins become pairs, so that a sync makes no second counterpart of either."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasksync_engine.apply import introduce
from tasksync_engine.engine import Engine
from tasksync_engine.ledger import links
from tasksync_engine.ledger.parked import ADOPTED
from tasksync_engine.ledger.runs import Event
from tasksync_engine.parking import waiting
from tasksync_engine.reconciling import read_whole
from tasksync_engine.records import InvalidRecord
from tasksync_engine.settlement import Settlement
from tasksync_engine.twins import Group, candidate, groups
from tasksync_engine.work import Pairing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_engine.apply import Hand
    from tasksync_engine.context import Context
    from tasksync_engine.reconciling import Progress
    from tasksync_engine.records import Reader, Record
    from tasksync_engine.sources import Source

ADOPT = "adopt"
"""What the run that links twins is called instead of by its direction."""


@dataclass(slots=True)
class Adopted:
    """What was found, and what became of it.

    Attributes:
        pairs: One reminder and one task that look like the same.
        ambiguous: Several that do: nobody but a person can tell which is whose.
        linked: The pairs that were linked.
        moved: Pairs that were accepted, but are none any more.
        run_id: The number of the run that linked; None: there was none.
    """

    pairs: list[Group]
    ambiguous: list[Group]
    linked: list[Group] = field(default_factory=list)
    moved: list[Group] = field(default_factory=list)
    run_id: int | None = None


def adopt(
    hands: Sequence[Hand], ledger_url: str, progress: Progress, choose: Callable[[Adopted], Sequence[Group]]
) -> Adopted:
    """Find twins among what is not linked, and link those that a person accepts.

    Args:
        hands: Both directions, `to-salesforce` first.
        ledger_url: The ledger; it is made where there is none yet.
        progress: Told how far it has come.
        choose: Given what was found, the pairs to link.

    Raises:
        EngineError: A run is going on, or the ledger, the mapping or a setting cannot be used.
        ClientError: A service cannot be read.
    """
    with read_whole(hands, ledger_url, progress, create=True) as whole:
        found = whole.comparison().compare(progress("Looking for twins")).twins_by_look
    pairs = [group for group in found if group.is_pair]
    adopted = Adopted(pairs, [group for group in found if not group.is_pair])
    chosen = [group for group in choose(adopted) if group.is_pair]
    if chosen:
        _link(hands, chosen, adopted)
    return adopted


def _link(hands: Sequence[Hand], chosen: Sequence[Group], adopted: Adopted) -> None:
    """Link them in a run of its own; both records are read afresh, and must still be twins without a link."""
    first = hands[0]
    engine = Engine(replace(first.settings, dry_run=False), first.connect, ADOPT)
    with engine.opened() as context:
        reminders, tasks = (hand.source(context.fields) for hand in hands)
        introduce(engine, reminders)
        context.prepare()
        _settle(context, reminders, tasks, chosen, adopted)
        context.counts["complete"] = 1
    adopted.run_id = context.run_id


def _settle(context: Context, reminders: Source, tasks: Source, chosen: Sequence[Group], adopted: Adopted) -> None:
    here = _read(context.read_source, reminders, [group.reminders[0].id for group in chosen])
    there = _read(context.destination.reader, tasks, [group.tasks[0].id for group in chosen])
    with context.ledger.reading() as connection:
        held = {
            *links.of_records(connection, "reminder", list(here)),
            *links.of_records(connection, "task", list(there)),
        }
    settlement = Settlement()
    for group in chosen:
        reminder, task = here.get(group.reminders[0].id), there.get(group.tasks[0].id)
        if reminder is None or task is None or held & {reminder.id, task.id} or not _are_twins(context, reminder, task):
            adopted.moved.append(group)
            continue
        pairing = Pairing(reminder, task.id, current=task)
        settlement.new_links.append(context.new_link(pairing))
        settlement.intents_done |= {("reminder", reminder.id), ("task", task.id)}
        settlement.events.append(Event("link", reminder.id, task.id, {"origin": pairing.origin}))
        # Due for both directions: their taps may have read both records long ago, and nothing has compared them yet.
        settlement.parked |= {one.id: waiting(one, ADOPTED) for one in (reminder, task)}
        settlement.counts["linked"] += 1
        adopted.linked.append(group)
    context.settle(settlement)


def _read(reader: Reader, source: Source, ids: Sequence[str]) -> dict[str, Record]:
    found = {}
    for id_, raw in source.by_ids(ids).items():
        try:
            found[id_] = reader(raw)
        except InvalidRecord:
            continue  # it is left, as one that is no twin any more
    return found


def _are_twins(context: Context, reminder: Record, task: Record) -> bool:
    one, other = candidate(reminder, context.translation), candidate(task, context.translation)
    return one is not None and other is not None and bool(groups([one], [other]))
