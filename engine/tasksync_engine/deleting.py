"""Deletions on their way to the other side: counted, and carried out or held by the brake (sync-rules §6)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from tasksync_engine.answers import STALE_STATUS, Answers
from tasksync_engine.arrived import going_out, is_ours, look
from tasksync_engine.doomed import Doomed
from tasksync_engine.ledger import deletions, links, runs
from tasksync_engine.ledger.deletions import DONE, HELD, PARKED, PENDING, Deletion
from tasksync_engine.ledger.parked import ROSTER
from tasksync_engine.ledger.runs import Event, RecordedConflict
from tasksync_engine.ledger.store import now
from tasksync_engine.orphans import Orphans
from tasksync_engine.parking import refused, waiting
from tasksync_engine.settlement import Settlement
from tasksync_engine.steps import Action, of_doomed
from tasksync_mappings import DeletionOutcome, merge_deletion

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasksync_clients import RowResult
    from tasksync_engine.context import Context
    from tasksync_engine.ledger.parked import Parked

ROUNDS = 3
PIECE = 2000
"""Deletions that are in memory at once; as many as one read of Salesforce takes."""
WAITING = (PENDING, HELD)


def carry_out(context: Context, retried: Mapping[str, Parked]) -> None:
    """Carry out what is pending or held, or hold it (§6): piece by piece, however much it is.

    Where the brake could hold, all of it is decided first, and what is to be deleted is held until it is counted.

    Args:
        context: The run.
        retried: Parked deletions that are tried again, by source id.

    Raises:
        StopRun: The destination cannot go on; what was carried out before is settled.
    """
    condemned = 0
    if _brake_holds(context, _number_pending(context)):
        for piece in _pieces(context, retried):
            condemned += piece.hold()
        if _brake_holds(context, condemned):
            context.counts["held"] += condemned
            return
    for piece in _pieces(context, retried):
        piece.carry_out()


def _number_pending(context: Context) -> int:
    with context.ledger.transaction() as connection:
        return deletions.count(connection, WAITING, context.source, context.scope)


def _brake_holds(context: Context, number: int) -> bool:
    settings = context.settings
    if settings.allow_mass_delete or number <= settings.max_delete_count:
        return False
    with context.ledger.transaction() as connection:
        in_scope = links.count_open(connection, context.scope)
    return number > in_scope * settings.max_delete_percent / 100


def _pieces(context: Context, retried: Mapping[str, Parked]) -> Iterator[_Piece]:
    last: str | None = None
    while True:
        with context.ledger.transaction() as connection:
            found = deletions.in_order(connection, WAITING, context.source, context.scope, after=last, limit=PIECE)
        if not found:
            return
        yield _Piece(context, retried, found)
        last = found[-1].record_id


@dataclass(slots=True)
class _Piece:
    """Some of a run's deletions: looked up, decided, carried out or held."""

    context: Context
    retried: Mapping[str, Parked]
    waiting: Sequence[Deletion]
    settlement: Settlement = field(default_factory=Settlement)

    def hold(self) -> int:
        """Decide, do what needs no deletion, and hold the rest; returns how many those are."""
        with self.context.claims.at_work():
            condemned = self._condemned()
            for doomed in condemned:
                self.settlement.move(doomed.deletion, HELD)
            self.context.settle(self.settlement)
        return len(condemned)

    def carry_out(self) -> None:
        """Decide, and delete what is to be deleted."""
        with self.context.claims.at_work():
            condemned = self._condemned()
            try:
                self._delete(condemned)
            finally:
                self.context.settle(self.settlement)

    def _claim(self) -> None:
        """Beside other shards' runs: those that no other one has, and that still wait now that they are this one's."""
        if self.context.scope is None:
            return
        source = self.context.source
        refused = self.context.claims.refused(source, [one.record_id for one in self.waiting], read_now=True)
        with self.context.ledger.transaction() as connection:
            known = deletions.of_records(connection, source, [one.record_id for one in self.waiting])
        self.waiting = [
            known[one.record_id]
            for one in self.waiting
            if one.record_id in known and known[one.record_id].state in WAITING and one.record_id not in refused
        ]

    def _condemned(self) -> list[Doomed]:
        """Those whose other record is to be deleted; what needs no deletion is done."""
        self._claim()
        pending = self._pending()
        if not pending:
            return []
        self.context.prepare()
        orphans = Orphans(self.context, self.settlement)
        matched = orphans.match(pending)
        if orphans.link_begun(matched):
            pending = self._pending()
            matched = orphans.match(pending)
        linked = [doomed for doomed in pending if doomed.link is not None]
        found = orphans.condemned(matched)
        self._read(linked)
        return [doomed for doomed in (*linked, *found) if self._decide(doomed)]

    def _pending(self) -> list[Doomed]:
        context = self.context
        with context.ledger.transaction() as connection:
            known = links.of_records(connection, context.source, [deletion.record_id for deletion in self.waiting])
        pending = []
        for deletion in self.waiting:
            past = known.get(deletion.record_id, ())
            link = next((link for link in past if link.state == links.OPEN), None)
            if link is None and past:
                self.settlement.undeleted.add(deletion.record_id)  # closed meanwhile, by the other direction
                continue
            pending.append(Doomed(deletion, context.read_source(deletion.tombstone), link))
        others = [doomed.link.record_id(context.target) for doomed in pending if doomed.link]
        refused = context.claims.refused(context.target, others, read_now=True)
        return [doomed for doomed in pending if not doomed.link or doomed.link.record_id(context.target) not in refused]

    def _read(self, linked: Sequence[Doomed]) -> None:
        if not linked:
            return
        target = self.context.target
        current = self.context.destination.read([doomed.link.record_id(target) for doomed in linked if doomed.link])
        for doomed in linked:
            if doomed.link is not None:
                doomed.current = current.get(doomed.link.record_id(target))

    def _decide(self, doomed: Doomed) -> bool:
        """Whether the other record is to be deleted; what needs no deletion is done here."""
        if doomed.link is None:
            doomed.outcome = DeletionOutcome.DELETE
            return True
        context, current = self.context, doomed.current
        unseen = doomed.link.user(context.target) is None and not is_ours(doomed.link, context.target)
        if current is None and unseen:
            self.settlement.counts["not visible yet"] += 1  # we made it, and nobody has seen it: it is not gone
            return False
        doomed.outcome = merge_deletion(
            context.translation,
            context.source,
            look(doomed.link, context.fields, current).base,
            current.raw if current else None,
            context.settings.delete_conflict_policy,
        )
        if current is not None and not context.participation.takes_part(current.side, current.user):
            self._park(doomed, waiting(doomed.tombstone, ROSTER, previous=self.retried.get(doomed.tombstone.id)))
            return False
        if doomed.outcome in {DeletionOutcome.DELETE, DeletionOutcome.DELETE_CHANGED}:
            return True
        if self._passes(doomed, Action.CLOSE):
            self._close(doomed)
        return False

    def _passes(self, doomed: Doomed, action: Action) -> bool:
        return self.context.passes(partial(of_doomed, doomed, self.context.target, action, self.context.fields))

    def _delete(self, condemned: Sequence[Doomed]) -> None:
        waiting = self._let_through(condemned)
        for attempt in range(ROUNDS):
            if not waiting:
                return
            records = [doomed.current for doomed in waiting if doomed.current is not None]
            self._record_ahead(waiting)
            moved: list[Doomed] = []
            with Answers(lambda records=records: self.context.destination.delete(records)) as results:  # type: ignore[misc]
                for doomed, result in zip(waiting, results, strict=False):
                    self._answered(doomed, result, moved, last=attempt == ROUNDS - 1)
            self._read(moved)
            waiting = self._let_through(
                [doomed for doomed in moved if doomed.link is not None and self._decide(doomed)]
            )

    def _let_through(self, condemned: Sequence[Doomed]) -> list[Doomed]:
        """Those that the gate lets pass; what was noted of one that it stops when it had moved on goes."""
        passed = []
        for doomed in condemned:
            if self._passes(doomed, Action.DELETE):
                passed.append(doomed)
            elif doomed.link is not None:
                self.settlement.rebased[doomed.link.id] = doomed.link
        return passed

    def _answered(self, doomed: Doomed, result: RowResult | None, moved: list[Doomed], *, last: bool) -> None:
        if result is None:
            return
        if result.ok:
            self._deleted(doomed)
        elif result.status == STALE_STATUS and not last:
            moved.append(doomed)
        else:
            if doomed.link is not None:
                self.settlement.rebased[doomed.link.id] = doomed.link  # it did not go out: the note goes
            self._park(doomed, refused(doomed.tombstone, {}, result, self.retried.get(doomed.tombstone.id)))

    def _deleted(self, doomed: Doomed) -> None:
        self.settlement.counts["deleted"] += 1
        self.settlement.counts["conflicts"] += doomed.outcome is DeletionOutcome.DELETE_CHANGED
        if doomed.link is not None:
            self._close(doomed, action="delete")
            return
        self.settlement.events.append(Event("delete", *doomed.ids, {"to": self.context.target}))
        self.settlement.move(doomed.deletion, DONE)

    def _close(self, doomed: Doomed, action: str = "close") -> None:
        """End the link; under `keep` neither record gets a new counterpart."""
        if doomed.link is None:
            return
        ended = self.settlement.kept if doomed.outcome is DeletionOutcome.KEEP else self.settlement.closed
        ended.append((doomed.link, doomed.task_stamp))
        self.settlement.undeleted.add(doomed.tombstone.id)
        detail = {"to": self.context.target, "outcome": doomed.outcome.value if doomed.outcome else None}
        self.settlement.events.append(Event(action, *doomed.ids, detail))

    def _record_ahead(self, condemned: Sequence[Doomed]) -> None:
        """Note what goes out (§7.4); a deletion that takes edits with it is a conflict that it won (§6)."""
        found = []
        for doomed in condemned:
            conflict = doomed.conflict(self.context.fields)
            if conflict is not None and doomed.link is not None:
                again = doomed.link.ahead is not None
                found.append(RecordedConflict(doomed.link.reminder_id, doomed.link.task_id, conflict, again=again))
        noted = [going_out(doomed.link, doomed.current, None) for doomed in condemned if doomed.link and doomed.current]
        with self.context.ledger.transaction() as connection:
            runs.write_conflicts(connection, self.context.run_id, now(), found)
            links.note_ahead(connection, noted)

    def _park(self, doomed: Doomed, change: Parked) -> None:
        self.settlement.move(doomed.deletion, PARKED)
        self.settlement.park(replace(change, user_id=doomed.current.user if doomed.current else None))
