"""One record of a batch, by what the ledger knows of it: an echo, a deletion, a change, or without a counterpart yet.

The rules are sync-rules §1 to §6; nothing is looked up and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasksync_engine import runaway
from tasksync_engine.arrived import is_ours
from tasksync_engine.ledger import links
from tasksync_engine.ledger.deletions import DONE, HELD, PENDING
from tasksync_engine.ledger.parked import ROSTER, UNDONE
from tasksync_engine.pairing import Skip, excluded, too_old
from tasksync_engine.parking import is_same_version, still_waiting, waiting
from tasksync_engine.settling import Settler
from tasksync_engine.undone import undone_base
from tasksync_engine.work import Pairing

if TYPE_CHECKING:
    from tasksync_engine.context import Context
    from tasksync_engine.known import Known
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_engine.settlement import Settlement
    from tasksync_mappings import Base


@dataclass(slots=True)
class Sorter:
    """Sorts a batch.

    Attributes:
        context: The run.
        known: What the ledger knows of the batch's records.
        settlement: Takes what needs no more than to be noted.
        pairings: The changes of linked records.
        single: The records that may need a counterpart.
    """

    context: Context
    known: Known
    settlement: Settlement
    pairings: list[Pairing] = field(default_factory=list)
    single: list[Record] = field(default_factory=list)

    def sort(self, record: Record) -> None:
        """Sort one record."""
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
        self.settlement.doom(record, self.context.run_id, link)

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
            retried=self.known.retried.get(record.id),
        )
        if not context.participation.takes_part(record.side, record.user):
            Settler(self.context, self.settlement).park_undecided(pairing, ROSTER)
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
            self.settlement.skip(record.id, Skip.KEPT)
        elif past and _is_stale(record, past[0]):
            self.settlement.skip(record.id, Skip.STALE)
        elif person is None:
            self._skip_or_keep_owed(record, Skip.USER_OFF)
        elif person.salesforce_id is None:
            owed = self.known.is_owed(record) or too_old(record, person, self.context.settings.initial_lookback) is None
            self._skip_or_keep_owed(record, Skip.LEFT_OUT, owed=owed, reason=person.left_out)
        elif record.side == "task" and (reason := excluded(record.raw, self.context.translation)):
            self.settlement.skip(record.id, reason)
        else:
            self.single.append(record)

    def _waits_already(self, record: Record) -> bool:
        """Whether this very version is parked: reading it again is no change, and no reason to try it (§7.2)."""
        change = self.known.parked.get(record.id)
        if self.known.retried or change is None or not is_same_version(change, record):
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
        if self.known.retried or change is None or change.code != UNDONE:
            return False
        if not self.context.translation.is_echo(
            record.side, record.raw, undone_base(link.base, change, self.context.fields)
        ):
            return False
        self.settlement.counts["still parked"] += 1
        return True

    def _skip_or_keep_owed(
        self,
        record: Record,
        skip: Skip,
        *,
        owed: bool | None = None,
        reason: str | None = None,
    ) -> None:
        if self.known.is_owed(record) if owed is None else owed:
            message = f"Its user is left out: {reason}." if reason else None
            previous = self.known.parked.get(record.id)
            self.settlement.park(waiting(record, ROSTER, previous=previous, message=message))
        else:
            self.settlement.skip(record.id, skip)


def _is_stale(record: Record, closed: Link) -> bool:
    """Whether a living record is an older version of one whose deletion closed its link: only a task comes back."""
    if record.side == "reminder":
        return True
    return closed.task_stamp is not None and record.stamp < closed.task_stamp


def _with_user(link: Link, record: Record) -> Link:
    if record.side == "reminder":
        return replace(link, reminder_user=record.user)
    return replace(link, task_user=record.user)
