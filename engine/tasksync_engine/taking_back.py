"""Takes back what one run wrote, in batches, each noted ahead like any other write (sync-rules §7.4)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tasksync_engine.answers import STALE_STATUS, Answers
from tasksync_engine.arrived import Arrived, going_out, look
from tasksync_engine.destination import Update
from tasksync_engine.ledger import links, parked, runs
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.runs import Event
from tasksync_engine.parking import undone
from tasksync_engine.settlement import Settlement
from tasksync_engine.undoing import (
    WHOLE,
    Deed,
    Met,
    deeds_of,
    judge,
)
from tasksync_engine.undone import payload_of, with_earlier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_clients import RowResult
    from tasksync_engine.context import Context
    from tasksync_engine.ledger.parked import Parked
    from tasksync_mappings import Base, Pair

CHUNK = 2000
ROUNDS = 3
"""How often a record that moved on between our read and our write is read and judged again."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a run wrote and that stays as it is; `field` None: the whole record."""

    action: str
    reminder_id: str
    task_id: str
    field: str | None
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of an undoing, or would.

    Attributes:
        put_back: Records that got old values back.
        deleted: Records that the run had made.
        left: What stays as it is, and why.
    """

    put_back: int = 0
    deleted: int = 0
    left: list[Leftover] = field(default_factory=list)


class TakingBack:
    """Takes back what one run wrote; the context is that of the undoing's own run."""

    def __init__(self, context: Context, run_id: int) -> None:
        """Read from the history what the run did, and what earlier undoings of it have taken back."""
        self._context = context
        self._run_id = run_id
        with context.ledger.reading() as connection:
            undoings = runs.undoings_of(connection, run_id)
            self._deeds = deeds_of(runs.history_of_run(connection, run_id), undoings)
        self._closed = {(row["reminder_id"], row["task_id"]) for row in undoings if row["action"] == "close"}
        self._settlement = Settlement()
        self._before: dict[str, Parked | None] = {}
        self._outcome = Outcome()

    def look(self) -> Outcome:
        """What would become of it now; writes nothing.

        Raises:
            StopRun: The destination cannot be read.
        """
        self._outcome = Outcome()
        for part in self._parts():
            for item in self._judge(part):
                self._outcome.deleted += item.verdict.delete
                self._outcome.put_back += bool(item.verdict.put_back)
                self._leave(item)
        return self._outcome

    def carry_out(self) -> Outcome:
        """Do it; in a dry run, store it as the plan.

        Raises:
            StopRun: The destination cannot go on; the same undo again finishes.
        """
        self._outcome = Outcome()
        for part in self._parts():
            waiting = list(part)
            for attempt in range(ROUNDS):
                if waiting:
                    waiting = self._round(waiting, last=attempt == ROUNDS - 1)
        self._context.counts.update(Counter(f"left: {left.reason}" for left in self._outcome.left))
        return self._outcome

    def _parts(self) -> list[Sequence[Deed]]:
        if self._deeds:
            self._context.prepare()
        return list(chunks(self._deeds, CHUNK))

    # Judging: the records and the ledger as they are now.

    def _judge(self, deeds: Sequence[Deed]) -> list[Met]:
        context = self._context
        here, there = context.source, context.target
        with context.ledger.reading() as connection:
            held = links.of_records(connection, there, [deed.record_id(there) for deed in deeds])
            later = runs.written_later(connection, there, [deed.record_id(there) for deed in deeds], self._run_id)
            waiting = parked.of_records(connection, here, [deed.record_id(here) for deed in deeds])
        current = context.destination.read([deed.record_id(there) for deed in deeds if deed.action != "delete"])
        items = []
        for deed in deeds:
            pairs = held.get(deed.record_id(there), ())
            link = next((link for link in pairs if link.record_id(here) == deed.record_id(here)), None)
            record = current.get(deed.record_id(there))
            arrived = look(link, context.fields, record) if link else Arrived({})
            ids = deed.reminder_id, deed.task_id
            item = Met(deed, link, record, waiting.get(deed.record_id(here)), arrived)
            item.begun, item.rewritten = ids in self._closed, later.get(ids, frozenset())
            item.verdict = judge(item, context.fields, context.participation)
            items.append(item)
        return items

    def _leave(self, item: Met) -> None:
        deed = item.deed
        self._outcome.left.extend(
            Leftover(deed.action, deed.reminder_id, deed.task_id, None if name == WHOLE else name, reason.value)
            for name, reason in item.verdict.left.items()
        )

    def _refuse(self, item: Met, result: RowResult) -> None:
        deed = item.deed
        reason = f"the service refused: {result.code or result.status}: {result.message or ''}".rstrip(": ")
        self._outcome.left.append(Leftover(deed.action, deed.reminder_id, deed.task_id, None, reason))

    # Carrying out.

    def _round(self, deeds: Sequence[Deed], *, last: bool) -> list[Deed]:
        """Judge and write once; returns what moved on meanwhile, to be judged again."""
        items = self._judge(deeds)
        again: list[Deed] = []
        for item in items:
            self._leave(item)
            if item.verdict.left and not item.verdict.put_back:
                self._revert(item)
            elif item.back_before and not item.verdict.put_back:
                self._settle_update(item, None)
        try:
            self._put_back([item for item in items if item.verdict.put_back], again, last=last)
            self._delete([item for item in items if item.verdict.delete], again, last=last)
        finally:
            self._context.settle(self._settlement)
            self._settlement = Settlement()
        return again

    def _put_back(self, items: Sequence[Met], again: list[Deed], *, last: bool) -> None:
        if not items:
            return
        self._note_ahead(items)
        updates = [Update(item.current, self._values(item)) for item in items if item.current is not None]
        with Answers(lambda: self._context.destination.update(updates)) as results:
            for item, result in zip(items, results, strict=False):
                if result is None:
                    continue  # its answer never came: what is noted tells the next undo of this run
                if result.ok:
                    self._settle_update(item, result.record)
                elif result.status == STALE_STATUS and not last:
                    self._revert(item)
                    again.append(item.deed)
                else:
                    self._revert(item)
                    self._refuse(item, result)

    def _values(self, item: Met) -> dict[str, Any]:
        side, fields = self._context.target, self._context.fields
        return {fields.named(name).column(side): base.on(side) for name, base in item.verdict.put_back.items()}

    def _note_ahead(self, items: Sequence[Met]) -> None:
        """Before a value goes back, its source's change is parked: else a sync after a crash would repeat the run."""
        noted, held = [], []
        for item in items:
            if item.link is not None and item.current is not None:
                meant = {**item.link.base, **item.verdict.done, **item.verdict.put_back}
                noted.append(going_out(item.link, item.current, meant))
                self._before.setdefault(item.deed.record_id(self._context.source), item.earlier)
                held.append(self._parked(item, item.verdict.put_back))
        with self._context.ledger.transaction() as connection:
            links.note_ahead(connection, noted)
            parked.park(connection, held)

    def _parked(self, item: Met, base: Base) -> Parked:
        if item.link is None:
            raise TypeError(item)
        payload = payload_of(item, item.link, self._context.fields)
        payload, base = with_earlier(payload, base, item.earlier)
        change = undone(self._context.read_source(payload), base)
        return replace(change, run_id=self._context.run_id)

    def _settle_update(self, item: Met, held: Mapping[str, Any] | None) -> None:
        """The values are back: so is the base."""
        if item.link is None:
            return
        side, fields = self._context.target, self._context.fields
        base = dict(item.verdict.put_back)
        for name, pair in base.items():
            column = fields.named(name).column(side)
            if held is not None and column in held:
                base[name] = pair.having(side, held[column])
        back = {**item.back_before, **base}
        link = replace(item.link, base={**item.arrived.base, **back}, ahead=None)
        if "assignee" in back:
            user = {"task_user" if side == "task" else "reminder_user": back["assignee"].on(side)}
            link = replace(link, **user)
        self._settlement.rebased[link.id] = link
        if base:
            change = self._parked(item, base)
            self._settlement.parked[change.record_id] = change
        self._settlement.events.append(self._event(item, back))
        self._settlement.counts["put back"] += 1
        self._outcome.put_back += 1

    def _revert(self, item: Met) -> None:
        """Nothing was put back after all: what was noted for it goes."""
        source_id = item.deed.record_id(self._context.source)
        if source_id not in self._before or item.link is None:
            return
        before = self._before.pop(source_id)
        with self._context.ledger.transaction() as connection:
            links.note_ahead(connection, [replace(item.link, ahead=None)])
            parked.drop(connection, self._context.source, [source_id])
            parked.park(connection, [before] if before else [])

    def _delete(self, items: Sequence[Met], again: list[Deed], *, last: bool) -> None:
        """Close the links as kept, and only then delete what was made: nothing makes it again (sync-rules §6)."""
        if not items:
            return
        self._close([item for item in items if item.link is not None and item.link.state == links.OPEN])
        living = [(item, item.current) for item in items if item.current is not None]
        for item in items:
            if item.current is None:
                self._deleted(item)
        with Answers(lambda: self._context.destination.delete([record for _, record in living])) as results:
            for (item, _), result in zip(living, results, strict=False):
                if result is None:
                    continue  # see _put_back
                if result.ok:
                    self._deleted(item)
                elif result.status == STALE_STATUS and not last:
                    again.append(item.deed)
                else:
                    self._refuse(item, result)

    def _close(self, items: Sequence[Met]) -> None:
        closing = Settlement()
        for item in items:
            if item.link is not None and item.current is not None:
                stamp = item.current.stamp.replace(microsecond=0) if item.current.side == "task" else None
                closing.kept.append((item.link, stamp))
                about = {"to": self._context.target, "undoes": self._run_id, "outcome": "undone: kept unlinked"}
                closing.events.append(Event("close", item.link.reminder_id, item.link.task_id, about))
                self._closed.add((item.link.reminder_id, item.link.task_id))
        self._context.settle(closing)

    def _deleted(self, item: Met) -> None:
        self._settlement.events.append(self._event(item, {}))
        self._settlement.counts["deleted"] += 1
        self._outcome.deleted += 1

    def _event(self, item: Met, back: Mapping[str, Pair]) -> Event:
        """What is kept of it in the undoing's own history."""
        deed, side = item.deed, self._context.target
        detail: dict[str, Any] = {"to": side, "undoes": self._run_id}
        if back:
            detail["fields"] = {
                name: {"rule": "undone", "before": _after(deed, name, side), "after": base.on(side)}
                for name, base in back.items()
            }
        return Event("undo", deed.reminder_id, deed.task_id, detail)


def _after(deed: Deed, name: str, side: Any) -> Any:  # noqa: ANN401 - a Side; see Pair
    base = deed.fields[name].base_after
    return base.on(side) if base is not None else None
