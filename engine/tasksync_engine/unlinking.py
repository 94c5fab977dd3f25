"""`tasksync unlink`: takes the pointers off both sides and ends links as under `keep` (sync-rules §2.5, §6).

Pointers go first and the link last, piece by piece: a run that is killed leaves links that the same command finds
again, and that a sync in between still knows. Nothing else of a record is written, and no record is deleted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasksync_clients import ClientError
from tasksync_engine.answers import STALE_STATUS, Answers
from tasksync_engine.carrying import GONE_CODES, GONE_STATUSES
from tasksync_engine.destination import Update
from tasksync_engine.errors import EngineError
from tasksync_engine.ledger import overview, runs
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.runs import Event
from tasksync_engine.ledger.store import now
from tasksync_engine.records import POINTER
from tasksync_engine.settlement import Settlement
from tasksync_mappings import other

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_clients import RowResult
    from tasksync_engine.destination import Destination
    from tasksync_engine.ledger import Ledger
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.overview import Sought
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap, Side

UNLINK = "unlink"
"""What such a run is called instead of by its direction."""
PIECE = 2000
ROUNDS = 3
OUTCOME = "unlinked by a person: neither record gets a new counterpart"
DONE, AGAIN, REFUSED = "done", "again", "refused"


@dataclass(slots=True)
class Unlinked:
    """What became of it, or would.

    Attributes:
        run_id: Its own run; 0 for a look.
        links: Links that were ended.
        tasks: Tasks whose link field was emptied.
        reminders: Reminders whose `salesforce_task_id` was emptied.
        left: Links that stay, as a pointer could not be taken off: (reminder id, task id, why).
    """

    run_id: int = 0
    links: int = 0
    tasks: int = 0
    reminders: int = 0
    left: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Unlinking:
    """Ends links; the sides are asked and written with these destinations.

    Attributes:
        ledger: The ledger.
        sides: Each side's service.
        fields: The mapping, which names the link field.
    """

    ledger: Ledger
    sides: Mapping[Side, Destination]
    fields: FieldMap
    outcome: Unlinked = field(default_factory=Unlinked)

    def look(self, sought: Sought) -> Unlinked:
        """What would be done; writes nothing.

        Raises:
            StopRun: A service cannot be read.
        """
        self.outcome = Unlinked()
        for part in chunks(self._found(sought), PIECE):
            self.outcome.links += len(part)
            self.outcome.tasks += len(self._pointing("task", part))
            self.outcome.reminders += len(self._pointing("reminder", part))
        return self.outcome

    def carry_out(self, sought: Sought) -> Unlinked:
        """Do it, as a run of its own under the run's lock; the same again finishes what a killed one began.

        Raises:
            Busy: A run is going on.
            ForeignLedger: The credentials lead to another org or tenant.
            StopRun: A service cannot go on; what was done before is settled.
        """
        self.outcome = Unlinked()
        with self.ledger.running():
            for side in self.sides.values():
                self.ledger.claim(*side.identity())
            with self.ledger.transaction() as connection:
                self.outcome.run_id = runs.start(connection, UNLINK, now(), dry_run=False)
            error: BaseException | None = None
            try:
                for part in chunks(self._found(sought), PIECE):
                    self._unlink(part)
            except BaseException as caught:
                error = caught
                raise
            finally:
                self._end(error)
        return self.outcome

    def _found(self, sought: Sought) -> list[Link]:
        with self.ledger.reading() as connection:
            return overview.find_links(connection, sought)[0]

    def _end(self, error: BaseException | None) -> None:
        counts = Counter(closed=self.outcome.links, left=len(self.outcome.left))
        counts["pointers taken off"] = self.outcome.tasks + self.outcome.reminders
        with self.ledger.transaction() as connection:
            runs.end(
                connection,
                self.outcome.run_id,
                ended_at=now(),
                outcome=runs.STOPPED if error else runs.OK,
                complete=error is None,
                counts={name: number for name, number in counts.items() if number},
                api_calls=sum(side.calls for side in self.sides.values()),
                message=str(error) if isinstance(error, (ClientError, EngineError)) else None,
            )

    def _unlink(self, links: Sequence[Link]) -> None:
        """Take the pointers of some links off, and then end those links that have none any more."""
        refused: dict[int, str] = {}
        for side in ("task", "reminder"):
            refused |= self._take_off(side, [link for link in links if link.id not in refused])
        settlement = Settlement()
        for link in links:
            if link.id in refused:
                self.outcome.left.append((link.reminder_id, link.task_id, refused[link.id]))
            else:
                settlement.kept.append((link, None))
                settlement.events.append(Event("close", link.reminder_id, link.task_id, {"outcome": OUTCOME}))
        with self.ledger.transaction() as connection:
            settlement.write(connection, "reminder", self.outcome.run_id, now())
        self.outcome.links += len(settlement.kept)

    def _column(self, side: Side) -> str | None:
        return POINTER if side == "reminder" else self.fields.task_field

    def _pointing(self, side: Side, links: Sequence[Link]) -> list[tuple[Link, Record]]:
        """The links whose record on this side names the other one."""
        if self._column(side) is None or not links:
            return []
        current = self.sides[side].read([link.record_id(side) for link in links])
        there = [(link, current.get(link.record_id(side))) for link in links]
        return [(link, record) for link, record in there if record and record.pointer == link.record_id(other(side))]

    def _take_off(self, side: Side, links: Sequence[Link]) -> dict[int, str]:
        """Empty this side's pointers; returns why, by link, where that could not be."""
        refused: dict[int, str] = {}
        column = self._column(side)
        waiting: Sequence[Link] = links
        for attempt in range(ROUNDS):
            pointing = self._pointing(side, waiting)
            again: list[Link] = []
            if not pointing or column is None:
                break
            updates = [Update(record, {column: None}) for _, record in pointing]
            with Answers(lambda updates=updates: self.sides[side].update(updates)) as results:  # type: ignore[misc]
                for (link, _), result in zip(pointing, results, strict=False):
                    verdict = _verdict(result)
                    if verdict == AGAIN and attempt < ROUNDS - 1:
                        again.append(link)
                    elif verdict != DONE:
                        refused[link.id] = _why(side, result)
                    elif side == "task":
                        self.outcome.tasks += 1
                    else:
                        self.outcome.reminders += 1
            waiting = again
        return refused


def _verdict(result: RowResult | None) -> str:
    if result is None:
        return REFUSED
    if result.ok or result.code in GONE_CODES or result.status in GONE_STATUSES:
        return DONE
    return AGAIN if result.status == STALE_STATUS else REFUSED


def _why(side: Side, result: RowResult | None) -> str:
    told = "no answer came" if result is None else str(result.code or result.status)
    return f"the {side} keeps its pointer: {told}"
