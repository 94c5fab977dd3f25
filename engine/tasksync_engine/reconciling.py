"""`tasksync reconcile`: both sides read whole, compared with the ledger and each other, and mended by the rules.

What would be mended is rehearsed with what was read; mending is the same for good. Neither decides anything itself.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasksync_engine.apply import apply, introduce
from tasksync_engine.comparing import Compared, Comparison, Differing, without_base
from tasksync_engine.engine import Engine
from tasksync_engine.intake import SYNCED
from tasksync_engine.ledger import links, open_ledger
from tasksync_engine.ledger.runs import Event
from tasksync_engine.ledger.scratch import scratch
from tasksync_engine.participation import Participation
from tasksync_engine.rehearsing import COMPLETE, Way, rehearse_on, rehearsed
from tasksync_engine.settlement import Settlement
from tasksync_engine.snapshot import Snapshot, fill
from tasksync_engine.sources import ReminderSource

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from datetime import timedelta

    from tasksync_engine.apply import Applied, Hand
    from tasksync_engine.context import Context
    from tasksync_engine.ledger import Ledger
    from tasksync_engine.plan import Plan
    from tasksync_engine.rehearsing import Piece
    from tasksync_engine.sources import Source
    from tasksync_mappings import FieldMap

    Progress = Callable[[str], Callable[[int], None]]
    """Given what is going on, what is told how many records are done."""


@dataclass(slots=True)
class Reconciled:
    """What was found, and what became of it.

    Attributes:
        compared: Drift that no sync would carry, twins, and how many pairs were compared.
        plan: What a sync that reads everything would do.
        mended: The runs that mended, if it was asked for and there was anything.
    """

    compared: Compared
    plan: Plan
    mended: list[Applied] = field(default_factory=list)

    @property
    def waiting(self) -> list[Differing]:
        """Pairs that differ, and that a sync leaves as they are: their change is parked."""
        about = {(row.reminder_id, row.task_id) for part in self.plan.directions for row in part.rows}
        return [one for one in self.compared.moved if (one.link.reminder_id, one.link.task_id) not in about]

    @property
    def can_be_mended(self) -> bool:
        """Whether there is anything that the rules can mend."""
        return any(part.rows for part in self.plan.directions)


@dataclass(slots=True)
class Whole:
    """Both sides as they are now, on a copy of the ledger.

    Attributes:
        copied: The copy, open.
        url: Its address.
        snapshot: The records.
        context: The run that has read who takes part, closed: its template and its roster count.
        sources: By direction, what its records come from.
        lookback: How far before E a user's tasks are imported.
    """

    copied: Ledger
    url: str
    snapshot: Snapshot
    context: Context
    sources: Mapping[str, Source]
    lookback: timedelta

    def comparison(self) -> Comparison:
        """What compares them."""
        context = self.context
        return Comparison(
            self.snapshot,
            self.copied,
            context.translation,
            context.participation,
            {context.source: context.read_source, context.target: context.destination.reader},
            self.lookback,
        )


@contextmanager
def read_whole(hands: Sequence[Hand], ledger_url: str, progress: Progress, *, create: bool = False) -> Iterator[Whole]:
    """Read both sides whole, for the people who take part now.

    Args:
        hands: Both directions, `to-salesforce` first.
        ledger_url: The ledger; its lock is held for as long as this lasts.
        progress: Told how far it has come.
        create: Whether a missing ledger is made.

    Raises:
        EngineError: A run is going on, or the ledger, the mapping or a setting cannot be used.
        ClientError: A service cannot be read.
    """
    with (
        open_ledger(ledger_url, create=create) as ledger,
        ledger.running(),
        scratch(ledger) as url,
        open_ledger(url) as copied,
        Snapshot() as snapshot,
    ):
        context, sources = _introduced(hands, url)
        people = copied.participants()
        users = {
            "reminder": [person.sales_connect_id for person in people],
            "task": [person.salesforce_id for person in people if person.salesforce_id],
        }
        for source in sources.values():
            fill(snapshot, source, users[source.side], copied, progress(f"Reading {source.side}s"))
        yield Whole(copied, url, snapshot, context, sources, hands[-1].settings.initial_lookback)


def _introduced(hands: Sequence[Hand], url: str) -> tuple[Context, dict[str, Source]]:
    """Learn who takes part and by which template, on the copy."""
    first = hands[0]
    engine = Engine(replace(first.settings, ledger_url=url, dry_run=False), rehearsed(first.connect))
    engine.open()
    error: BaseException | None = None
    try:
        fields: FieldMap = engine.context.fields
        sources = {hand.direction: hand.source(fields) for hand in hands}
        introduce(engine, sources[first.direction])
        engine.context.prepare()
        engine.context.take_roster(Participation.of(engine.context.ledger.participants()))
    except BaseException as caught:
        error = caught
        raise
    finally:
        engine.close(error)
    return engine.context, sources


def reconcile(
    hands: Sequence[Hand], ledger_url: str, progress: Progress, repair: Callable[[Reconciled], bool]
) -> Reconciled:
    """Compare both sides whole, and mend what the rules can mend.

    Args:
        hands: Both directions, `to-salesforce` first.
        ledger_url: The ledger.
        progress: Told how far it has come.
        repair: Asked with what was found, where there is anything to mend.

    Raises:
        EngineError: A run is going on, or the ledger, the mapping or a setting cannot be used.
        ClientError: A service cannot go on; the same again finishes.
    """
    with read_whole(hands, ledger_url, progress) as whole:
        compared = whole.comparison().compare(progress("Comparing pairs"))
        with whole.copied.transaction() as connection:
            links.rebase(connection, [without_base(stuck) for stuck in compared.stuck])
        found = Reconciled(compared, rehearse_on(whole.url, [_way(hand, whole, compared) for hand in hands]))
    # Without the lock that was held so far: mending takes it, and reads afresh what it writes.
    if found.can_be_mended and repair(found):
        found.mended = apply(found.plan, hands, ledger_url, lambda context: _forget_bases(context, compared.stuck))
    return found


def _way(hand: Hand, whole: Whole, compared: Compared) -> Way:
    """A direction that reads what was read already, but for what only a person can tell apart."""
    source, left = whole.sources[hand.direction], compared.left_to_a_person()

    def read(url: str) -> Generator[Piece]:  # noqa: ARG001 - the copy is the one that was read for
        if isinstance(source, ReminderSource):
            yield "salesforce_settings", [source.settings()]
            yield "users", source.users()
        for records in whole.snapshot.records(source.side, left):
            yield SYNCED[hand.side], records
        yield COMPLETE

    return Way(hand.direction, hand.settings, hand.connect, read)


def _forget_bases(context: Context, found: Sequence[Differing]) -> None:
    """Let the engine decide what is stuck as for a pair that never agreed; a link that moved since stays."""
    settlement = Settlement()
    with context.ledger.reading() as connection:
        known = links.of_records(connection, "reminder", [stuck.link.reminder_id for stuck in found])
    for stuck in found:
        link = next((one for one in known.get(stuck.link.reminder_id, ()) if one.id == stuck.link.id), None)
        if link == stuck.link:
            settlement.rebased[link.id] = without_base(stuck)
            detail = {"to": context.target, "forgotten": sorted(stuck.fields)}
            settlement.events.append(Event("drift", link.reminder_id, link.task_id, detail))
    context.settle(settlement)
