"""One batch of source records: sorted by what the ledger knows of them, decided, carried out, settled.

The steps are those of the architecture's "The engine, one batch"; the rules are sync-rules §1 to §7.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasksync_engine import runaway
from tasksync_engine.allowance import KEPT_BACK, Work, is_short, is_urgent, today
from tasksync_engine.arrived import is_ours
from tasksync_engine.begun import base_for_deletion
from tasksync_engine.carrying import Carrier
from tasksync_engine.ledger import deletions, intents, links, parked
from tasksync_engine.ledger.deletions import DONE, HELD, PENDING, Deletion
from tasksync_engine.ledger.parked import ALLOWANCE, CLAIMED, GONE, ROSTER, UNDONE
from tasksync_engine.ledger.store import now
from tasksync_engine.pairing import (
    Skip,
    came_back,
    counterpart,
    draft_reminder,
    draft_task,
    excluded,
    is_free,
    linked_by_field,
    too_old,
)
from tasksync_engine.parking import still_waiting, waiting
from tasksync_engine.settlement import Settlement
from tasksync_engine.undone import undone_base
from tasksync_engine.unsettled import counterparts_made, look_up, undecided_codes
from tasksync_engine.work import Making, Pairing, base_of_create

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record
    from tasksync_mappings import Base


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a batch's records, read in one go."""

    links: Mapping[str, Sequence[Link]]
    parked: Mapping[str, Parked]
    deletions: Mapping[str, Deletion]
    intents: Mapping[str, Intent]
    waiting: frozenset[str]

    @classmethod
    def of(cls, context: Context, ids: Sequence[str]) -> Known:
        """Read it, by source id."""
        with context.ledger.reading() as connection:
            return cls(
                links=links.of_records(connection, context.source, ids),
                parked=parked.of_records(connection, context.source, ids),
                deletions=deletions.of_records(connection, context.source, ids),
                intents=intents.of_records(connection, context.source, ids),
                waiting=parked.waiting_for_deleted(connection, context.target),
            )

    def open_link(self, record_id: str) -> Link | None:
        """The record's open link."""
        return next((link for link in self.links.get(record_id, ()) if link.state == links.OPEN), None)


