"""Decided work: what a batch is going to create and update, and the pairs that it decides about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasksync_engine.arrived import kept
from tasksync_engine.ledger.links import Link, NewLink
from tasksync_engine.ledger.runs import Event
from tasksync_mappings import TEMPLATE_MEMBERS, UNSET, Base, Conflict, Decision, Kind, Pair, Rule, Times, other

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasksync_clients import RowResult
    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap, Translation


_BY_RULE = {rule: {"rule": rule.value} for rule in Rule}
"""What is kept of a field that is not written; one for all of them, for there are several to each change."""


def ids_of(source: Record, destination_id: str) -> tuple[str, str]:
    """(reminder id, task id) of a pair."""
    return (source.id, destination_id) if source.side == "reminder" else (destination_id, source.id)


@dataclass(slots=True)
class Pairing:
    """A source's record and the destination's record that it is the same task as.

    Attributes:
        source: The record whose change arrived.
        destination_id: The other record's id.
        link: The open link; None while the pair is new.
        base: The link's base, an intent's values, or nothing.
        begun: Of a new pair: the create that was never settled and made one of both.
        current: The destination's living record; None: not read yet, or gone.
        retried: The parked change that is tried again.
        origin: How a new pair came about.
        doubtful: Fields of which nobody knows whether a crashed run had written them (§7.4).
    """

    source: Record
    destination_id: str
    link: Link | None = None
    base: Base = field(default_factory=dict)
    begun: Intent | None = None
    current: Record | None = None
    retried: Parked | None = None
    origin: str = "adopted"
    doubtful: frozenset[str] = frozenset()

    def doubted(self, decision: Decision) -> Decision:
        """Writing a doubtful field may write over somebody who set it back: that is recorded as a conflict."""
        if decision.field not in self.doubtful:
            return decision
        old, there = self.base.get(decision.field), other(self.source.side)
        if decision.write is UNSET or decision.base is None or old is None:
            return decision
        values = decision.base.having(there, old.on(there))
        conflict = decision.conflict or Conflict(decision.field, old, values, self.source.side)
        return decision._replace(conflict=conflict)

    @property
    def ids(self) -> tuple[str, str]:
        """(reminder id, task id)."""
        return ids_of(self.source, self.destination_id)

    @property
    def is_unsettled(self) -> bool:
        """Whether a write on this pair may have gone out and was never settled; without a link nobody knows."""
        return self.link is None or self.link.ahead is not None

    @property
    def times(self) -> Times:
        """When each side was last changed; asked for only while both live."""
        here, there = self.source.changed_at, (self.current or self.source).changed_at
        return Times(here, there) if self.source.side == "reminder" else Times(there, here)

    def incoming(self, fields: FieldMap) -> Mapping[str, Any]:
        """The source's record, without the fields whose base has moved since the change was parked (§7.2)."""
        if self.retried is None or self.link is None or not self.retried.base:
            return self.source.raw
        settled = {
            row.column(self.source.side)
            for row in fields.fields
            if self.retried.base.get(row.name) != self.base.get(row.name)
        }
        return {column: value for column, value in self.source.raw.items() if column not in settled}

    def users(self, base: Base) -> tuple[str | None, str | None]:
        """(the reminder's, the task's) user of now, once `base` holds."""
        there = other(self.source.side)
        held = base.get("assignee")
        if held is not None and held != self.base.get("assignee"):
            other_user = held.on(there)
        elif self.current is not None:
            other_user = self.current.user
        else:
            other_user = self.link.user(there) if self.link else None
        return (self.source.user, other_user) if there == "task" else (other_user, self.source.user)

    def as_link(self, link: Link, base: Base) -> Link:
        """The open link with this base."""
        reminder_user, task_user = self.users(base)
        # What went to the source's own side stays noted while it is doubtful: the other direction decides it.
        ahead = kept(link, self.source.side, self.doubtful)
        if ahead is not None:  # ... from the base that it had
            base = base | {name: link.base[name] for name in self.doubtful if name in link.base}
        return link.moved(base, reminder_user, task_user, ahead)

    def as_new_link(self, base: Base | None = None, *, pointer_owed: bool = False) -> NewLink:
        """The link of a new pair; without a base given, with the one that was found."""
        held = self.base if base is None else base
        return NewLink(*self.ids, held, *self.users(held), self.origin, pointer_owed)


