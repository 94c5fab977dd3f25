"""Conditions to functions that test a row; nothing about the query is looked up again per row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code
from tasksync_sandbox.salesforce.schema import TEXT_TYPES
from tasksync_sandbox.salesforce.soql.literals import Span, convert
from tasksync_sandbox.salesforce.soql.problem import Problem
from tasksync_sandbox.salesforce.soql.syntax import Comparison, Logical, Query

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from typing import Protocol

    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.soql.operands import Operand, Read
    from tasksync_sandbox.salesforce.soql.syntax import Call, Condition, Path

    class Operands(Protocol):
        """What resolves the left side of a comparison."""

        def operand(self, what: Path | Call) -> Operand:
            """Return what a condition reads."""

    Test = Callable[[Row], bool]
    Subquery = Callable[[Query], set[Any]]

_ORDERED = frozenset({"<", "<=", ">", ">="})
_INVERTED = frozenset({"!=", "not in", "excludes"})


class Tests:
    """Makes the tests of one query."""

    def __init__(self, names: Operands, today: date, subquery: Subquery) -> None:
        """Resolve fields with `names`, relative dates with `today`, and `IN (SELECT …)` with `subquery`."""
        self._names = names
        self._today = today
        self._subquery = subquery

    def of(self, condition: Condition) -> Test:
        """Return the function that says whether a row meets the condition."""
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        parts = [self.of(part) for part in condition.parts]
        return _joined(condition, parts)

    def _comparison(self, comparison: Comparison) -> Test:
        operand = self._names.operand(comparison.left)
        _check(operand, comparison.operator)
        inverted = comparison.operator in _INVERTED
        if isinstance(comparison.right, Query):
            return _member(operand, self._subquery(comparison.right), inverted=inverted)
        if comparison.operator == "like":
            return _like(operand, comparison.right[0].text)
        values = [convert(operand.field, value, self._today) for value in comparison.right]
        if comparison.operator in {"in", "not in"}:
            return _member(operand, set(values), inverted=inverted)
        if comparison.operator in {"includes", "excludes"}:
            return _chosen(operand.read, values, inverted=inverted)
        return _compared(operand, comparison.operator, values[0])


def _compared(operand: Operand, operator: str, value: Any) -> Test:  # noqa: ANN401  any value
    if isinstance(value, Span):
        return _spanned(operand.read, operator, value)
    if operator in _ORDERED:
        return _ordered(folded(operand), operator, value)
    return _equal(folded(operand), value, inverted=operator in _INVERTED)


def _check(operand: Operand, operator: str) -> None:
    """Refuse a field that cannot be filtered, and an operator that its type has not."""
    field = operand.field
    if not field.filterable:
        raise Problem(Code.INVALID_FIELD, f"field '{field.name}' can not be filtered in a query call", operand.at)
    wrong = (
        (operator == "like" and field.type not in TEXT_TYPES)
        or (operator in _ORDERED and field.type in {"boolean", "multipicklist"})
        or (operator in {"includes", "excludes"} and field.type != "multipicklist")
    )
    if wrong:
        raise Problem(Code.INVALID_QUERY_FILTER_OPERATOR, f"invalid operator on field '{field.name}'", operand.at)


def _joined(condition: Logical, parts: list[Test]) -> Test:
    if condition.operator == "not":
        only = parts[0]
        return lambda row: not only(row)
    if len(parts) == 2:  # noqa: PLR2004  the usual case, worth two calls less per row
        first, second = parts
        if condition.operator == "and":
            return lambda row: first(row) and second(row)
        return lambda row: first(row) or second(row)
    if condition.operator == "and":
        return lambda row: all(part(row) for part in parts)
    return lambda row: any(part(row) for part in parts)


def folded(operand: Operand) -> Read:
    """Return the value in lower case where case does not matter."""
    if operand.field.type not in TEXT_TYPES or operand.field.case_sensitive:
        return operand.read
    read = operand.read

    def folded(row: Row) -> Any:  # noqa: ANN401  a value of the row
        value = read(row)
        return None if value is None else value.lower()

    return folded


def _equal(read: Read, wanted: Any, *, inverted: bool) -> Test:  # noqa: ANN401  any value
    if inverted:
        return lambda row: read(row) != wanted
    return lambda row: read(row) == wanted


def _ordered(read: Read, operator: str, limit: Any) -> Test:  # noqa: ANN401  any value
    """Compare; an empty value meets no such comparison, and nothing lies before or after null."""
    if limit is None:
        return lambda _: False
    tests: dict[str, Test] = {
        "<": lambda row: (value := read(row)) is not None and value < limit,
        "<=": lambda row: (value := read(row)) is not None and value <= limit,
        ">": lambda row: (value := read(row)) is not None and value > limit,
        ">=": lambda row: (value := read(row)) is not None and value >= limit,
    }
    return tests[operator]


def _spanned(read: Read, operator: str, span: Span) -> Test:
    if operator == "=":
        return lambda row: (value := read(row)) is not None and span.low <= value < span.high
    if operator == "!=":
        return lambda row: (value := read(row)) is None or not span.low <= value < span.high
    limit, simple = {
        "<": (span.low, "<"),
        "<=": (span.high, "<"),
        ">": (span.high, ">="),
        ">=": (span.low, ">="),
    }[operator]
    return _ordered(read, simple, limit)


def _member(operand: Operand, values: set[Any], *, inverted: bool) -> Test:
    read = folded(operand)
    spans = [value for value in values if isinstance(value, Span)]
    if spans:
        tests = [_spanned(read, "=", span) for span in spans]
        return lambda row: any(test(row) for test in tests) is not inverted
    if inverted:
        return lambda row: read(row) not in values
    return lambda row: read(row) in values


def _chosen(read: Read, values: list[str], *, inverted: bool) -> Test:
    """Test a multi-select picklist: each value may be several joined by semicolons, all of which must be chosen."""
    wanted = [set(value.split(";")) for value in values]

    def test(row: Row) -> bool:
        have = set((read(row) or "").lower().split(";"))
        return any(some <= have for some in wanted) is not inverted

    return test


def _like(operand: Operand, pattern: str) -> Test:
    read = operand.read
    flags = re.DOTALL if operand.field.case_sensitive else re.DOTALL | re.IGNORECASE
    parts = re.split(r"(\\[%_]|[%_])", pattern)
    wild = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    match = re.compile("".join(wild.get(part, re.escape(part)) for part in parts), flags).fullmatch
    return lambda row: (value := read(row)) is not None and match(value) is not None
