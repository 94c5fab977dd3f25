"""Carrying out a plan, and nothing else: every record is read afresh, and every step goes through the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasksync_engine.approval import Approval, changed, holds
from tasksync_engine.batch import Batch
from tasksync_engine.deleting import carry_out
from tasksync_engine.ledger import deletions, links, parked
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.deletions import PARKED, PENDING
from tasksync_engine.parking import is_same_version
from tasksync_engine.pointers import write_pointers
from tasksync_engine.records import POINTER, InvalidRecord
from tasksync_engine.rehearsal import is_made
from tasksync_engine.steps import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.plan import Row
    from tasksync_engine.records import Record
    from tasksync_engine.sources import Source

CHUNK = 2000
ENDING = frozenset({Action.DELETE.value, Action.CLOSE.value})


@dataclass(slots=True)
class Outcome:
    """What became of a direction's rows.

    Attributes:
        done: Carried out.
        before: Nothing was left to do: an earlier apply, or a sync, had done it.
        refused: Left alone, with the reason.
        parked: Tried, and refused by the service, or kept back: with the code.
    """

    done: list[Row] = field(default_factory=list)
    before: list[Row] = field(default_factory=list)
    refused: list[tuple[Row, str]] = field(default_factory=list)
    parked: list[tuple[Row, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """What a part of the plan meets now.

    Attributes:
        sources: By id, what changes come from; deleted ones that are still told of included.
        links: By source id, the open link.
        current: The other side's living records.
        parked: By source id.
        unreadable: By source id, what is wrong with one that cannot be read.
    """

    sources: Mapping[str, Record]
    links: Mapping[str, Link]
    current: Mapping[str, Record]
    parked: Mapping[str, Parked]
    unreadable: Mapping[str, str]


class Applying:
    """Carries out one direction's rows; the context is that of the run that does."""

    def __init__(self, context: Context, source: Source) -> None:
        """Read the source's records with this."""
        self._context = context
        self._source = source
        self._approval = Approval(context.fields)
        self._outcome = Outcome()
        context.gate = self._approval

    def carry_out(self, rows: Sequence[Row]) -> Outcome:
        """Do it.

        Raises:
            StopRun: The destination cannot go on; the same plan again finishes.
        """
        if rows:
            self._context.prepare()
        later = [row for row in rows if row.action == Action.POINT.value]
        for part in chunks([row for row in rows if row.action != Action.POINT.value], CHUNK):
            self._part(part)
        if later:
            self._point(later)
        self._context.counts["refused"] = len(self._outcome.refused)
        return self._outcome

    def _part(self, rows: Sequence[Row]) -> None:
        found = self._look(rows)
        ready = []
        for row in rows:
            reason = self._verdict(row, found)
            if reason is None:
                ready.append(row)
            elif reason:
                self._outcome.refused.append((row, reason))
            else:
                self._outcome.before.append(row)
        self._approval.expect(ready)
        self._bring([row for row in ready if row.action not in ENDING], found)
        self._end([row for row in ready if row.action in ENDING], found)
        self._tell(ready)

    # What is there now, compared with the plan.

    def _look(self, rows: Sequence[Row]) -> Found:
        context = self._context
        here, there = context.source, context.target
        ids = sorted({row.source.id for row in rows})
        sources, unreadable = self._read(self._source.by_ids(ids))
        with context.ledger.reading() as connection:
            known = links.of_records(connection, here, ids)
            waiting = parked.of_records(connection, here, ids)
        linked = {id_: link for id_, group in known.items() for link in group if link.state == links.OPEN}
        others = {link.record_id(there) for link in linked.values()} | {row.current.id for row in rows if row.current}
        return Found(
            sources=sources,
            unreadable=unreadable,
            links=linked,
            current=context.destination.read(sorted(others)),
            parked=waiting,
        )

    def _read(self, raws: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Record], dict[str, str]]:
        sources: dict[str, Record] = {}
        unreadable: dict[str, str] = {}
        for id_, raw in raws.items():
            try:
                sources[id_] = self._context.read_source(raw)
            except InvalidRecord as error:
                unreadable[id_] = f"its {self._source.side} is not what its API promises: {error}"
        return sources, unreadable

    def _verdict(self, row: Row, found: Found) -> str | None:
        """Why a row is refused; nothing: there is nothing left to do; None: it may be tried."""
        source, link = found.sources.get(row.source.id), found.links.get(row.source.id)
        if row.source.id in found.unreadable:
            return found.unreadable[row.source.id]
        if row.action in ENDING:
            if source is not None and not source.is_tombstone:
                return f"its {self._context.source} lives again"
            gone = row.current is None or row.current.id not in found.current
            return "" if gone and link is None else self._moved(row, found)
        if source is None or source.is_tombstone:
            return f"its {self._context.source} was deleted since"
        if self._is_done(row, source, link, found):
            return ""
        return changed(row.source, source, self._context.fields) or self._moved(row, found)

    def _is_done(self, row: Row, source: Record, link: Link | None, found: Found) -> bool:
        if link is None or link.ahead is not None:
            return False
        current = found.current.get(link.record_id(self._context.target))
        is_echo = self._context.translation.is_echo(source.side, source.raw, link.base)
        return current is not None and is_echo and holds(row, current, self._context.fields)

    def _moved(self, row: Row, found: Found) -> str | None:
        """Why the other record is not what the plan met; one that holds all that would be written is a killed try's."""
        if row.current is None:
            return None
        current = found.current.get(row.current.id)
        if current is None:
            return None if row.action in ENDING else f"its {self._context.target} is gone"
        moved = changed(row.current, current, self._context.fields)
        link = found.links.get(row.source.id)
        was_begun = link is not None and link.ahead is not None and holds(row, current, self._context.fields)
        return None if was_begun and row.writes else moved

    # Carrying out, by the engine.

    def _bring(self, rows: Sequence[Row], found: Found) -> None:
        again = {row.source.id for row in rows if _is_tried_again(row, found)}
        first = [found.sources[row.source.id] for row in rows if row.source.id not in again]
        if first:
            Batch(self._context).process(first)
        if again:
            retried = {id_: found.parked[id_] for id_ in again}
            Batch(self._context, retried).process([found.sources[id_] for id_ in sorted(again)])

    def _end(self, rows: Sequence[Row], found: Found) -> None:
        if not rows:
            return
        raws: list[Mapping[str, Any]] = []
        for row in rows:
            source = found.sources.get(row.source.id)
            at = row.source.at or self._context.destination.time().isoformat()
            raws.append(source.raw if source else self._source.tombstone(row.source.id, at))
        ids = [row.source.id for row in rows]
        Batch(self._context).process([self._context.read_source(raw) for raw in raws])
        with self._context.ledger.transaction() as connection:
            known = deletions.of_records(connection, self._context.source, ids)
            waiting = [id_ for id_, deletion in known.items() if deletion.state == PARKED]
            deletions.set_state(connection, self._context.source, waiting, PENDING)
        carry_out(self._context, {id_: found.parked[id_] for id_ in waiting if id_ in found.parked})

    def _point(self, rows: Sequence[Row]) -> None:
        self._approval.expect(rows)
        write_pointers(self._context)
        living = self._context.destination.read([row.source.id for row in rows])
        for row in rows:
            reminder, planned = living.get(row.source.id), row.writes[POINTER]
            # A task that was yet to be made has another id now than the plan could say.
            if reminder is not None and reminder.pointer and (is_made(planned) or reminder.pointer == planned):
                written = self._approval.passed.get(row.source.id)
                (self._outcome.done if written else self._outcome.before).append(row)
            else:
                self._outcome.refused.append((row, self._approval.refused.get(row.source.id, "it was refused")))

    def _tell(self, rows: Sequence[Row]) -> None:
        """What became of rows that were tried."""
        context = self._context
        ids = [row.source.id for row in rows]
        with context.ledger.reading() as connection:
            waiting = parked.of_records(connection, context.source, ids)
            held = deletions.of_records(connection, context.source, ids)
        for row in rows:
            change = waiting.get(row.source.id)
            if change is not None and change.run_id == context.run_id:
                self._outcome.parked.append((row, change.code))
            elif row.source.id in self._approval.refused:
                self._outcome.refused.append((row, self._approval.refused[row.source.id]))
            elif row in self._approval.passed.get(row.source.id, ()):
                self._outcome.done.append(row)
            elif row.source.id in held and held[row.source.id].state == deletions.HELD:
                self._outcome.refused.append((row, "the brake holds it"))
            elif row.action in ENDING or row.source.id in self._approval.settled:
                self._outcome.before.append(row)
            else:
                self._outcome.refused.append((row, "the rules leave it out now"))


def _is_tried_again(row: Row, found: Found) -> bool:
    """Whether it is the parked change that the row carries over, and not a newer one of the same record (§7.2)."""
    change, source = found.parked.get(row.source.id), found.sources.get(row.source.id)
    return change is not None and source is not None and (row.retried or is_same_version(change, source))
