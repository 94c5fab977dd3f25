"""What the engine relies on in a record besides its id and times: the types of the members that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from tasksync_mappings import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasksync_mappings import Field, FieldMap, Side

_TEXT = {"type": ["string", "null"]}
_FLAG = {"type": ["boolean", "null"]}
_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_GROUP = {"type": ["object", "null"], "additionalProperties": _SCALAR}
_READ: Mapping[Side, Mapping[str, Any]] = {
    "reminder": {
        "type": _TEXT,
        "person": _GROUP,
        "campaign": _GROUP,
        "call_outcome": _TEXT,
        "call_reason": _TEXT,
        "version": {"type": ["integer", "null"]},
    },
    "task": {
        "WhoId": _TEXT,
        "TaskSubtype": _TEXT,
        "IsClosed": _FLAG,
        "IsDeleted": _FLAG,
        "IsRecurrence": _FLAG,
    },
}
"""The members that decisions are made by, whatever the mapping file names."""


def record_check(fields: FieldMap, side: Side) -> Callable[[Mapping[str, Any]], str | None]:
    """Make the check of one side's records: it returns None, or which member is not what its API promises."""
    properties = {**_READ[side], **{pair.column(side): _of(pair) for pair in fields.fields}}
    validator = jsonschema_rs.validator_for({"type": "object", "properties": properties})

    def check(raw: Mapping[str, Any]) -> str | None:
        if validator.is_valid(raw):
            return None
        error = next(iter(validator.iter_errors(raw)), None)
        if error is None:  # a text with a lone surrogate, which the validator cannot take: the clients mend it
            return None
        # The member alone: what it holds may be anybody's.
        return f"{'.'.join(map(str, error.instance_path[:2])) or 'it'} has a type that it cannot have"

    return check


def _of(pair: Field) -> Mapping[str, Any]:
    """A field pair of the user's own may hold a number or a flag; a due date, a name or a user cannot."""
    return _SCALAR if pair.kind is Kind.TEXT else _TEXT
