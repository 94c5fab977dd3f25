"""One batch of source records: sorted by what the ledger knows of them, decided, carried out, settled.

The steps are those of the architecture's "The engine, one batch"; the rules are sync-rules §1 to §7.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasksync_engine import runaway
from tasksync_engine.allowance import KEPT_BACK, is_short, work_of
from tasksync_engine.carrying import Carrier
from tasksync_engine.known import Known
from tasksync_engine.ledger import parked
from tasksync_engine.ledger.parked import ALLOWANCE
from tasksync_engine.matching import Matcher
from tasksync_engine.pairing import is_told_too_old, too_old
from tasksync_engine.parking import waiting
from tasksync_engine.settlement import Settlement
from tasksync_engine.sorting import Sorter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record
    from tasksync_engine.work import Making, Pairing


@dataclass(slots=True)
class Batch:
    """One batch on its way through the engine.

    Attributes:
        context: The run.
        retried: Parked changes that are tried again, by source id; empty for a batch of the stream.
        met: The ids of both sides by which records were looked up, and of what was parked as no record.
        short: Whether the API calls were short at the look-up.
    """

    context: Context
    retried: Mapping[str, Parked] = field(default_factory=dict)
    known: Known = field(init=False)
    settlement: Settlement = field(default_factory=Settlement)
    pairings: list[Pairing] = field(default_factory=list)
    single: list[Record] = field(default_factory=list)
    makings: list[Making] = field(default_factory=list)
    met: set[str] = field(default_factory=set)
    short: bool = False
    _brought: set[str] = field(default_factory=set)

    def process(self, records: Sequence[Record]) -> None:
        """Bring the destination to these source records; a later record of an id replaces an earlier one.

        Raises:
            StopRun: The destination cannot go on; what was carried out before is settled.
        """
        self.look_up(records)
        self.carry_out()

    def look_up(self, records: Sequence[Record]) -> None:
        """Read what ledger and destination know of these records, and sort them by it; nothing is written.

        Raises:
            StopRun: The destination cannot go on.
        """
        try:
            self._look_up({record.id: record for record in records})
        except BaseException:
            self.context.claims.release()
            raise

    def _look_up(self, latest: dict[str, Record]) -> None:
        self._claim(latest)
        self.met.update(latest)
        self.known = Known.of(self.context, list(latest), self.retried)
        sorter = Sorter(self.context, self.known, self.settlement)
        for record in latest.values():
            if self._is_as_parked(record):
                sorter.sort(record)
        self.pairings, self.single = sorter.pairings, sorter.single
        self._claim_linked()
        self._defer()
        if self.single:
            self._match()

    def _match(self) -> None:
        self.context.prepare()
        matcher = Matcher(self.context, self.known, self.settlement)
        matcher.find(self.single)
        self.met.update(matcher.candidate_ids)
        self._claim_candidates(matcher)
        matcher.match(self.single)
        self.pairings += matcher.pairings
        self.makings += matcher.makings

    @property
    def touched(self) -> frozenset[str]:
        """The records of both sides that this batch may have changed, or changed the ledger's knowledge of."""
        new = self.settlement.new_links
        made = {id_ for link in new for id_ in (link.reminder_id, link.task_id)}
        return frozenset(self.met | self._brought | made)

    def is_outdated(self, meanwhile: Iterable[frozenset[str]]) -> bool:
        """Whether the look-up has to be done anew: others touched these records, or the calls have become short."""
        if any(not self.met.isdisjoint(touched) for touched in meanwhile):
            return True
        return not self.short and bool(self.pairings or self.single) and self._is_short()

    def read_again(self) -> None:
        """Let the destination's records be read just before they are decided: the look-up was a while ago (§9)."""
        for pairing in self.pairings:
            pairing.current = None

    def park_invalid(self, changes: Sequence[Parked]) -> None:
        """Keep what is no record of its API, unless another run has it; what is not owed does not become so."""
        ids = [change.record_id for change in changes]
        refused = self.context.claims.refused(self.context.source, ids)
        self._note_read_afresh(ids)
        self.met.update(ids)
        with self.context.ledger.reading() as connection:
            before = parked.of_records(connection, self.context.source, ids)
        for change in changes:
            previous = before.get(change.record_id)
            if change.record_id in refused:
                self.settlement.leave(change.record_id, None)
            elif (previous is not None and previous.owed) or not is_told_too_old(change, self.context.participation):
                self.settlement.park(change)
            else:
                self.settlement.park(replace(change, owed=False))

    def carry_out(self) -> None:
        """Write what the look-up led to, and settle it.

        Raises:
            StopRun: The destination cannot go on; what was carried out before is settled.
        """
        self._brought.update(pairing.destination_id for pairing in self.pairings)
        carrier = Carrier(self.context, self.settlement, runaway.released(self.known.parked), brought=self._brought)
        with self.context.claims.at_work():
            try:
                carrier.create(self.makings)
                if self.makings:
                    self.read_again()  # to make many takes minutes
                carrier.bring(self.pairings)
                self._make_anew(carrier)
            finally:
                self.context.settle(self.settlement)

    # Claiming: beside other shards' runs, each record is decided by one at a time.

    def _claim(self, latest: dict[str, Record]) -> None:
        context = self.context
        for record_id in context.claims.refused(context.source, latest, read_now=bool(self.retried)):
            self._leave(latest.pop(record_id))
        self._note_read_afresh(latest)

    def _note_read_afresh(self, ids: Collection[str]) -> None:
        if not self.retried and (read_afresh := self.context.claims.reread(ids)):
            self.settlement.reread |= read_afresh
            self.settlement.read_since = self.context.claims.began()

    def _is_as_parked(self, record: Record) -> bool:
        """Whether what is tried again is still parked, now that nobody else has it."""
        if not self.retried or self.context.scope is None:
            return True
        return self.known.parked.get(record.id) == self.retried[record.id]

    def _claim_linked(self) -> None:
        """The other records of links; what is read of them is read after this."""
        others = {pairing.destination_id for pairing in self.pairings}
        if refused := self.context.claims.refused(self.context.target, others, read_now=True):
            for pairing in self.pairings:
                if pairing.destination_id in refused:
                    self._leave(pairing.source)
            self.pairings = [pairing for pairing in self.pairings if pairing.destination_id not in refused]

    def _claim_candidates(self, matcher: Matcher) -> None:
        """Counterparts that another shard has, or has settled since they were looked up, are for the next run."""
        if refused := self.context.claims.refused(self.context.target, matcher.candidate_ids):
            for record in self.single:
                if matcher.is_among(record, refused):
                    self._leave(record)
            self.single = [record for record in self.single if not matcher.is_among(record, refused)]

    def _leave(self, record: Record) -> None:
        """To the next run; what is parked stays parked, which is the same."""
        if not self.retried:
            self.settlement.leave(record.id, record.user)

    def _make_anew(self, carrier: Carrier) -> None:
        """A record that lives again after a crashed run had carried its deletion over gets a new counterpart (§6)."""
        matcher = Matcher(self.context, self.known, self.settlement)
        for record in carrier.close_gone():
            matcher.make(record)
        carrier.create(matcher.makings)

    # Deferring: what waits where API calls are short.

    def _defer(self) -> None:
        """Let only what is urgent go now; the rest waits for the end of the run, or for a later one.

        Raises:
            AllowanceExhausted: No call may be made at all.
        """
        if self.retried or not (self.pairings or self.single):
            return
        self.context.prepare()
        self.short = self._is_short()
        if not self.short:
            self.context.reserve(self.context.destination.cost(len(self.pairings), len(self.single)))
            return
        self.context.destination.check_allowance()
        self.pairings = [pairing for pairing in self.pairings if not self._defers(pairing.source, pairing.link)]
        self.single = [record for record in self.single if not self._defers(record, None)]

    def _is_short(self) -> bool:
        destination = self.context.destination
        left = self.context.calls_left(len(self.pairings) + len(self.single))
        return is_short(len(self.pairings), len(self.single), left, destination.cost, kept_back=KEPT_BACK)

    def _defers(self, record: Record, link: Link | None) -> bool:
        """Keep a change for later unless it is urgent."""
        if work_of(self.context, record, link).urgent:
            return False
        change = waiting(record, ALLOWANCE, base=link.base if link else None)
        self.settlement.defer(replace(change, owed=link is None and self._would_be_made(record)))
        return True

    def _would_be_made(self, record: Record) -> bool:
        """Whether a record that stays without a counterpart gets one, as things are now."""
        person = self.context.participation.user(record.side, record.user)
        lookback = self.context.settings.initial_lookback
        return self.known.is_owed(record) or (person is not None and too_old(record, person, lookback) is None)