@dataclass(slots=True)
class Batch:
    """One batch on its way through the engine.

    Attributes:
        context: The run.
        retried: Parked changes that are tried again, by source id; empty for a batch of the stream.
        met: The ids of both sides by which records were looked up.
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
        self.known = Known.of(self.context, list(latest))
        for record in latest.values():
            if self._is_as_parked(record):
                self._sort(record)
        self._claim_linked()
        self._defer()
        if self.single:
            self._pair()

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
        """Keep what is no record of its API, unless this batch has a version of it that is, or another run has it."""
        refused = self.context.claims.refused(self.context.source, [change.record_id for change in changes])
        for change in changes:
            if change.record_id in refused:
                self.settlement.leave(change.record_id, None)
            elif change.record_id not in self.met:
                self.settlement.park(change)

    def carry_out(self) -> None:
        """Write what the look-up led to, and settle it.

        Raises:
            StopRun: The destination cannot go on; what was carried out before is settled.
        """
        carrier = Carrier(self.context, self.settlement, runaway.released(self.known.parked), brought=self._brought)
        with self.context.claims.at_work():
            try:
                carrier.create(self.makings)
                carrier.bring(self.pairings)
                self._make_anew(carrier)
            finally:
                self.context.settle(self.settlement)

    # Claiming: beside other shards' runs, each record is decided by one at a time.

    def _claim(self, latest: dict[str, Record]) -> None:
        context = self.context
        for record_id in context.claims.refused(context.source, latest, read_now=bool(self.retried)):
            self._leave(latest.pop(record_id))
        if not self.retried and (read_afresh := context.claims.reread(latest)):
            self.settlement.reread = set(read_afresh)
            self.settlement.read_since = context.claims.began()

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

    def _leave(self, record: Record) -> None:
        """To the next run; what is parked stays parked, which is the same."""
        if not self.retried:
            self.settlement.leave(record.id, record.user)

    def _make_anew(self, carrier: Carrier) -> None:
        """A record that lives again after a crashed run had carried its deletion over gets a new counterpart (§6)."""
        self.makings = []
        for record in carrier.close_gone():
            self._make(record)
        carrier.create(self.makings)

    # Sorting: one record, by what the ledger knows of it.

    def _sort(self, record: Record) -> None:
        link = self.known.open_link(record.id)
        if record.is_tombstone:
            self._take_tombstone(record, link)
            return
        if record.id in self.known.deletions:
            self.settlement.undeleted.add(record.id)
        if link is not None:
            self._take_linked(record, link)
        else:
            self._take_single(record)

    def _take_tombstone(self, record: Record, link: Link | None) -> None:
        """Store it as pending; a closed link's tombstone is the echo of a deletion that was carried out (§6)."""
        noted = self.known.deletions.get(record.id)
        if self._waits_already(record):
            return
        self.settlement.unparked.add(record.id)
        if link is None and self.known.links.get(record.id):
            self.settlement.counts["echoed"] += 1
            return
        if link is not None and is_ours(link, record.side):
            self.settlement.counts["echoed"] += 1
            return
        settled = noted is not None and noted.state == DONE and noted.deleted_at == record.deleted_at
        if settled or (noted is not None and noted.state in {PENDING, HELD}):
            self.settlement.counts["echoed"] += 1
            return
        self.settlement.deletions.append(self._deletion(record, link))

    def _deletion(self, record: Record, link: Link | None = None) -> Deletion:
        return Deletion(
            side=record.side,
            record_id=record.id,
            state=PENDING,
            deleted_at=record.deleted_at,
            tombstone=record.raw,
            noted_at=now(),
            run_id=self.context.run_id,
            user_id=record.user or (link.user(record.side) if link else None),
        )

    def _take_linked(self, record: Record, link: Link) -> None:
        context, counts = self.context, self.settlement.counts
        if link.record_id(context.target) in self.known.waiting:
            self.settlement.revived.add(link.record_id(context.target))
        if link.ahead is None and context.translation.is_echo(record.side, record.raw, link.base):
            counts["echoed"] += 1
            self.settlement.unparked.add(record.id)
            if record.user != link.user(record.side):
                self.settlement.rebased[link.id] = _with_user(link, record)
            return
        if self._is_undone(record, link) or (link.ahead is None and self._waits_already(record)):
            return
        pairing = Pairing(
            record,
            link.record_id(context.target),
            link,
            link.base,
            retried=self.retried.get(record.id),
        )
        if not context.participation.takes_part(record.side, record.user):
            Carrier(self.context, self.settlement).park_undecided(pairing, ROSTER)
            return
        if self._waits_for_a_person(record, link.base):
            return
        self.pairings.append(pairing)

    def _take_single(self, record: Record) -> None:
        """Rule out what takes no part; the rest is looked up (sync-rules §1, §4)."""
        if self._waits_already(record) or self._waits_for_a_person(record, {}):
            return
        past = self.known.links.get(record.id, ())
        person = self.context.participation.user(record.side, record.user)
        if past and past[0].state == links.KEPT:
            self._skip(record, Skip.KEPT)
        elif past and _is_stale(record, past[0]):
            self._skip(record, Skip.STALE)
        elif person is None:
            self._skip_or_keep_owed(record, Skip.USER_OFF)
        elif person.salesforce_id is None:
            owed = self._is_owed(record) or too_old(record, person, self.context.settings.initial_lookback) is None
            self._skip_or_keep_owed(record, Skip.LEFT_OUT, owed=owed, reason=person.left_out)
        elif record.side == "task" and (reason := excluded(record.raw, self.context.translation)):
            self._skip(record, reason)
        else:
            self.single.append(record)

    def _waits_already(self, record: Record) -> bool:
        """Whether this very version is parked: reading it again is no change, and no reason to try it (§7.2)."""
        change = self.known.parked.get(record.id)
        if self.retried or change is None or not is_same_version(change, record):
            return False
        self.settlement.counts["still parked"] += 1
        return True

    def _waits_for_a_person(self, record: Record, base: Base) -> bool:
        """Whether only a person lets this record go on: a newer version of what is parked then waits in its place."""
        change = self.known.parked.get(record.id)
        if change is None or not runaway.is_held(change):
            return False
        self.settlement.wait_on(still_waiting(record, base, change))
        return True

    def _is_undone(self, record: Record, link: Link) -> bool:
        """Whether all that this record has to carry over was taken back by a person (`tasksync undo`)."""
        change = self.known.parked.get(record.id)
        if self.retried or change is None or change.code != UNDONE:
            return False
        if not self.context.translation.is_echo(
            record.side, record.raw, undone_base(link.base, change, self.context.fields)
        ):
            return False
        self.settlement.counts["still parked"] += 1
        return True

    def _skip(self, record: Record, reason: Skip) -> None:
        self.settlement.unparked.add(record.id)
        self.settlement.counts[f"skipped: {reason}"] += 1

    def _is_owed(self, record: Record) -> bool:
        """Whether a create of this record was begun or parked: it stays owed, whatever E (sync-rules §2.2)."""
        change = self.known.parked.get(record.id)
        return (change is not None and change.owed) or record.id in self.known.intents

    def _skip_or_keep_owed(
        self,
        record: Record,
        skip: Skip,
        *,
        owed: bool | None = None,
        reason: str | None = None,
    ) -> None:
        if self._is_owed(record) if owed is None else owed:
            message = f"Its user is left out: {reason}." if reason else None
            previous = self.known.parked.get(record.id)
            self.settlement.park(waiting(record, ROSTER, previous=previous, message=message))
        else:
            self._skip(record, skip)

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
        return self._is_owed(record) or (person is not None and too_old(record, person, lookback) is None)

    # Pairing: the counterparts of records without an open link.

    def _pair(self) -> None:
        self.context.prepare()
        found = self.context.destination.counterparts(self.single)
        verdicts = look_up(self.context, [self.known.intents.get(record.id) for record in self.single])
        found |= counterparts_made(verdicts)
        candidate_ids = sorted({candidate.id for candidates in found.values() for candidate in candidates})
        self.met.update(candidate_ids)
        if refused := self.context.claims.refused(self.context.target, candidate_ids):
            self._leave_single(found, refused)
        with self.context.ledger.reading() as connection:
            held = links.of_records(connection, self.context.target, candidate_ids)
            begun = intents.of_records(connection, self.context.target, candidate_ids)
        undecided = undecided_codes(self.context, self.single, verdicts, self.retried)
        used: set[str] = set()
        # Where two records claim one, the claim by the link field goes first.
        for record in sorted(self.single, key=lambda record: not _named_by_field(record, found.get(record.id, ()))):
            free = [
                candidate
                for candidate in found.get(record.id, ())
                if candidate.id not in used and is_free(record, held.get(candidate.id, ()))
            ]
            match = counterpart(record, free)
            code = CLAIMED if self._is_claimed(record, found.get(record.id, ())) else undecided.get(record.id)
            if match is None and code is not None:
                self.settlement.park(waiting(record, code, previous=self.known.parked.get(record.id)))
                continue
            if match is None:
                self._make(record)
                continue
            intent = self.known.intents.get(record.id) or begun.get(match.id)
            if intent is not None and match.id in intent.besides:
                intent = None  # it was there before that create, and so cannot be what the create made
            if intent is None and came_back(record, match):
                self._make(record, besides=tuple(candidate.id for candidate in free))
                continue
            used.add(match.id)
            self._adopt(record, match, intent)

    def _leave_single(self, found: Mapping[str, Sequence[Record]], refused: frozenset[str]) -> None:
        """To the next run, those whose counterpart another shard has, or has settled since it was looked up."""
        waiting = {id_ for id_, candidates in found.items() if any(one.id in refused for one in candidates)}
        for record in self.single:
            if record.id in waiting:
                self._leave(record)
        self.single = [record for record in self.single if record.id not in waiting]

    def _is_claimed(self, record: Record, candidates: Sequence[Record]) -> bool:
        """Whether a living task carries this reminder's id and belongs to another: an upsert would write over it."""
        living = [candidate for candidate in candidates if not candidate.is_tombstone]
        return self.context.target == "task" and _named_by_field(record, living)

    def _adopt(self, record: Record, match: Record, begun: Intent | None) -> None:
        """Link a pair that was found; found deleted, that look-up is the tombstone (sync-rules §2.3).

        Then what the record has to carry over waits, for a task that lives again before its deletion is carried out.
        """
        base = {} if begun is None else base_for_deletion(begun, record, self.context.fields)
        pairing = Pairing(record, match.id, base=base, begun=begun, current=match, retried=self.retried.get(record.id))
        self.settlement.counts["linked"] += 1
        if not match.is_tombstone:
            self.pairings.append(pairing)  # what was begun stays noted until this has made a link of it
            return
        self.settlement.intents_done |= {(record.side, record.id), (match.side, match.id)}
        self.settlement.unparked.add(record.id)
        self.settlement.new_links.append(self.context.new_link(pairing))
        self.settlement.deletions.append(self._deletion(match))
        if base and not self.context.translation.is_echo(record.side, record.raw, base):
            self.settlement.park(waiting(record, GONE, base=base, previous=pairing.retried))

    def _make(self, record: Record, *, besides: tuple[str, ...] = ()) -> None:
        """Make a counterpart, unless the record is too old for one (sync-rules §2.1, §2.2, §6)."""
        person = self.context.participation.user(record.side, record.user)
        was_linked = bool(self.known.links.get(record.id))
        again = bool(besides) or was_linked
        if not (again or self._is_owed(record)) and person is not None:
            skip = too_old(record, person, self.context.settings.initial_lookback)
            if skip is not None:
                self._skip(record, skip)
                return
        translation = self.context.translation
        begun = self.known.intents.get(record.id)
        columns = (draft_task if record.side == "reminder" else draft_reminder)(record, translation)
        self.makings.append(
            Making(
                source=record,
                columns=columns,
                key=f"{record.id}:{record.stamp.isoformat()}" if again else record.id,
                base=base_of_create(record, columns, translation),
                besides=besides,
                begun=begun if begun and begun.sent is None else None,  # one that was looked for made nothing
                retried=self.retried.get(record.id),
            ),
        )


