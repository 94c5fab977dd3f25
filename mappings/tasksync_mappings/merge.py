"""Who wins: one record's change against the other side's current values and their base (sync-rules §5).

Pure: no clock, no I/O. `merge` yields one decision per field; the engine carries out what they say to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tasksync_mappings.fields import DOES_NOT_TRAVEL, Field, Kind, Pair, Side, other, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from tasksync_mappings.mapping import Base, Translation


class ConflictPolicy(StrEnum):
    """Who wins where both sides changed the same field."""

    NEWEST = "newest"
    SALESFORCE = "salesforce"
    SALESCONNECT = "salesconnect"


class Rule(StrEnum):
    """Why a field was decided as it was: the rows of sync-rules §5."""

    ADOPTED = "no base: both values stand"
    DOES_NOT_TRAVEL = "the incoming value does not travel"
    AGREES = "both sides agree"
    NOT_CHANGED = "not changed at its source: the other direction carries the difference"
    CHANGED = "changed at its source only"
    OVER_UNTRAVELLED = "changed at its source, over a value that does not travel"
    NAME_CHANGED = "the reminder's name changed"
    NAME_STAYS = "the name changed, but the subject template does not carry it"
    CONFLICT = "changed on both sides"


class _Marker(Enum):
    UNSET = "unset"


UNSET: Final = _Marker.UNSET
"""The absence of a write, which is neither null nor empty."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """The same field changed on both sides; `winner` is the side whose value stands."""

    field: str
    base: Pair | None
    values: Pair
    winner: Side


class Decision(NamedTuple):
    """What happens to one field.

    Attributes:
        field: The canonical name.
        rule: Why.
        write: The value for the destination's column, or `UNSET`.
        base: The field's base from now on (once written, where there is a write), or None: it stays.
        conflict: What is recorded, if both sides had changed.
    """

    field: str
    rule: Rule
    write: Any = UNSET
    base: Pair | None = None
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """When each side of the link was last changed; compared in whole seconds."""

    reminder: datetime
    task: datetime

    def newest(self) -> Side:
        """The side that was changed last; a tie goes to Salesforce."""
        return "reminder" if self.reminder.replace(microsecond=0) > self.task.replace(microsecond=0) else "task"


def winner(policy: ConflictPolicy, times: Times) -> Side:
    """The side whose value stands in a conflict."""
    if policy == ConflictPolicy.NEWEST:
        return times.newest()
    return "task" if policy == ConflictPolicy.SALESFORCE else "reminder"


def _pair(source: Side, source_value: Any, destination_value: Any) -> Pair:  # noqa: ANN401 - see Pair
    if source == "reminder":
        return Pair(source_value, destination_value)
    return Pair(destination_value, source_value)


@dataclass(slots=True)
class _Case:
    """One field of one record, with all that its decision may look at."""

    field: Field
    source: Side
    base: Pair | None
    incoming: Any
    current: Any
    written: Any  # the incoming value in the destination's terms
    agrees: bool
    task_travels: bool  # whether the task's value, on whichever side of the case it is, has a counterpart
    current_travels: bool

    def same_as_base(self, side: Side, value: Any) -> bool:  # noqa: ANN401 - see Pair
        return self.base is not None and same(self.field, side, value, self.base.on(side))

    @property
    def incoming_is_base(self) -> bool:
        return self.same_as_base(self.source, self.incoming)

    @property
    def current_is_base(self) -> bool:
        return self.same_as_base(other(self.source), self.current)

    def pair(self, destination_value: Any) -> Pair:  # noqa: ANN401 - see Pair
        return _pair(self.source, self.incoming, destination_value)

    def source_moved(self) -> Pair | None:
        """The base with incoming on its source side and its destination side as it was."""
        return self.base and self.pair(self.base.on(other(self.source)))

    def conflict(self, winning: Side) -> Conflict:
        return Conflict(self.field.name, self.base, self.pair(self.current), winning)


def merge(  # noqa: PLR0913, PLR0917 - the decision is one function of exactly these (sync-rules §5)
    translation: Translation,
    source: Side,
    base: Base,
    incoming: Mapping[str, Any],
    current: Mapping[str, Any],
    times: Times,
    policy: ConflictPolicy = ConflictPolicy.NEWEST,
) -> Iterator[Decision]:
    """Decide every field of a linked pair, both of whose records live.

    Args:
        translation: The field map, the subject template and the roster.
        source: The side whose change arrived.
        base: What both sides held when they last agreed; a field without an entry has no base.
        incoming: The source's record.
        current: The destination's record, read just before.
        times: When each side was last changed.
        policy: Who wins a conflict.

    Yields:
        One decision per field, in the map's order.
    """
    reminder, task = (incoming, current) if source == "reminder" else (current, incoming)
    for field in translation.fields.fields:
        if field.reminder not in reminder or field.task not in task:
            continue  # a record that lacks the member says nothing about it: absent is neither null nor empty
        held = base.get(field.name)
        if held is not None and held.reminder == reminder[field.reminder] and held.task == task[field.task]:
            yield _unchanged(translation, source, field, held, reminder, task)
            continue
        case = _case(translation, source, field, held, reminder, task)
        if field.kind is Kind.SUBJECT:
            yield _merge_name(case, carried=translation.name_travels)
        else:
            yield _merge_field(case, policy, times)


def _unchanged(  # noqa: PLR0913, PLR0917 - see `_case`
    translation: Translation,
    source: Side,
    field: Field,
    held: Pair,
    reminder: Mapping[str, Any],
    task: Mapping[str, Any],
) -> Decision:
    """What the two tables come to where both sides are as the base has them, as nearly all fields of a change are."""
    if field.kind is Kind.SUBJECT:
        return Decision(field.name, Rule.NOT_CHANGED)
    put = translation.put_field(field, reminder)
    written = put if source == "reminder" else translation.get_field(field, task)
    if written is DOES_NOT_TRAVEL:
        return Decision(field.name, Rule.DOES_NOT_TRAVEL)
    if _agree(field, put, held.reminder, held.task):
        return Decision(field.name, Rule.AGREES, base=held)
    return Decision(field.name, Rule.NOT_CHANGED)


def _case(  # noqa: PLR0913, PLR0917 - one field with all that it is decided by
    translation: Translation,
    source: Side,
    field: Field,
    held: Pair | None,
    reminder: Mapping[str, Any],
    task: Mapping[str, Any],
) -> _Case:
    put, get = translation.put_field(field, reminder), translation.get_field(field, task)
    of_reminder, of_task = reminder[field.reminder], task[field.task]
    from_reminder = source == "reminder"
    return _Case(
        field=field,
        source=source,
        base=held,
        incoming=of_reminder if from_reminder else of_task,
        current=of_task if from_reminder else of_reminder,
        written=put if from_reminder else get,
        agrees=_agree(field, put, of_reminder, of_task),
        task_travels=get is not DOES_NOT_TRAVEL,
        current_travels=(get if from_reminder else put) is not DOES_NOT_TRAVEL,
    )


def _agree(field: Field, put: Any, reminder: Any, task: Any) -> bool:  # noqa: ANN401 - see Pair
    """Whether writing one value would produce the other; `put` is the reminder's value in the task's terms."""
    if put is not DOES_NOT_TRAVEL and same(field, "task", put, task):
        return True
    # A task's text longer than the map's own cut came over whole, and cutting it would not bring it back.
    return field.kind is Kind.TEXT and bool(reminder == task)


def _merge_field(case: _Case, policy: ConflictPolicy, times: Times) -> Decision:  # noqa: PLR0911 - one return per row of the table
    """The table of sync-rules §5, first row that fits."""
    name = case.field.name
    if case.base is None and not case.task_travels:
        return Decision(name, Rule.ADOPTED, base=case.pair(case.current))
    if case.written is DOES_NOT_TRAVEL:
        moved = case.current_is_base and not case.incoming_is_base
        return Decision(name, Rule.DOES_NOT_TRAVEL, base=case.source_moved() if moved else None)
    if case.agrees:
        return Decision(name, Rule.AGREES, base=case.pair(case.current))
    if case.incoming_is_base:
        return Decision(name, Rule.NOT_CHANGED)
    if case.current_is_base:
        return Decision(name, Rule.CHANGED, write=case.written, base=case.pair(case.written))
    if not case.current_travels:
        return Decision(
            name,
            Rule.OVER_UNTRAVELLED,
            write=case.written,
            base=case.pair(case.written),
            conflict=case.conflict(case.source),
        )
    return _conflict(case, winner(policy, times))


def _conflict(case: _Case, winning: Side) -> Decision:
    # The base becomes what it would be had incoming gone over: where current wins, the other direction then sees a
    # change over an unchanged value and writes the winner. Were the base's destination side left at its old value,
    # a winner that is set back to that value in between would look unchanged, and the two sides would differ for good.
    return Decision(
        case.field.name,
        Rule.CONFLICT,
        write=case.written if winning == case.source else UNSET,
        base=case.pair(case.written),
        conflict=case.conflict(winning),
    )


def _merge_name(case: _Case, *, carried: bool) -> Decision:
    """The name travels one way; a linked task's Subject is no field of the record (sync-rules §3, §5)."""
    name = case.field.name
    if case.base is None:
        return Decision(name, Rule.ADOPTED, base=case.pair(case.current))
    if case.source == "task" or case.incoming_is_base:
        return Decision(name, Rule.NOT_CHANGED)
    if case.agrees:
        return Decision(name, Rule.AGREES, base=case.pair(case.current))
    if not carried:
        return Decision(name, Rule.NAME_STAYS, base=case.source_moved())
    return Decision(
        name,
        Rule.NAME_CHANGED,
        write=case.written,
        base=case.pair(case.written),
        conflict=None if case.current_is_base else case.conflict(case.source),
    )
