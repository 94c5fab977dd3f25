"""What every step of a run shares."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tasksync_engine.ledger import shards
from tasksync_engine.ledger.runs import Event
from tasksync_engine.ledger.store import now
from tasksync_engine.rehearsal import is_made
from tasksync_mappings import Translation, other

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tasksync_engine.claims import Claims
    from tasksync_engine.destination import Destination
    from tasksync_engine.ledger import Ledger
    from tasksync_engine.ledger.links import NewLink
    from tasksync_engine.ledger.shards import Scope
    from tasksync_engine.participation import Participation
    from tasksync_engine.records import Reader
    from tasksync_engine.settings import EngineSettings
    from tasksync_engine.settlement import Settlement
    from tasksync_engine.steps import Gate, Step
    from tasksync_engine.work import Pairing
    from tasksync_mappings import Base, FieldMap, Side


CHECKED = "checked"
CONFLICT = "conflict"
CHECK_LASTS = timedelta(hours=1)
OUTDATED = frozenset(
    {"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "INVALID_TYPE"}
)
"""Refusals that say that the org is not as it was when it was checked."""


@dataclass(slots=True)
class Context:
    """One run of one direction.

    Attributes:
        ledger: The open ledger.
        destination: The side that is written to.
        fields: The field map.
        settings: The engine's settings.
        read_source: Reads the source's records.
        participation: Who takes part.
        template: The subject template of Sales Connect's settings.
        claims: What a shard's run has claimed.
        run_id: The run's number in the ledger.
        counts: What happened so far.
        plan: In a dry run, what would have happened.
        gate: Sees every step before it is taken, and may refuse it.
    """

    ledger: Ledger
    destination: Destination
    fields: FieldMap
    settings: EngineSettings
    read_source: Reader
    participation: Participation
    claims: Claims
    template: str | None = None
    run_id: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    plan: list[Event] = field(default_factory=list)
    gate: Gate | None = None
    prepared: bool = False
    _translation: Translation | None = None

    @property
    def target(self) -> Side:
        """The side that is written to."""
        return self.destination.side

    @property
    def source(self) -> Side:
        """The side that changes come from."""
        return other(self.destination.side)

    @property
    def translation(self) -> Translation:
        """The field map with the template and the roster of now."""
        if self._translation is None:
            self._translation = Translation(self.fields, self.participation.translation(), self.template)
        return self._translation

    def take_roster(self, participation: Participation) -> None:
        """From now on decide with this roster."""
        self.participation, self._translation = participation, None

    def take_template(self, template: str | None) -> None:
        """From now on render Subjects with this template."""
        self.template, self._translation = template, None

    @property
    def scope(self) -> Scope | None:
        """In a shard's run, whose records it looks after."""
        return self.ledger.scope

    def calls_left(self, changes: int = 0) -> int | None:
        """API calls that may still be made, less those that other shards' runs are about to make; None: not counted."""
        left = self.destination.calls_left(changes)
        if left is None or self.scope is None:
            return left
        with self.ledger.transaction() as connection:
            return left - shards.reserved_by_others(connection, self.scope.shard)

    def reserve(self, calls: int) -> None:
        """Tell other shards' runs how many calls this one is about to make."""
        if self.scope is not None:
            with self.ledger.transaction() as connection:
                shards.reserve(connection, self.scope.shard, calls)

    def passes(self, step: Callable[[], Step]) -> bool:
        """Whether a step is taken; where nobody looks it is not even described."""
        return self.gate is None or self.gate.passes(step())

    def prepare(self) -> None:
        """Before the destination is first asked for anything: is it the ledger's own, and has it what we need?"""
        if not self.prepared:
            self.ledger.claim(*self.destination.identity())
            self.destination.take_over(self.ledger)
            if not self._was_checked():
                self.destination.prepare()
                self._note_check(now().isoformat())
            self.prepared = True

    def distrust(self) -> None:
        """Something was refused for what the last check found in order: the next run looks again."""
        self._note_check("")

    def _was_checked(self) -> bool:
        """Whether a run of the last hour found the same in order, so that a small change costs no look at it."""
        requirements, _, checked_at = (self.ledger.get(CHECKED) or "").partition(" ")
        if not checked_at or requirements != self.destination.requirements():
            return False
        return timedelta() <= now() - datetime.fromisoformat(checked_at) < CHECK_LASTS

    def _note_check(self, at: str) -> None:
        if requirements := self.destination.requirements():
            self.ledger.put(CHECKED, f"{requirements} {at}")

    def new_link(self, pairing: Pairing, base: Base | None = None) -> NewLink:
        """The link of a new pair; without a link field its reminder is owed the task's id (sync-rules §2.5)."""
        source = pairing.source
        owed = self.fields.task_field is None and source.side == "reminder" and source.pointer != pairing.destination_id
        return pairing.as_new_link(base, pointer_owed=owed)

    def settle(self, settlement: Settlement) -> None:
        """Write a batch's outcome in one ledger transaction and count it; a dry run keeps its events as the plan."""
        self.counts.update(settlement.counts)
        if self.settings.dry_run:
            self.plan.extend(_planned(settlement))
        with self.ledger.transaction() as connection:
            settlement.write(connection, self.source, self.run_id, now())
        self.claims.settled(settlement)
        if any(change.code in OUTDATED for change in settlement.parked.values()):
            self.distrust()


def _planned(settlement: Settlement) -> Iterator[Event]:
    """What a dry run would have done: with its conflicts, and without the ids of records that were not made."""
    for event in settlement.events:
        if event.action != CONFLICT:
            reminder_id = None if is_made(event.reminder_id) else event.reminder_id
            task_id = None if is_made(event.task_id) else event.task_id
            yield Event(event.action, reminder_id, task_id, event.detail)
    for item in settlement.conflicts:
        conflict = item.conflict
        values = {"reminder": conflict.values.reminder, "task": conflict.values.task, "winner": conflict.winner}
        yield Event(CONFLICT, item.reminder_id, item.task_id, {"field": conflict.field, **values})
