"""Carrying out what was decided: creates and updates in batches, the answer split row by row (sync-rules §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_clients import ClientError, RowResult
from tasksync_clients.recovery import OTHER, category
from tasksync_engine.destination import Create, Update
from tasksync_engine.ledger import intents, links, runs
from tasksync_engine.ledger.intents import Intent
from tasksync_engine.ledger.parked import CLAIMED, GONE, ROSTER, Parked
from tasksync_engine.ledger.runs import Event, RecordedConflict
from tasksync_engine.ledger.store import now
from tasksync_engine.settlement import Settlement, retry_time
from tasksync_engine.work import Change, Making, Pairing
from tasksync_mappings import UNSET, merge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.records import Record
    from tasksync_mappings import Base

ROUNDS = 3
"""How often a record that moved on between our read and our write is read and decided again in one batch."""

GONE_CODES = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "not_found", "gone"})
GONE_STATUSES = frozenset({404, 410})
STALE_STATUS = 412

ROSTER_MESSAGE = "The reminder's or the task's user does not take part in task sync now."
CLAIMED_MESSAGE = "A task that is linked to another reminder carries this reminder's id in its link field."
GONE_MESSAGE = "The record on the other side is deleted; its tombstone will close the link, or it will live again."


@dataclass(slots=True)
class Carrier:
    """Carries out one batch's decisions and notes the outcome in its settlement."""

    context: Context
    settlement: Settlement

    def create(self, makings: Sequence[Making]) -> None:
        """Make counterparts; each is noted in the ledger with its values before it goes out (sync-rules §7.4).

        Raises:
            StopRun: The destination cannot go on; rows that were answered before are in the settlement.
        """
        if not makings:
            return
        self.context.prepare()
        if self.context.settings.dry_run:
            self.settlement.events.extend(making.event(None) for making in makings)
            self.settlement.counts["created"] += len(makings)
            return
        with self.context.ledger.transaction() as connection:
            ahead = [_intent(making) for making in makings]
            intents.note(connection, ahead, now())
        creates = [Create(making.source, making.columns, making.key) for making in makings]
        taken: list[Pairing] = []
        with Answers(lambda: self.context.destination.create(creates)) as results:
            for making, result in zip(makings, results, strict=False):
                self._created(making, result, taken)
        self.bring(taken)

    def _created(self, making: Making, result: RowResult | None, taken: list[Pairing]) -> None:
        """One row's outcome; None: its answer never came, and the intent stays for the next run to find."""
        if result is None:
            return
        if result.ok and result.id and making.begun is not None and _holds_other(making, result, self.context):
            # The answer of the earlier create: what it made is older than what was sent now.
            taken.append(Pairing(making.source, result.id, base=making.begun.base, retried=making.retried))
        elif result.ok and result.id:
            base = _with_held(making.base, result, self.context)
            pairing = Pairing(making.source, result.id, base=base, origin=self._origin())
            self.settlement.new_links.append(pairing.as_new_link())
            self.settlement.intents_done.add((making.source.side, making.source.id))
            self.settlement.unparked.add(making.source.id)
            self.settlement.events.append(making.event(result.id))
            self.settlement.counts["created"] += 1
        elif result.holder_id and self._is_free(result.holder_id):
            taken.append(Pairing(making.source, result.holder_id, retried=making.retried))
        else:
            self._park_refused(making.source, {}, result, making.retried)

    def _is_free(self, destination_id: str) -> bool:
        """Whether no link, open or kept, holds this record of the destination."""
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
        for attempt in range(ROUNDS):
            if not waiting:
                return
            self._read_current(waiting)
            changes = [change for pairing in waiting if (change := self._decide(pairing)) is not None]
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
            self._park_gone(pairing)
            return None
        if not context.participation.takes_part(context.target, current.user):
            self.park_for_roster(pairing)
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
        change = Change(pairing, tuple(decisions))
        if change.values(context.fields):
            return change
        self._settle(change, written=False)
        self.settlement.counts["unchanged"] += 1
        return None

    def _write(self, changes: Sequence[Change], *, last: bool) -> list[Pairing]:
        """Write; returns the pairs that have to be read and decided again."""
        again: list[Pairing] = []
        if not changes:
            return again
        if self.context.settings.dry_run:
            for change in changes:
                self.settlement.events.append(change.event(self.context.fields))
                self.settlement.events.extend(_conflict_events(change))
            self.settlement.counts["updated"] += len(changes)
            return again
        fields = self.context.fields
        updates = [
            Update(change.pairing.current, change.values(fields)) for change in changes if change.pairing.current
        ]
        self._record_ahead(changes)
        with Answers(lambda: self.context.destination.update(updates)) as results:
            for change, result in zip(changes, results, strict=False):
                self._written(change, result, again, last=last)
        return again

    def _record_ahead(self, changes: Sequence[Change]) -> None:
        """Record the conflicts that these writes decide: once the loser is overwritten, nobody could tell any more."""
        found = [
            RecordedConflict(*change.pairing.ids, decision.conflict)
            for change in changes
            for decision in change.decisions
            if decision.conflict is not None
        ]
        if found:
            with self.context.ledger.transaction() as connection:
                runs.write_conflicts(connection, self.context.run_id, now(), found)

    def _written(self, change: Change, result: RowResult | None, again: list[Pairing], *, last: bool) -> None:
        """One row's outcome; None: its answer never came, and deciding it again next run finds agreement."""
        if result is None:
            return
        if result.ok:
            self._settle(change, written=True, result=result)
            self.settlement.events.append(change.event(self.context.fields))
            self.settlement.counts["updated"] += 1
        elif result.status == STALE_STATUS and not last:
            change.pairing.current = None
            again.append(change.pairing)
        elif result.code in GONE_CODES or result.status in GONE_STATUSES:
            self._park_gone(change.pairing)
        else:
            self._settle(change, written=False)
            base = change.base(written=False, fields=self.context.fields)
            self._park_refused(change.pairing.source, base, result, change.pairing.retried)

    # Settling: the base, the link and the conflicts of one pair.

    def _settle(self, change: Change, *, written: bool, result: RowResult | None = None) -> None:
        pairing = change.pairing
        held = result.record if result else None
        base = change.base(written=written, held=held, fields=self.context.fields)
        self._keep_link(pairing, base)
        found = [
            decision.conflict
            for decision in change.decisions
            if decision.conflict is not None and (written or decision.write is UNSET)
        ]
        self._keep_winners_parked(change, base)
        reminder_id, task_id = pairing.ids
        self.settlement.conflicts.extend(RecordedConflict(reminder_id, task_id, conflict) for conflict in found)
        self.settlement.counts["conflicts"] += len(found)
        if found and not written:
            self.settlement.events.append(change.event(self.context.fields, "conflict"))

    def _keep_winners_parked(self, change: Change, base: Base) -> None:
        """Where the destination's value won, its own parked change still has to go over, although the base moved."""
        won = {
            decision.field: base[decision.field]
            for decision in change.decisions
            if decision.conflict is not None and decision.write is UNSET and decision.field in base
        }
        if won:
            self.settlement.winners[change.pairing.destination_id] = won

    def _keep_link(self, pairing: Pairing, base: Base) -> None:
        if pairing.link is None:
            self.settlement.unparked.add(pairing.source.id)
            self.settlement.revived.add(pairing.destination_id)  # a create of its own that was refused is now an edit
            self.settlement.new_links.append(pairing.as_new_link(base))
            self.settlement.intents_done |= {
                (pairing.source.side, pairing.source.id),
                (self.context.target, pairing.destination_id),
            }
            self.settlement.events.append(Event("link", *pairing.ids, {"origin": pairing.origin}))
            return
        self.settlement.unparked.add(pairing.source.id)
        link = pairing.as_link(pairing.link, base)
        if link != pairing.link:
            self.settlement.rebased[link.id] = link

    # Parking: kept whole, with the reason.

    def park_for_roster(self, pairing: Pairing) -> None:
        """Keep a linked record's change until both users take part (sync-rules §1.3)."""
        self._keep_link(pairing, pairing.base)
        self._park(pairing.source, pairing.base, ROSTER, ROSTER_MESSAGE, previous=pairing.retried)

    def park_single_for_roster(self, record: Record, previous: Parked | None, reason: str | None) -> None:
        """Keep the create that is owed to an unlinked record (sync-rules §1.2, §2.2)."""
        message = f"Its user is left out: {reason}." if reason else ROSTER_MESSAGE
        self._park(record, {}, ROSTER, message, previous=previous)

    def park_claimed(self, record: Record, previous: Parked | None) -> None:
        """Keep the create of a reminder whose id stands on a task that is linked to another reminder."""
        self._park(record, {}, CLAIMED, CLAIMED_MESSAGE, previous=previous)

    def _park_gone(self, pairing: Pairing) -> None:
        """Leave an edit whose other record is gone until the tombstone closes the link (sync-rules §6)."""
        self._park(pairing.source, pairing.base, GONE, GONE_MESSAGE, previous=pairing.retried, soon=not pairing.link)

    def _park_refused(self, source: Record, base: Base, result: RowResult, previous: Parked | None) -> None:
        attempts = previous.attempts + 1 if previous else 1
        code, message = result.code or str(result.status or "UNKNOWN"), result.message or ""
        self.settlement.parked[source.id] = Parked(
            side=source.side,
            record_id=source.id,
            code=code,
            category=category(code, message, result.status),
            message=message,
            payload=source.raw,
            base=base,
            user_id=source.user,
            attempts=attempts,
            parked_at=previous.parked_at if previous else now(),
            retry_at=retry_time(result.recovery, attempts, now()),
        )
        self.settlement.counts["parked"] += 1

    def _park(  # noqa: PLR0913 - what a parked change consists of
        self,
        source: Record,
        base: Base,
        code: str,
        message: str,
        *,
        previous: Parked | None,
        soon: bool = False,
    ) -> None:
        self.settlement.parked[source.id] = Parked(
            side=source.side,
            record_id=source.id,
            code=code,
            category=OTHER,
            message=message,
            payload=source.raw,
            base=base,
            user_id=source.user,
            attempts=previous.attempts + 1 if previous else 1,
            parked_at=previous.parked_at if previous else now(),
            retry_at=now() if soon else None,
        )
        self.settlement.counts["parked"] += 1


