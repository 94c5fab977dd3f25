"""Which index finds the rows of a query, so that an incremental one never walks the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.database import BY_STAMP, index_key
from tasksync_sandbox.salesforce.soql.literals import Span, convert
from tasksync_sandbox.salesforce.soql.syntax import Comparison, Logical, Path, Query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from tasksync_sandbox.core.table import Table
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.soql.operands import Names
    from tasksync_sandbox.salesforce.soql.syntax import Condition

_LAST = "\uffff"
"""Sorts after every id."""


@dataclass(slots=True)
class Hints:
    """What the query's conditions, all of which must hold, say about indexed fields.

    Attributes:
        ids: the only ids that can match; None when the query does not say.
        keys: for hashed indexes, the only values that can match.
        low: from which stamp on, and high: up to which (both included; the test on each row is exact).
    """

    ids: set[str] | None = None
    keys: dict[str, set[Any]] = field(default_factory=dict)
    low: str | None = None
    high: str | None = None

    def rows(self, table: Table[Row], *, by_stamp: bool) -> tuple[Iterator[Row], bool]:
        """Return rows among which all matches are, and whether they come in the order of (SystemModstamp, Id)."""
        if self.ids is not None:
            return (row for key in self.ids if (row := table.get(key)) is not None), False
        index = table.ordered[BY_STAMP]
        bounds = self._bounds()
        spread = index.rank(bounds[1] or (_LAST,)) - index.rank(bounds[0] or ("",))
        best, cost = None, spread if by_stamp or self.low or self.high else len(table.rows)
        for name, values in self.keys.items():
            estimate = sum(len(table.hashed[name].find(value)) for value in values)
            if estimate < cost:
                best, cost = name, estimate
        if best is not None:
            found = [key for value in self.keys[best] for key in table.hashed[best].find(value)]
            return (table.rows[key] for key in found), False
        if by_stamp or self.low or self.high:
            return (table.rows[key] for _, key in index.walk(*bounds)), True
        return iter(table.rows.values()), False

    def _bounds(self) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        return (self.low,) if self.low else None, (self.high, _LAST) if self.high else None


def hints(condition: Condition | None, names: Names, table: Table[Row], today: date) -> Hints:
    """Return what the conditions joined by AND at the top say about indexed fields."""
    found = Hints()
    parts: tuple[Condition, ...] = () if condition is None else (condition,)
    if isinstance(condition, Logical) and condition.operator == "and":
        parts = condition.parts
    for part in parts:
        if isinstance(part, Comparison) and isinstance(part.left, Path) and not isinstance(part.right, Query):
            _note(found, part, names, table, today)
    return found


def _note(found: Hints, part: Comparison, names: Names, table: Table[Row], today: date) -> None:
    operand = names.operand(part.left)
    name = operand.field.name
    if not operand.direct or isinstance(part.right, Query):
        return
    values = {convert(operand.field, value, today) for value in part.right}
    if None in values:
        return
    if part.operator in {"=", "in"} and name == "Id":
        found.ids = values if found.ids is None else found.ids & values
    elif part.operator in {"=", "in"} and name in table.hashed:
        found.keys[name] = {index_key(value) for value in values} if operand.field.external_id else values
    elif name == BY_STAMP:
        _note_range(found, part.operator, values.pop())


def _note_range(found: Hints, operator: str, value: str | Span) -> None:
    low, high = (value.low, value.high) if isinstance(value, Span) else (value, value)
    if operator in {"=", ">", ">="}:
        found.low = max(found.low or low, low)
    if operator in {"=", "<", "<="}:
        found.high = min(found.high or high, high)