def work_of(context: Context, record: Record, link: Link | None) -> Work:
    """A record's change, with whether it goes first: by its user's date of now."""
    person = context.participation.user(record.side, record.user)
    date = today(context.destination.time(), person.time_zone if person else None)
    urgent = is_urgent(record, link.base if link else None, context.fields, date)
    return Work(record, linked=link is not None, urgent=urgent)


def is_same_version(change: Parked, record: Record) -> bool:
    """Whether what is parked is this version; read in another way, it may have been read with other members."""
    if change.code == UNDONE:
        return change.payload == record.raw  # ... of which only what was undone is kept
    both = change.payload.keys() & record.raw.keys()
    return all(change.payload[member] == record.raw[member] for member in both)


def _named_by_field(record: Record, candidates: Sequence[Record]) -> bool:
    return any(linked_by_field(record, candidate) for candidate in candidates)


def _is_stale(record: Record, closed: Link) -> bool:
    """Whether a living record is an older version of one whose deletion closed its link: only a task comes back."""
    if record.side == "reminder":
        return True
    return closed.task_stamp is not None and record.stamp < closed.task_stamp


def _with_user(link: Link, record: Record) -> Link:
    if record.side == "reminder":
        return replace(link, reminder_user=record.user)
    return replace(link, task_user=record.user)
