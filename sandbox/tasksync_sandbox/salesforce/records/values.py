"""JSON values to values as rows keep them, field by field."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES
from tasksync_sandbox.salesforce.soql.dates import FIRST_YEAR, LAST_YEAR, parse_stamp, stamp

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.schema import Field

_TOKENS = {
    str: "VALUE_STRING",
    bool: "VALUE_TRUE",
    int: "VALUE_NUMBER_INT",
    float: "VALUE_NUMBER_FLOAT",
    list: "START_ARRAY",
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)", re.IGNORECASE)


def utf16_length(text: str) -> int:
    """Return how many characters Salesforce counts: an emoji is two (Help, "Surrogate Pair Characters …")."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def kept(field: Field, value: Any) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return a written value as the row keeps it: text trimmed, nothing for empty text, stamps in whole seconds.

    Raises:
        SalesforceError: the value is not of the field's type, too long, or not in a restricted picklist.
    """
    if value is None:
        return False if field.type == "boolean" else None
    if field.type == "boolean":
        return _boolean(value)
    if field.type in NUMBER_TYPES:
        return _number(field, value)
    if not isinstance(value, str):
        raise cannot_read(value, "string" if field.type in TEXT_TYPES else field.type)
    if field.type in TEXT_TYPES:
        return _text(field, value)
    if field.type in {"id", "reference"}:
        return _reference(field, value)
    return _moment(field, value)


def cannot_read(value: Any, kind: str) -> SalesforceError:  # noqa: ANN401  whatever JSON holds
    """Return the error of a value that is not of the field's JSON type; it refuses the whole request."""
    token = _TOKENS.get(type(value), "START_OBJECT")
    return SalesforceError(
        Code.JSON_PARSER_ERROR,
        f"Cannot deserialize instance of {kind} from {token} value {value} or request may be missing a required field",
    )


def _boolean(value: Any) -> bool:  # noqa: ANN401  whatever JSON holds
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise cannot_read(value, "boolean")
    return value


def _number(field: Field, value: Any) -> float | int | None:  # noqa: ANN401  whatever JSON holds
    if isinstance(value, str):
        try:
            value = float(value) if value.strip() else None
        except ValueError:
            raise cannot_read(value, field.type) from None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise cannot_read(value, field.type)
    if abs(value) >= 10 ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise SalesforceError(Code.NUMBER_OUTSIDE_VALID_RANGE, message, fields=(field.name,))
    if field.type == "int":
        if value != int(value):
            raise cannot_read(value, "int")
        return int(value)
    return float(value)


def _text(field: Field, value: str) -> str | None:
    text = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if field.type != "textarea":
        text = text.replace("\n", " ")
    if not text:
        return None
    limit = field.length
    if limit and utf16_length(text) > limit:
        message = f"{field.label}: data value too large: {text} (max length={limit})"
        raise SalesforceError(Code.STRING_TOO_LONG, message, fields=(field.name,))
    if field.restricted and field.picklist and text not in {entry.value for entry in field.picklist if entry.active}:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise SalesforceError(Code.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST, message, fields=(field.name,))
    return text


def _reference(field: Field, value: str) -> str | None:
    if not value.strip():
        return None
    found = long_id(value)
    if found is None:
        raise wrong_id(field, value)
    return found


def wrong_id(field: Field, value: str) -> SalesforceError:
    """Return the error of an id that is none, or that belongs to an object the field cannot point at."""
    label = "/".join(field.reference_to) if field.polymorphic else field.label.removesuffix(" Id")
    message = f"{label} ID: id value of incorrect type: {value}"
    return SalesforceError(Code.MALFORMED_ID, message, fields=(field.name,))


def _moment(field: Field, value: str) -> str | None:
    is_day = field.type == "date" and _DAY.fullmatch(value)
    if not is_day and not _TIME.fullmatch(value):
        raise cannot_read(value, field.type)
    try:
        moment = parse_stamp(f"{value}T00:00:00Z" if is_day else value)
    except ValueError:
        raise cannot_read(value, field.type) from None
    except OverflowError:
        raise _out_of_range(field, value) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise _out_of_range(field, value)
    return moment.date().isoformat() if field.type == "date" else stamp(moment)


def _out_of_range(field: Field, value: str) -> SalesforceError:
    message = f"{field.label}: invalid date: {value}"
    return SalesforceError(Code.FIELD_INTEGRITY_EXCEPTION, message, fields=(field.name,))