class Answers:
    """The rows of a batch write; where the service stopped half-way, the rows answered so far, then its error."""

    def __init__(self, call: Callable[[], Sequence[RowResult]]) -> None:
        self._call = call
        self._error: ClientError | None = None

    def __enter__(self) -> Sequence[RowResult | None]:
        try:
            return self._call()
        except ClientError as error:
            self._error = error
            return error.partial

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None and self._error is not None:
            raise self._error


def _with_held(base: Base, result: RowResult, context: Context) -> Base:
    """The base with what the service says the new record holds, where it says so."""
    if result.record is None:
        return base
    held = dict(base)
    for row in context.fields.fields:
        column = row.column(context.target)
        if row.name in base and column in result.record:
            pair = base[row.name]
            value = result.record[column]
            held[row.name] = (
                type(pair)(pair.reminder, value) if context.target == "task" else type(pair)(value, pair.task)
            )
    return held


def _intent(making: Making) -> Intent:
    """The create as it is noted; one that repeats an earlier key keeps that one's values: they may be what it made."""
    begun = making.begun
    base = begun.base if begun is not None and begun.key == making.key else making.base
    return Intent(making.source.side, making.source.id, making.key, base, making.besides)


def _holds_other(making: Making, result: RowResult, context: Context) -> bool:
    """Whether the record that the service returned differs from what was sent."""
    held = result.record or {}
    columns = (row.column(context.target) for row in context.fields.fields)
    return any(column in held and held[column] != making.columns.get(column) for column in columns)


def _conflict_events(change: Change) -> list[Event]:
    return [
        Event(
            "conflict",
            *change.pairing.ids,
            {
                "field": decision.conflict.field,
                "reminder": decision.conflict.values.reminder,
                "task": decision.conflict.values.task,
                "winner": decision.conflict.winner,
            },
        )
        for decision in change.decisions
        if decision.conflict is not None
    ]
