"""The gate of a run that carries out a plan: a step passes only as the plan has it.

Pure: no clock, no I/O.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasksync_engine.plan import Row, Seen, plain, row_of, seen
from tasksync_engine.steps import WRITING, Action
from tasksync_mappings.fields import same

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tasksync_engine.records import Record
    from tasksync_engine.steps import Step
    from tasksync_mappings import FieldMap


def changed(row: Seen, now: Record, fields: FieldMap) -> str | None:
    """What of a record is not as the plan saw it, in words; None: nothing."""
    held = seen(now, fields)
    names = [name for name, digest in row.values.items() if held.values.get(name, digest) != digest]
    if names:
        return f"its {now.side} was changed since: {', '.join(names)}"
    if row.at is not None and row.at != held.at:
        return f"its {now.side} was touched since"
    return None


def holds(row: Row, current: Record, fields: FieldMap) -> bool:
    """Whether a record holds already what a row would write to the synced fields."""
    side, held = current.side, current.raw
    written = [pair for pair in fields.fields if pair.column(side) in row.writes and pair.column(side) in held]
    return all(same(pair, side, plain(held[pair.column(side)]), row.writes[pair.column(side)]) for pair in written)


@dataclass(slots=True)
class Approval:
    """Lets the steps of these rows pass, and what needs no write and decides no conflict.

    Attributes:
        passed: Rows whose step was taken, by what they are about.
        refused: Why a source's step was not.
        settled: Sources of which only the ledger had something to learn.
    """

    fields: FieldMap
    passed: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    _rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def expect(self, rows: Iterable[Row]) -> None:
        """From now on these rows may be carried out."""
        for row in rows:
            self._rows[row.source.id].append(row)

    def passes(self, step: Step) -> bool:
        """Whether a step is one of the plan's."""
        planned = self._rows.get(step.source.id, [])
        row = next((row for row in planned if row.action == step.action.value and row.to == step.to), None)
        harmless = step.action not in WRITING and not step.conflicts
        reason = self._differs(row, step)
        if reason is not None and harmless:
            self.settled.add(step.source.id)
            return True
        if reason is not None or row is None:
            self.refused[step.source.id] = reason or "it is not in the plan"
            return False
        self.passed[step.source.id].append(row)
        return True

    def _differs(self, row: Row | None, step: Step) -> str | None:
        if row is None:
            return f"now it would be another step: {step.action.value}"
        now = row_of(step, self.fields, source_is_real=True, current_is_real=True)
        if (row.current is None) != (step.current is None) and step.action is not Action.CLOSE:
            return f"its {step.to} came or went since"
        if row.current is not None and step.current is not None:
            moved = changed(row.current, step.current, self.fields)
            if moved is not None:
                return moved
        if step.action is Action.POINT:
            return None  # the id of a task that was yet to be made is another one now
        if now.writes != row.writes:
            return "other values would be written now: the rules, the template or the roster changed since"
        return None if now.conflicts == row.conflicts else "its conflict would be decided in another way now"
