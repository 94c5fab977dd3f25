"""GROUP BY and aggregate functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tasksync_sandbox.salesforce.schema import NUMBER_TYPES, Field
from tasksync_sandbox.salesforce.soql.operands import Operand
from tasksync_sandbox.salesforce.soql.problem import malformed
from tasksync_sandbox.salesforce.soql.syntax import Call, Path, Selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.soql.operands import Names, Read
    from tasksync_sandbox.salesforce.soql.syntax import Order, Query

    Total = Callable[[list[Row]], Any]

_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}
_NUMERIC_ONLY = frozenset({"SUM", "AVG"})
_COUNTED = Field("count", "int")


def is_count(query: Query) -> bool:
    """Say whether this is `SELECT COUNT() FROM …`, which answers no records.

    Raises:
        Problem: MALFORMED_QUERY where COUNT() stands beside other fields, or in a query with ORDER BY or GROUP BY.
    """
    count = next((call for call in _calls(query) if call.function == "COUNT" and call.argument is None), None)
    if count is None:
        return False
    if query.groups or query.selected != (Selected(count),):
        raise malformed(count.at, "Grouped or combined queries cannot use COUNT(): use COUNT(fieldName)")
    if query.orders:
        raise malformed(query.orders[0].what.at, "COUNT() cannot be used with ORDER BY")
    return True


def is_aggregate(query: Query) -> bool:
    """Say whether the answer holds aggregate results.

    Raises:
        Problem: MALFORMED_QUERY where totals of everything are cut by LIMIT.
    """
    found = bool(query.groups) or any(call.function in _FUNCTIONS and call.argument for call in _calls(query))
    if found and not query.groups and query.limit is not None:
        raise malformed(query.entity_at, "Non-grouped query that uses aggregate functions cannot also use LIMIT")
    return found


def is_total(call: Call) -> bool:
    """Say whether a function is of a whole group."""
    return call.function in _FUNCTIONS


def _key(what: Path | Call) -> str:
    """Return the name under which a group's key is known: a path, or a function with its argument."""
    return _shown(what).lower()


def _shown(what: Path | Call) -> str:
    if isinstance(what, Path):
        return what.name
    return f"{what.function}({what.argument.name if what.argument else ''})"


def _calls(query: Query) -> list[Call]:
    return [entry.what for entry in query.selected if isinstance(entry, Selected) and isinstance(entry.what, Call)]


class Aggregation:
    """One query's groups and totals."""

    def __init__(self, query: Query, names: Names) -> None:
        """Resolve groups, totals and sort keys.

        Raises:
            Problem: MALFORMED_QUERY for a field neither grouped nor aggregated, INVALID_FIELD for an unknown one.
        """
        self._names = names
        self._keys: dict[str, Read] = {_key(what): self._groupable(what) for what in query.groups}
        self._columns: list[tuple[str, str | Total]] = []
        unnamed = 0
        for entry in query.selected:
            if not isinstance(entry, Selected):
                raise malformed(entry.at, "FIELDS() cannot be grouped")
            label = entry.alias
            if isinstance(entry.what, Call):
                if label is None:
                    label, unnamed = f"expr{unnamed}", unnamed + 1
                self._columns.append((label, self._value(entry.what)))
            else:
                key = self._grouped(entry.what)
                self._columns.append((label or names.resolve(entry.what)[1].name, key))
        self._orders = [(self._sort_value(order), order) for order in query.orders]
        self._having: Callable[[Any], bool] | None = None
        start = query.offset or 0
        self._cut = slice(start, None if query.limit is None else start + query.limit)

    def restrict(self, having: Callable[[Any], bool]) -> None:
        """Keep only groups that meet a condition, which was made with this object's `operand`."""
        self._having = having

    def operand(self, what: Path | Call) -> Operand:
        """Return what a condition of HAVING reads from a group."""
        if isinstance(what, Call) and is_total(what):
            total = self._total(what)
            field = _COUNTED if what.argument is None else self._names.operand(what.argument).field
            if what.function.startswith("COUNT"):
                field = _COUNTED
            return Operand(field, lambda group: total(cast("Any", group)[1]), direct=False, at=what.at)
        key = self._grouped(what)
        field = self._names.operand(what).field
        return Operand(field, lambda group: cast("Any", group)[0][key], direct=False, at=what.at)

    def _groupable(self, what: Path | Call) -> Read:
        """Return what reads a group's key: a field that can be grouped, or a date function of any."""
        operand = self._names.operand(what)
        if isinstance(what, Path) and not operand.field.groupable:
            raise malformed(what.at, f"field '{operand.field.name}' can not be grouped in a query call")
        return operand.read

    def _grouped(self, what: Path | Call) -> str:
        self._names.operand(what)
        if _key(what) not in self._keys:
            raise malformed(what.at, f"Field must be grouped or aggregated: {_shown(what)}")
        return _key(what)

    def _value(self, call: Call) -> str | Total:
        return self._total(call) if is_total(call) else self._grouped(call)

    def _total(self, call: Call) -> Total:
        if call.argument is None and call.function != "COUNT":
            raise malformed(call.at, f"unexpected token: '{call.function}'")
        if call.argument is None:
            return len
        operand = self._names.operand(call.argument)
        if call.function in _NUMERIC_ONLY and operand.field.type not in NUMBER_TYPES:
            message = f"field {operand.field.name} does not support aggregate operator {call.function}"
            raise malformed(call.at, message)
        read, function = operand.read, _FUNCTIONS[call.function]
        return lambda rows: function([value for row in rows if (value := read(row)) is not None])

    def _sort_value(self, order: Order) -> str | Total:
        if isinstance(order.what, Call):
            return self._value(order.what)
        aliases = {label.lower(): total for label, total in self._columns}
        return aliases.get(order.what.name.lower()) or self._grouped(order.what)

    def results(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """Return the aggregate results in order, cut by OFFSET and LIMIT."""
        groups: dict[tuple[Any, ...], list[Row]] = {} if self._keys else {(): []}
        readers = list(self._keys.values())
        for row in rows:
            groups.setdefault(tuple(read(row) for read in readers), []).append(row)
        found = [(dict(zip(self._keys, key, strict=True)), members) for key, members in groups.items()]
        if self._having is not None:
            found = [group for group in found if self._having(group)]
        for value, order in reversed(self._orders):
            found.sort(key=lambda group: sort_key(_evaluate(value, *group), order), reverse=order.descending)
        return [self._shown(keys, members) for keys, members in found[self._cut]]

    def _shown(self, keys: dict[str, Any], rows: list[Row]) -> dict[str, Any]:
        values = {label: _evaluate(column, keys, rows) for label, column in self._columns}
        return {"attributes": {"type": "AggregateResult"}, **values}


def _evaluate(column: str | Total, keys: dict[str, Any], rows: list[Row]) -> Any:  # noqa: ANN401  any value
    return keys[column] if isinstance(column, str) else column(rows)


def sort_key(value: Any, order: Order) -> tuple[bool, Any]:  # noqa: ANN401  any value
    """Return a key that puts empty values where the order wants them, also when it is reversed."""
    empty = value is None
    return empty != (order.nulls_first != order.descending), "" if empty else value