@dataclass(frozen=True, slots=True)
class Change:
    """A pair with what was decided about its fields."""

    pairing: Pairing
    decisions: tuple[Decision, ...]

    @property
    def is_write(self) -> bool:
        """Whether anything is to be written."""
        return any(decision.write is not UNSET for decision in self.decisions)

    def values(self, fields: FieldMap) -> dict[str, Any]:
        """The changed columns of the destination, and no others."""
        side = other(self.pairing.source.side)
        return {
            fields.named(decision.field).column(side): decision.write
            for decision in self.decisions
            if decision.write is not UNSET
        }

    def base(self, *, written: bool, held: Mapping[str, Any] | None = None, fields: FieldMap) -> Base:
        """The base afterwards.

        Args:
            written: Whether the writes were carried out; fields that were to be written keep their base if not.
            held: The destination's record as the service returned it after the write, where it does.
            fields: The field map.
        """
        base = dict(self.pairing.base)
        for decision in self.decisions:
            if decision.base is None or (decision.write is not UNSET and not written):
                continue
            base[decision.field] = decision.base if held is None else self._held(decision, held, fields)
        return base

    def _held(self, decision: Decision, held: Mapping[str, Any] | None, fields: FieldMap) -> Pair:
        pair = decision.base or Pair(None, None)
        if decision.write is UNSET or held is None:
            return pair
        there = other(self.pairing.source.side)
        column = fields.named(decision.field).column(there)
        if column not in held:
            return pair
        return pair.having(there, held[column])

    def event(self, fields: FieldMap, action: str = "update", result: RowResult | None = None) -> Event:
        """What is kept of it: field by field the rule; where there was a write, all that undoing it takes.

        Args:
            fields: The field map.
            action: The event's name.
            result: The service's answer to the write.
        """
        side = other(self.pairing.source.side)
        raw = self.pairing.current.raw if self.pairing.current else {}
        held = result.record if result else None
        reminder_id, task_id = self.pairing.ids
        detail: dict[str, Any] = {decision.field: _BY_RULE[decision.rule] for decision in self.decisions}
        written = [decision for decision in self.decisions if decision.write is not UNSET]
        for decision in written:
            bases = self.pairing.base.get(decision.field), self._held(decision, held, fields)
            before = raw.get(fields.named(decision.field).column(side))
            told = {"before": before, "after": decision.write, "base": bases}
            detail[decision.field] = _BY_RULE[decision.rule] | told
        about: dict[str, Any] = {"to": side, "fields": detail, "changed_at": self.pairing.source.changed_at.isoformat()}
        if side == "task" and any(fields.named(decision.field).kind is Kind.SUBJECT for decision in written):
            about["rendered_with"] = {member: self.pairing.source.raw.get(member) for member in TEMPLATE_MEMBERS}
        if result is not None and result.also:
            about["also"] = dict(result.also)
        return Event(action, reminder_id, task_id, about)


@dataclass(frozen=True, slots=True)
class Making:
    """A counterpart to be made.

    Attributes:
        source: The record without one.
        columns: What the new record shall hold, in the destination's columns.
        key: The idempotency key.
        base: The base of the link that it will have.
        besides: Deleted counterparts that are known already.
        begun: An earlier create of this record that was never settled.
        retried: The parked create that is tried again.
    """

    source: Record
    columns: Mapping[str, Any]
    key: str
    base: Base
    besides: tuple[str, ...] = ()
    begun: Intent | None = None
    retried: Parked | None = None

    def base_with(self, held: Mapping[str, Any] | None, fields: FieldMap) -> Base:
        """The base with what the service says the new record holds, where it says so."""
        if held is None:
            return self.base
        base, side = dict(self.base), other(self.source.side)
        for row in fields.fields:
            column, pair = row.column(side), base.get(row.name)
            if pair is not None and column in held and pair.on(side) != held[column]:
                base[row.name] = pair.having(side, held[column])
        return base

    def differs(self, held: Mapping[str, Any] | None, fields: FieldMap) -> bool:
        """Whether the record that the service returned differs from what was sent."""
        columns = (row.column(other(self.source.side)) for row in fields.fields)
        return any(column in (held or {}) and (held or {})[column] != self.columns.get(column) for column in columns)

    def event(self, destination_id: str | None, also: Mapping[str, Any] | None = None) -> Event:
        """What is kept of it, with what was written besides."""
        reminder_id, task_id = ids_of(self.source, destination_id or "")
        return Event(
            "create",
            reminder_id or None,
            task_id or None,
            {"to": other(self.source.side), "values": {**self.columns, **(also or {})}},
        )


def base_of_create(source: Record, columns: Mapping[str, Any], translation: Translation) -> Base:
    """What both sides hold once a counterpart is made (sync-rules, "base")."""
    reminder, task = (source.raw, columns) if source.side == "reminder" else (columns, source.raw)
    return {row.name: Pair(reminder.get(row.reminder), task.get(row.task)) for row in translation.fields.fields}
