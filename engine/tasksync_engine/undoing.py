"""Taking back what one run wrote: what can be taken back, and why the rest cannot.

Pure: no clock, no I/O. A field goes back to the value that it had, where it still holds what the run wrote and its base
is still the one that the run made. Its base then says that the destination holds the old value, so that the write is an
echo to the other direction, while the source's value differs from it: a change, which is parked as `undone`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger.links import KEPT, OPEN
from tasksync_engine.ledger.parked import UNDONE
from tasksync_mappings import DOES_NOT_TRAVEL, Kind, Pair
from tasksync_mappings.fields import same, to_reminder, to_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tasksync_engine.arrived import Arrived
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.participation import Participation
    from tasksync_engine.records import Record
    from tasksync_mappings import Base, Field, FieldMap, Side, Users


class Left(StrEnum):
    """Why something that a run wrote stays as it is."""

    CHANGED = "it was changed since"
    REWRITTEN = "a later run decided it again: undo that one first"
    GONE = "the record is deleted"
    CLOSED = "its link is closed"
    UNSETTLED = "a run that was killed may have written to it: run a sync, then undo again"
    PARKED = "a newer change of its source is parked: `tasksync retry` it, or correct it, then undo again"
    OFF = "its user does not take part in task sync now"
    NO_HISTORY = "the history of that run does not hold what was there before"
    DELETED = (
        "neither service takes a deletion back: restore the task from Salesforce's recycle bin, where it stays for 15 "
        "days, and the next sync gives it a reminder again"
    )


@dataclass(frozen=True, slots=True)
class Wrote:
    """What a run wrote to one field of a record.

    Attributes:
        before: What the record held.
        base_before: The field's base then; None: it had none.
        base_after: The base that the run made; None: the history does not hold it.
    """

    before: Any
    base_before: Pair | None
    base_after: Pair | None


@dataclass(frozen=True, slots=True)
class Deed:
    """What one run wrote to one record.

    Attributes:
        side: The side that was written to.
        action: `create`, `update` or `delete`.
        fields: What was written, by field, for an update.
        about: What else the history holds of it.
    """

    side: Side
    action: str
    reminder_id: str
    task_id: str
    fields: Mapping[str, Wrote] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    def record_id(self, side: Side) -> str:
        """The id of one side's record."""
        return self.reminder_id if side == "reminder" else self.task_id


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a deed.

    Attributes:
        delete: Whether the record that was made is to be deleted.
        put_back: By field, its base once the old value is back; the destination's side of it is that value.
        done: Fields that hold their old value and base already.
        left: Why a field, or (`*`) the whole, stays as it is.
    """

    delete: bool = False
    put_back: Base = field(default_factory=dict)
    done: Base = field(default_factory=dict)
    left: Mapping[str, Left] = field(default_factory=dict)


@dataclass(slots=True)
class Met:
    """One deed with what it meets now.

    Attributes:
        link: The pair's link; None: the ledger has none.
        current: The written record as it is now; None: it is gone.
        earlier: What is parked of its source.
        arrived: The link's base, with what an undoing that was killed had put back.
        begun: That undoing had closed the link of a record to be deleted.
        rewritten: Fields that later runs wrote.
        verdict: What becomes of it.
    """

    deed: Deed
    link: Link | None
    current: Record | None
    earlier: Parked | None
    arrived: Arrived
    begun: bool = False
    rewritten: frozenset[str] = frozenset()
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def back_before(self) -> Base:
        """What an undoing that was killed had put back."""
        known = self.earlier.base if self.earlier is not None and self.earlier.code == UNDONE else {}
        return {name: base for name, base in self.verdict.done.items() if name in known}


WHOLE = "*"


def _whole(reason: Left) -> Verdict:
    return Verdict(left={WHOLE: reason})


def deeds_of(events: Iterable[Mapping[str, Any]], undone: Iterable[Mapping[str, Any]] = ()) -> list[Deed]:
    """What a run wrote, by record, from its history's rows.

    Args:
        events: The run's rows, in order.
        undone: The rows of earlier undoings of this run: what they took back is left out.
    """
    rows: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in events:
        if row["action"] in {"create", "update", "delete"} and row["reminder_id"] and row["task_id"]:
            rows[row["reminder_id"], row["task_id"]].append(row)
    taken_back: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in undone:
        if row["action"] == "undo":
            taken_back[row["reminder_id"], row["task_id"]] |= set(row["detail"].get("fields") or {WHOLE: None})
    deeds = (_deed(group, taken_back[ids]) for ids, group in rows.items())
    return [deed for deed in deeds if deed is not None]


def _deed(rows: list[Mapping[str, Any]], taken_back: set[str]) -> Deed | None:
    """One record's rows as one deed; where a run wrote a field twice, from its first value to its last."""
    actions = {row["action"] for row in rows}
    last = rows[-1]
    action = next(kind for kind in ("delete", "create", "update") if kind in actions)
    written: dict[str, Wrote] = {}
    for row in rows if action == "update" else ():
        for name, told in (row["detail"].get("fields") or {}).items():
            if "after" in told and name not in taken_back:
                written[name] = _wrote(told, written.get(name))
    if WHOLE in taken_back or (action == "update" and not written):
        return None
    return Deed(last["detail"]["to"], action, last["reminder_id"], last["task_id"], written, last["detail"])


