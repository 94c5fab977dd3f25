"""Carrying out what was decided: creates and updates in batches, the answer split row by row (sync-rules §7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tasksync_engine import runaway
from tasksync_engine.answers import STALE_STATUS, Answers
from tasksync_engine.arrived import going_out, is_ours, look
from tasksync_engine.begun import base_of_made, sent_with
from tasksync_engine.destination import Update
from tasksync_engine.ledger import intents, links, runs
from tasksync_engine.ledger.intents import Intent
from tasksync_engine.ledger.parked import ROSTER, RUNAWAY
from tasksync_engine.ledger.runs import Event, RecordedConflict
from tasksync_engine.ledger.store import now
from tasksync_engine.parking import refused, waiting
from tasksync_engine.settlement import Settlement
from tasksync_engine.settling import Settler
from tasksync_engine.steps import of_change, of_making
from tasksync_engine.unsettled import is_repeatable, what_to_note
from tasksync_engine.work import Change, Making, Pairing
from tasksync_mappings import merge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_clients import RowResult
    from tasksync_engine.context import Context
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record

ROUNDS = 3
"""How often a record that moved on between our read and our write is read and decided again in one batch."""

GONE_CODES = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "not_found", "gone"})
GONE_STATUSES = frozenset({404, 410})


@dataclass(slots=True)
class Carrier:
    """Carries out one batch's decisions and notes the outcome in its settlement.

    Attributes:
        context: The run.
        settlement: What it leads to.
        let_go: Records that a person lets go on although they were written often.
        reborn: Records whose counterpart a crashed run had deleted, and that live.
        brought: The destination's records that this batch has a pair with, or made.
    """

    context: Context
    settlement: Settlement
    let_go: frozenset[str] = frozenset()
    reborn: list[Pairing] = field(default_factory=list)
    brought: set[str] = field(default_factory=set)
    settler: Settler = field(init=False)

    def __post_init__(self) -> None:
        """Settle into the same settlement."""
        self.settler = Settler(self.context, self.settlement)

    def create(self, makings: Sequence[Making]) -> None:
        """Make counterparts; each is noted in the ledger with its values before it goes out (sync-rules §7.4).

        Raises:
            StopRun: The destination cannot go on; rows that were answered before are in the settlement.
        """
        if not makings:
            return
        makings, runaways = runaway.split(self.context, makings, self.let_go)
        for making in runaways:
            self.settlement.park(waiting(making.source, RUNAWAY, previous=making.retried))
        makings = [making for making in makings if self.context.passes(partial(of_making, making, self.context.target))]
        if not makings:
            return
        self.context.prepare()
        self.settlement.events.extend(runaway.releases(self.context, makings, self.let_go))
        with self.context.ledger.transaction() as connection:
            ahead = [self._intent(making) for making in makings]
            intents.note(connection, ahead, now())
        taken: list[Pairing] = []
        refusals: dict[str, Parked] = {}
        with Answers(lambda: self.context.destination.create(makings)) as results:
            self.brought.update(result.id for result in results if result and result.ok and result.id)
            for making, result in zip(makings, results, strict=False):
                self._created(making, result, taken, refusals)
        self.bring(self._without_others(taken, refusals))

    def _without_others(self, taken: Sequence[Pairing], refusals: Mapping[str, Parked]) -> list[Pairing]:
        """Those of which the holder does not say itself that it is another one's: its own may come in a later batch."""
        held = [pairing for pairing in taken if pairing.source.id in refusals]
        if held:
            self._read_current(held)
        found = []
        for pairing in taken:
            refusal = refusals.get(pairing.source.id)
            if refusal is None or pairing.current is None or pairing.current.pointer in {None, pairing.source.id}:
                found.append(pairing)
            else:
                self.settlement.park(refusal)
        return found

    def _created(
        self, making: Making, result: RowResult | None, taken: list[Pairing], refusals: dict[str, Parked]
    ) -> None:
        """One row's outcome; None: its answer never came, and the intent stays for the next run to find."""
        if result is None:
            return
        if result.ok and result.id and making.begun is not None and making.differs(result.record, self.context.fields):
            # The answer of the earlier create: what it made is older than what was sent now.
            taken.append(Pairing(making.source, result.id, begun=making.begun, retried=making.retried))
        elif result.ok and result.id:
            base = making.base_with(result.record, self.context.fields)
            pairing = Pairing(making.source, result.id, base=base, origin=self._origin())
            self.settlement.new_links.append(self.context.new_link(pairing))
            self.settlement.intents_done.add((making.source.side, making.source.id))
            self.settlement.unparked.add(making.source.id)
            self.settlement.events.append(making.event(result.id, result.also))
            self.settlement.counts["created"] += 1
        elif result.holder_id and self.context.claims.refused(self.context.target, [result.holder_id]):
            self.settlement.leave(
                making.source.id, making.source.user
            )  # the create stays noted: the next run looks for what it made
        elif result.holder_id and self._is_free(result.holder_id):
            self.brought.add(result.holder_id)
            taken.append(Pairing(making.source, result.holder_id, retried=making.retried))
            refusals[making.source.id] = refused(making.source, {}, result, making.retried)
        else:
            self.settlement.park(refused(making.source, {}, result, making.retried))
            if not (result.ok or is_repeatable(self.context)):
                self.settlement.intents_done.add((making.source.side, making.source.id))  # it made nothing

    def _intent(self, making: Making) -> Intent:
        """The create as it is noted; one that repeats an earlier key keeps that one's values: it may have made them."""
        base, later = sent_with(making.begun, making.key, making.base)
        sent = what_to_note(self.context, making.columns)
        return Intent(making.source.side, making.source.id, making.key, base, making.besides, sent, later)

    def _is_free(self, destination_id: str) -> bool:
        """Whether no link, open or kept, holds this record of the destination, nor is another one of the batch to."""
        if destination_id in self.brought:
            return False
        with self.context.ledger.transaction() as connection:
            held = links.of_records(connection, self.context.target, [destination_id])
        return all(link.state == links.CLOSED for link in held.get(destination_id, ()))

    def _origin(self) -> str:
        return "pushed" if self.context.target == "task" else "imported"

    def bring(self, pairings: Sequence[Pairing]) -> None:
        """Decide pairs against the destination's current records and write what changed.

        A record that moved on meanwhile is read and decided again.

        Raises:
            StopRun: As for `create`.
        """
        waiting = list(pairings)
        self.brought.update(pairing.destination_id for pairing in waiting)
        for attempt in range(ROUNDS):
            if not waiting:
                return
            self._read_current(waiting)
            decided = [change for pairing in waiting if (change := self._decide(pairing)) is not None]
            changes, runaways = runaway.split(self.context, decided, self.let_go)
            for change in runaways:
                self.settler.park_undecided(change.pairing, RUNAWAY)
            changes = [change for change in changes if self._passes(change)]
            self.settlement.events.extend(runaway.releases(self.context, changes, self.let_go))
            waiting = self._write(changes, last=attempt == ROUNDS - 1)

    def _read_current(self, pairings: Sequence[Pairing]) -> None:
        self.context.prepare()
        missing = [pairing for pairing in pairings if pairing.current is None]
        current = self.context.destination.read([pairing.destination_id for pairing in missing]) if missing else {}
        for pairing in missing:
            pairing.current = current.get(pairing.destination_id)

    def _decide(self, pairing: Pairing) -> Change | None:
        """What is to be written; None where nothing is, or where the pair has to wait."""
        context, current = self.context, pairing.current
        if current is None:
            self._take_gone(pairing)
            return None
        if pairing.link is None and pairing.begun is not None:
            made = current if pairing.begun.side == pairing.source.side else pairing.source
            pairing.base = base_of_made(pairing.begun, made, context.fields, written_over=made.side == "task")
        if pairing.link is not None and pairing.link.ahead is not None:
            arrived = look(pairing.link, context.fields, pairing.source, current)
            pairing.base, pairing.doubtful = arrived.base, arrived.doubtful
        if not context.participation.takes_part(context.target, current.user):
            self.settler.park_undecided(pairing, ROSTER)
            return None
        decisions = merge(
            context.translation,
            context.source,
            pairing.base,
            pairing.incoming(context.fields),
            current.raw,
            pairing.times,
            context.settings.conflict_policy,
        )
        change = Change(pairing, tuple(map(pairing.doubted, decisions)))
        if change.is_write:
            return change
        if not self._passes(change):
            return None
        self.settler.settle(change, written=False)
        self.settlement.counts["unchanged"] += 1
        return None

    def _passes(self, change: Change) -> bool:
        return self.context.passes(partial(of_change, change, self.context.target, self.context.fields))

    def _write(self, changes: Sequence[Change], *, last: bool) -> list[Pairing]:
        """Write; returns the pairs that have to be read and decided again."""
        again: list[Pairing] = []
        if not changes:
            return again
        fields = self.context.fields
        updates = [
            Update(change.pairing.current, change.values(fields)) for change in changes if change.pairing.current
        ]
        self._record_ahead(changes)
        with Answers(lambda: self.context.destination.update(updates)) as results:
            updates.clear()
            for change, result in zip(changes, results, strict=False):
                self._written(change, result, again, last=last)
        return again

    def _record_ahead(self, changes: Sequence[Change]) -> None:
        """Note what goes out (§7.4), and the conflicts that it decides: nobody could tell them once it has arrived."""
        found = [
            RecordedConflict(*change.pairing.ids, decision.conflict, again=change.pairing.is_unsettled)
            for change in changes
            for decision in change.decisions
            if decision.conflict is not None
        ]
        self.settler.link_first([change.pairing for change in changes if change.pairing.link is None])
        for change in changes:
            if change.pairing.link is not None and change.pairing.current is not None:
                meant = change.base(written=True, fields=self.context.fields)
                change.pairing.link = going_out(
                    change.pairing.link, change.pairing.current, meant, change.pairing.doubtful
                )
        with self.context.ledger.transaction() as connection:
            runs.write_conflicts(connection, self.context.run_id, now(), found)
            links.note_ahead(connection, [change.pairing.link for change in changes if change.pairing.link])

    def _written(self, change: Change, result: RowResult | None, again: list[Pairing], *, last: bool) -> None:
        """One row's outcome; None: its answer never came, and deciding it again next run finds agreement."""
        if result is None:
            return
        if result.ok:
            self.settler.settle(change, written=True, result=result)
            self.settlement.events.append(change.event(self.context.fields, result=result))
            self.settlement.counts["updated"] += 1
            change.pairing.current = None  # as the outcomes come to take up memory, what was read need not
        elif result.status == STALE_STATUS and not last:
            change.pairing.current = None
            again.append(change.pairing)
        elif result.code in GONE_CODES or result.status in GONE_STATUSES:
            self.settler.park_gone(change.pairing)
        else:
            self.settler.settle(change, written=False)
            base = change.base(written=False, fields=self.context.fields)
            self.settlement.park(refused(change.pairing.source, base, result, change.pairing.retried))

    def _take_gone(self, pairing: Pairing) -> None:
        """The other record is gone: by a crashed run of ours that had carried a deletion over, or else by somebody."""
        if pairing.link is None or not is_ours(pairing.link, self.context.target):
            self.settler.park_gone(pairing)
            return
        self.reborn.append(pairing)

    def close_gone(self) -> list[Record]:
        """Close the links of what lives again without its counterpart, and return it, to be made a new one.

        At once: a run that dies behind the making would leave the old link open, and what it made without a place.
        """
        first = Settlement()
        for pairing in self.reborn:
            if pairing.link is not None:
                first.closed.append((pairing.link, None))
                first.events.append(Event("close", *pairing.ids, {"to": self.context.target}))
            if pairing.retried is not None:
                first.parked[pairing.source.id] = pairing.retried  # closing drops what is parked: not before it is made
        if self.reborn:
            self.context.settle(first)
        return [pairing.source for pairing in self.reborn]
