"""What a run is about to do with one pair: the one place where it can be seen, or refused, before it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from tasksync_mappings import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasksync_engine.doomed import Doomed
    from tasksync_engine.records import Record
    from tasksync_engine.work import Change, Making
    from tasksync_mappings import Conflict, FieldMap, Side


class Action(StrEnum):
    """What is done with a pair."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    SETTLE = "settle"
    """Nothing is written to a service: the ledger learns that the two agree, or that what is there stands."""
    LINK = "link"
    """Settled too, and linked from now on."""
    CLOSE = "close"
    """The other record is gone, or stays under `keep`: the link ends."""
    POINT = "point"
    """A pushed reminder gets its task's id (sync-rules §2.5)."""


WRITING = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE, Action.POINT})


@dataclass(frozen=True, slots=True)
class Step:
    """One pair, and what is about to happen to it.

    Attributes:
        action: What.
        to: The side that is written to.
        source: The record that the change comes from, or its tombstone.
        current: The other side's record; None: there is none.
        other_id: Its id; empty where it is yet to be made.
        writes: What goes out, by column.
        fields: For people: what happens to each field, with its rule.
        conflicts: What is recorded.
        retried: Whether it had been parked.
    """

    action: Action
    to: Side
    source: Record
    current: Record | None = None
    other_id: str = ""
    writes: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    conflicts: tuple[Conflict, ...] = ()
    retried: bool = False


class Gate(Protocol):
    """Sees every step, and says whether it is taken."""

    def passes(self, step: Step) -> bool:
        """Whether it is taken; a step that is not leaves the pair as if it had not been met."""


def of_making(making: Making, to: Side) -> Step:
    """A record about to be made."""
    return Step(Action.CREATE, to, making.source, writes=making.columns, retried=making.retried is not None)


def of_change(change: Change, to: Side, fields: FieldMap) -> Step:
    """A pair that was decided."""
    pairing = change.pairing
    writes = change.values(fields)
    raw = pairing.current.raw if pairing.current else {}
    told: dict[str, Any] = {}
    for decision in change.decisions:
        if decision.write is not UNSET:
            before = raw.get(fields.named(decision.field).column(to))
            told[decision.field] = {"rule": decision.rule.value, "before": before, "after": decision.write}
    settled = Action.SETTLE if pairing.link is not None else Action.LINK
    return Step(
        Action.UPDATE if writes else settled,
        to,
        pairing.source,
        pairing.current,
        pairing.destination_id,
        writes,
        told,
        tuple(decision.conflict for decision in change.decisions if decision.conflict is not None),
        pairing.retried is not None,
    )


def of_doomed(doomed: Doomed, to: Side, action: Action, fields: FieldMap) -> Step:
    """A deletion that was decided."""
    conflict = doomed.conflict(fields) if action is Action.DELETE else None
    other_id = doomed.ids[1] if to == "task" else doomed.ids[0]
    return Step(action, to, doomed.tombstone, doomed.current, other_id or "", conflicts=(conflict,) if conflict else ())
