"""Literals to values that compare with what rows hold; a literal of the wrong type is an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES
from tasksync_sandbox.salesforce.soql.dates import exact_stamp, relative_range
from tasksync_sandbox.salesforce.soql.problem import Problem, malformed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from tasksync_sandbox.salesforce.schema import Field
    from tasksync_sandbox.salesforce.soql.syntax import Value

_TYPE_NAMES = {"datetime": "dateTime", "picklist": "string", "textarea": "string", "combobox": "string"}


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a relative date literal covers, as values of the field: from `low` up to, not including, `high`."""

    low: str
    high: str


def convert(field: Field, value: Value, today: date) -> Any:  # noqa: ANN401  whatever rows hold for the field
    """Return the literal as a value of the field's type; text where case does not matter comes in lower case.

    Raises:
        Problem: INVALID_FIELD for another type, INVALID_QUERY_FILTER_OPERATOR for an id that is none.
    """
    if value.kind == "null" or (value.kind == "string" and not value.text and field.type in TEXT_TYPES):
        return None
    if value.kind == "relative":
        return _span(field, value, today)
    reader = _READERS.get(field.type, _text)
    return reader(field, value)


def _wrong_type(field: Field, value: Value) -> Problem:
    name = _TYPE_NAMES.get(field.type, "string" if field.type in TEXT_TYPES else field.type)
    quotes = "should be enclosed in quotes" if name == "string" else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{field.name}' must be of type {name} and {quotes}"
    return Problem(Code.INVALID_FIELD, message, value.at)


def _identifier(field: Field, value: Value) -> str:
    if value.kind != "string":
        raise _wrong_type(field, value)
    found = long_id(value.text)
    if found is None:
        raise Problem(Code.INVALID_QUERY_FILTER_OPERATOR, f"invalid ID field: {value.text}", value.at)
    return found


def _moment(field: Field, value: Value) -> str:
    if value.kind != field.type:
        raise _wrong_type(field, value)
    try:
        stamp = exact_stamp(value.text if value.kind == "datetime" else value.text + "T00:00:00Z")
    except ValueError:
        raise malformed(value.at, f"Invalid {field.type}: {value.text}") from None
    return stamp if value.kind == "datetime" else value.text


def _span(field: Field, value: Value, today: date) -> Span:
    try:
        days = relative_range(value.text, today)
    except ValueError:
        raise malformed(value.at, f"Invalid {field.type}: {value.text}") from None
    if days is None:
        raise malformed(value.at, f"unexpected token: '{value.text}'")
    if field.type not in {"date", "datetime"}:
        raise _wrong_type(field, value)
    tail = "T00:00:00.000+0000" if field.type == "datetime" else ""
    return Span(f"{days[0]}{tail}", f"{days[1]}{tail}")


def _boolean(field: Field, value: Value) -> bool:
    if value.kind != "boolean":
        raise _wrong_type(field, value)
    return value.text.lower() == "true"


def _number(field: Field, value: Value) -> float:
    if value.kind != "number":
        raise _wrong_type(field, value)
    return float(value.text)


def _text(field: Field, value: Value) -> str:
    if value.kind != "string":
        raise _wrong_type(field, value)
    return value.text if field.case_sensitive else value.text.lower()


_READERS: dict[str, Callable[[Field, Value], Any]] = {
    "id": _identifier,
    "reference": _identifier,
    "date": _moment,
    "datetime": _moment,
    "boolean": _boolean,
    **dict.fromkeys(NUMBER_TYPES, _number),
}