def _wrote(told: Mapping[str, Any], earlier: Wrote | None) -> Wrote:
    before, after = (values and Pair(*values) for values in told.get("base") or (None, None))
    if earlier is not None:
        return replace(earlier, base_after=after)
    return Wrote(told.get("before"), before, after)


def judge(met: Met, fields: FieldMap, participation: Participation) -> Verdict:
    """What becomes of a deed."""
    if met.deed.action == "delete":
        return _whole(Left.DELETED)
    if met.current is not None and not participation.takes_part(met.deed.side, met.current.user):
        return _whole(Left.OFF)
    if met.deed.action == "create":
        return _judge_create(met, fields)
    if met.earlier is not None and met.earlier.code != UNDONE:
        return _whole(Left.PARKED)
    return _judge_update(met, fields, participation.translation())


def _judge_create(met: Met, fields: FieldMap) -> Verdict:
    """Whether the record that a run made is still as it was made, and nobody has touched it."""
    deed, link, current = met.deed, met.link, met.current
    if met.begun and current is None:
        return Verdict(delete=True)
    if link is None or (link.state != OPEN and not (met.begun and link.state == KEPT)):
        return _whole(Left.CLOSED)
    if link.ahead is not None and not met.begun:
        return _whole(Left.UNSETTLED)
    if current is None:
        return _whole(Left.GONE)
    touched = current.created_at is None or current.changed_at != current.created_at
    if touched or not all(_holds(row, deed.side, current, link.base.get(row.name)) for row in fields.fields):
        return _whole(Left.CHANGED)
    return Verdict(delete=True)


def _holds(row: Field, side: Side, current: Record, base: Pair | None) -> bool:
    column = row.column(side)
    if column not in current.raw:
        return True
    return base is not None and same(row, side, current.raw[column], base.on(side))


def _judge_update(met: Met, fields: FieldMap, users: Users) -> Verdict:
    """Which fields still hold what a run wrote, and what they go back to."""
    deed, link, current = met.deed, met.link, met.current
    if link is None or link.state != OPEN:
        return _whole(Left.CLOSED)
    if current is None:
        return _whole(Left.GONE)
    wanted = {
        row.name: _old_base(row, deed.side, deed.fields[row.name], users)
        for row in fields.fields
        if row.name in deed.fields
    }
    told = {name: _look_at(met, current, fields.named(name), base) for name, base in wanted.items()}
    put_back = {name: wanted[name] for name in wanted if told[name] is None}
    done = {name: wanted[name] for name in wanted if told[name] is True}
    left = {name: reason for name, reason in told.items() if isinstance(reason, Left)}
    left |= {name: Left.NO_HISTORY for name in deed.fields if name not in wanted}
    if link.ahead is not None and not _is_ours(link, deed.side, put_back | done):
        return _whole(Left.UNSETTLED)
    return Verdict(put_back=put_back, done=done, left=left)


def _look_at(met: Met, current: Record, row: Field, wanted: Pair) -> Left | bool | None:
    """Why a field stays as it is; True: it holds its old value already; None: it can be put back."""
    side, wrote = met.deed.side, met.deed.fields[row.name]
    held, base = current.raw.get(row.column(side)), met.arrived.base.get(row.name)
    if wrote.base_after is None:
        return Left.NO_HISTORY
    if _equal(row, base, wanted) and same(row, side, held, wrote.before):
        return True
    if not same(row, side, held, wrote.base_after.on(side)):
        return Left.CHANGED
    is_last = row.name not in met.rewritten and _equal(row, base, wrote.base_after)
    return None if is_last else Left.REWRITTEN


def _is_ours(link: Link, side: Side, wanted: Base) -> bool:
    """Whether what went out and was not settled, of which only the doubtful fields are kept, undoes the same."""
    meant = link.ahead.base if link.ahead is not None and link.ahead.side == side else None
    return meant is not None and meant.items() <= {**link.base, **wanted}.items()


def _equal(row: Field, base: Pair | None, other_base: Pair) -> bool:
    return base is not None and all(same(row, side, base.on(side), other_base.on(side)) for side in _SIDES)


_SIDES: tuple[Side, Side] = ("reminder", "task")


def _old_base(row: Field, side: Side, wrote: Wrote, users: Users) -> Pair:
    """The base once the old value is back: the destination's side of it is that value, so that it is an echo there.

    Of a pair that had no base, the source's side is what the old value would have been there.
    """
    if wrote.base_before is not None:
        return wrote.base_before.having(side, wrote.before)
    translate = to_reminder if side == "task" else to_task
    there = None if row.kind is Kind.SUBJECT else translate(row, wrote.before, users)
    source_value = None if there is DOES_NOT_TRAVEL else there
    return Pair(source_value, wrote.before) if side == "task" else Pair(wrote.before, source_value)
