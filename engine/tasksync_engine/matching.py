"""A batch's records without an open link: each is linked to its counterpart, gets a new one, or is left out.

The rules are sync-rules §2, §4 and §7.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasksync_engine.begun import base_for_deletion
from tasksync_engine.ledger import intents, links
from tasksync_engine.ledger.parked import CLAIMED, GONE
from tasksync_engine.pairing import (
    came_back,
    counterpart,
    draft_reminder,
    draft_task,
    is_free,
    key_of_another,
    linked_by_field,
    too_old,
)
from tasksync_engine.parking import waiting
from tasksync_engine.unsettled import counterparts_made, look_up, undecided_codes
from tasksync_engine.work import Making, Pairing, base_of_create

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.known import Known
    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_engine.settlement import Settlement
    from tasksync_engine.unsettled import Verdict


@dataclass(slots=True)
class Matcher:
    """Finds counterparts, and says what becomes of whoever has none.

    Attributes:
        context: The run.
        known: What the ledger knows of the batch's records.
        settlement: Takes what needs no more than to be noted.
        pairings: The pairs that were found.
        makings: The counterparts that are to be made.
    """

    context: Context
    known: Known
    settlement: Settlement
    pairings: list[Pairing] = field(default_factory=list)
    makings: list[Making] = field(default_factory=list)
    _candidates: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    _verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def find(self, single: Sequence[Record]) -> None:
        """Ask the destination which of its records may belong to these, and what became of unsettled creates.

        Raises:
            StopRun: The destination cannot go on.
        """
        found = self.context.destination.counterparts(single)
        self._verdicts = look_up(self.context, [self.known.intents.get(record.id) for record in single])
        self._candidates = found | counterparts_made(self._verdicts)

    @property
    def candidate_ids(self) -> list[str]:
        """The records that were found."""
        return sorted({candidate.id for candidates in self._candidates.values() for candidate in candidates})

    def is_among(self, record: Record, ids: Iterable[str]) -> bool:
        """Whether one of these was found for this record."""
        found = {candidate.id for candidate in self._candidates.get(record.id, ())}
        return not found.isdisjoint(ids)

    def match(self, single: Sequence[Record]) -> None:
        """Pair these with what was found for them; of two that claim one, who is named by the link field goes first."""
        ids = self.candidate_ids
        with self.context.ledger.reading() as connection:
            held = links.of_records(connection, self.context.target, ids)
            begun = intents.of_records(connection, self.context.target, ids)
        undecided = undecided_codes(self.context, single, self._verdicts, self.known.retried)
        used: set[str] = set()
        for record in sorted(single, key=lambda record: not self._is_named_by_field(record)):
            free = self._free(record, used, held)
            match = counterpart(record, free)
            if match is not None:
                used |= self._take(record, match, free, self.known.intents.get(record.id) or begun.get(match.id))
                continue
            code = CLAIMED if self._is_claimed(record) else undecided.get(record.id)
            if code is not None:
                self.settlement.park(waiting(record, code, previous=self.known.parked.get(record.id)))
                continue
            self.make(record)

    def make(self, record: Record, *, besides: tuple[str, ...] = ()) -> None:
        """Make a counterpart, unless the record is too old for one (sync-rules §2.1, §2.2, §6)."""
        person = self.context.participation.user(record.side, record.user)
        was_linked = bool(self.known.links.get(record.id))
        again = bool(besides) or was_linked
        if not (again or self.known.is_owed(record)) and person is not None:
            skip = too_old(record, person, self.context.settings.initial_lookback)
            if skip is not None:
                self.settlement.skip(record.id, skip)
                return
        translation = self.context.translation
        begun = self.known.intents.get(record.id)
        columns = (draft_task if record.side == "reminder" else draft_reminder)(record, translation)
        self.makings.append(
            Making(
                source=record,
                columns=columns,
                key=key_of_another(record) if again else record.id,
                base=base_of_create(record, columns, translation),
                besides=besides,
                begun=begun if begun and begun.sent is None else None,  # one that was looked for made nothing
                retried=self.known.retried.get(record.id),
            ),
        )

    def _free(self, record: Record, used: set[str], held: Mapping[str, Sequence[Link]]) -> list[Record]:
        return [
            candidate
            for candidate in self._candidates.get(record.id, ())
            if candidate.id not in used and is_free(record, held.get(candidate.id, ()))
        ]

    def _take(self, record: Record, match: Record, free: Sequence[Record], intent: Intent | None) -> set[str]:
        """Link a pair, unless its record came back: then it gets a new counterpart. Returns what is used up."""
        if intent is not None and match.id in intent.besides:
            intent = None  # it was there before that create, and so cannot be what the create made
        if intent is None and came_back(record, match):
            self.make(record, besides=tuple(candidate.id for candidate in free))
            return set()
        self._adopt(record, match, intent)
        return {match.id}

    def _is_named_by_field(self, record: Record, *, living: bool = False) -> bool:
        return any(
            linked_by_field(record, candidate)
            for candidate in self._candidates.get(record.id, ())
            if not (living and candidate.is_tombstone)
        )

    def _is_claimed(self, record: Record) -> bool:
        """Whether a living task carries this reminder's id and belongs to another: an upsert would write over it."""
        return self.context.target == "task" and self._is_named_by_field(record, living=True)

    def _adopt(self, record: Record, match: Record, begun: Intent | None) -> None:
        """Link a pair that was found; found deleted, that look-up is the tombstone (sync-rules §2.3).

        Then what the record has to carry over waits, for a task that lives again before its deletion is carried out.
        """
        base = {} if begun is None else base_for_deletion(begun, record, self.context.fields)
        retried = self.known.retried.get(record.id)
        pairing = Pairing(record, match.id, base=base, begun=begun, current=match, retried=retried)
        self.settlement.counts["linked"] += 1
        if not match.is_tombstone:
            self.pairings.append(pairing)  # what was begun stays noted until this has made a link of it
            return
        self.settlement.intents_done |= {(record.side, record.id), (match.side, match.id)}
        self.settlement.unparked.add(record.id)
        self.settlement.new_links.append(self.context.new_link(pairing))
        self.settlement.doom(match, self.context.run_id)
        if base and not self.context.translation.is_echo(record.side, record.raw, base):
            self.settlement.park(waiting(record, GONE, base=base, previous=pairing.retried))
