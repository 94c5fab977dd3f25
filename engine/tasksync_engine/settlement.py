"""What a batch leads to, gathered while it is decided and carried out, and written in one ledger transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tasksync_engine.ledger import claims, deletions, intents, links, parked, rereads, runs
from tasksync_engine.ledger.deletions import PENDING, Deletion
from tasksync_engine.ledger.store import now
from tasksync_mappings import other

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_engine.ledger.links import Link, NewLink
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.ledger.runs import Event, RecordedConflict
    from tasksync_engine.pairing import Skip
    from tasksync_engine.records import Record
    from tasksync_mappings import Base, Side


@dataclass(slots=True)
class Settlement:
    """Everything that one ledger transaction will hold.

    Attributes:
        new_links: Pairs found or made.
        rebased: Open links whose base or users moved, by their number.
        closed: Links that a deletion ends, with the task's stamp as last seen.
        kept: Links that end with both records left as they are.
        kept_pairs: Pairs without a link of which `keep` leaves one record as it is.
        parked: Changes that could not go through, by record id.
        unparked: Records whose parked change is replaced or done.
        deletions: Tombstones taken in, or moved to another state.
        undeleted: Records whose deletion is dropped: they live, or it was carried out.
        winners: By record of the other side, the bases of the fields in which its own value won a conflict.
        revived: Records of the other side whose parked change is due: what it waited for has come.
        intents_done: Records whose create is settled, with their side.
        conflicts: To be recorded.
        events: For the history.
        pointed: Links, by their number, whose reminder has its task's id now.
        left: Source records, with their users, that are left to the next run: another shard has them now.
        reread: Source records that were left to this run, and that it has read afresh.
        read_since: When this run's tap began to read, where any were.
        counts: For the run's report.
    """

    new_links: list[NewLink] = field(default_factory=list)
    rebased: dict[int, Link] = field(default_factory=dict)
    closed: list[tuple[Link, datetime | None]] = field(default_factory=list)
    kept: list[tuple[Link, datetime | None]] = field(default_factory=list)
    kept_pairs: list[NewLink] = field(default_factory=list)
    parked: dict[str, Parked] = field(default_factory=dict)
    unparked: set[str] = field(default_factory=set)
    deletions: list[Deletion] = field(default_factory=list)
    undeleted: set[str] = field(default_factory=set)
    winners: dict[str, Base] = field(default_factory=dict)
    revived: set[str] = field(default_factory=set)
    intents_done: set[tuple[Side, str]] = field(default_factory=set)
    conflicts: list[RecordedConflict] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    pointed: list[int] = field(default_factory=list)
    left: dict[str, str | None] = field(default_factory=dict)
    reread: set[str] = field(default_factory=set)
    read_since: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def leave(self, record_id: str, user: str | None) -> None:
        """Leave a source's record to the next run, which reads it afresh."""
        self.left[record_id] = user
        self.counts["left to the next run"] += 1

    def skip(self, record_id: str, reason: Skip) -> None:
        """Leave a record without a counterpart."""
        self.unparked.add(record_id)
        self.counts[f"skipped: {reason}"] += 1

    def doom(self, tombstone: Record, run_id: int, link: Link | None = None) -> None:
        """Take in a deletion, which is carried out, or held, at the end of the run.

        Args:
            tombstone: The record that is gone.
            run_id: The run that learned of it.
            link: Its open link.
        """
        user = tombstone.user or (link.user(tombstone.side) if link else None)
        self.deletions.append(
            Deletion(
                side=tombstone.side,
                record_id=tombstone.id,
                state=PENDING,
                deleted_at=tombstone.deleted_at,
                tombstone=tombstone.raw,
                noted_at=now(),
                run_id=run_id,
                user_id=user,
            )
        )

    def move(self, deletion: Deletion, state: str) -> None:
        """Note how far a deletion has come; what was parked of its record is no more."""
        self.deletions.append(replace(deletion, state=state))
        self.unparked.add(deletion.record_id)

    def touched(self, side: Side) -> dict[Side, set[str]]:
        """The records that something is settled of, by side, the reminders first."""
        pairs: list[Link | NewLink] = [*self.new_links, *self.kept_pairs, *self.rebased.values()]
        pairs += [link for link, _ in (*self.closed, *self.kept)]
        found: dict[Side, set[str]] = {
            "reminder": {pair.reminder_id for pair in pairs},
            "task": {pair.task_id for pair in pairs},
        }
        found[side] |= self.parked.keys() | self.undeleted
        found[side] |= {deletion.record_id for deletion in self.deletions if deletion.side == side}
        return found

    def park(self, change: Parked) -> None:
        """Keep a change that could not go through."""
        self.parked[change.record_id] = change
        self.counts["parked"] += 1

    def wait_on(self, change: Parked) -> None:
        """Keep a newer version of a change that waits for a person."""
        self.parked[change.record_id] = change
        self.counts["still parked"] += 1

    def defer(self, change: Parked) -> None:
        """Keep a change for the end of the run, or for a later one: API calls are short."""
        self.parked[change.record_id] = change
        self.counts["deferred"] += 1

    def write(self, connection: Connection, side: Side, run_id: int, at: datetime) -> None:
        """Write all of it, for source records of `side`."""
        parked.drop(connection, side, sorted(self.unparked - self.parked.keys()))
        deletions.drop(connection, side, sorted(self.undeleted))
        for intent_side in sorted({key[0] for key in self.intents_done}):
            intents.drop(connection, intent_side, sorted(key[1] for key in self.intents_done if key[0] == intent_side))
        self._write_links(connection, at)
        parked.park(connection, [replace(change, run_id=run_id) for change in self.parked.values()])
        parked.rebase(connection, other(side), self.winners)
        for record_id in sorted(self.revived):
            parked.request_retry(connection, at, record_id)
        deletions.note(connection, self.deletions)
        runs.write_conflicts(connection, run_id, at, self.conflicts)
        runs.write_history(connection, run_id, at, self.events)
        if self.left:
            rereads.note(connection, side, self.left, claims.time_of(connection))
        if self.reread and self.read_since is not None:
            rereads.drop(connection, side, sorted(self.reread - self.left.keys()), self.read_since)

    def _write_links(self, connection: Connection, at: datetime) -> None:
        links.close(connection, self.closed, at, state=links.CLOSED)
        links.close(connection, self.kept, at, state=links.KEPT)
        ended = [link for link, _ in (*self.closed, *self.kept)]
        for owed in (parked, deletions):
            owed.drop(connection, "reminder", [link.reminder_id for link in ended])
            owed.drop(connection, "task", [link.task_id for link in ended])
        links.add(connection, self.new_links, at)
        links.add(connection, self.kept_pairs, at, state=links.KEPT)
        links.rebase(connection, self.rebased.values())
        links.settle_pointers(connection, self.pointed)
