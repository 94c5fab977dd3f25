"""What the engine relies on in a record besides its id and times: the members that a stream has, and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs

from tasksync_engine.errors import ConfigError
from tasksync_engine.records import POINTER, InvalidRecord
from tasksync_mappings import Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tasksync_engine.records import Reader, Record
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

_NEEDED: Mapping[Side, tuple[str, ...]] = {
    "reminder": ("id", "assignee_id", POINTER, "created_at", "updated_at", "deleted_at"),
    "task": (
        "Id",
        "OwnerId",
        "IsClosed",
        "IsDeleted",
        "IsRecurrence",
        "TaskSubtype",
        "CreatedDate",
        "LastModifiedDate",
        "SystemModstamp",
    ),
}
"""The members without which a rule could not be kept: whose it is, since when, deleted or not, linked to what."""


def unpaired(fields: FieldMap, side: Side, members: Collection[str]) -> list[str]:
    """The mapped members that a stream's records lack: it says nothing of them, so they do not travel from here.

    Args:
        fields: The mapping.
        side: Whose records.
        members: Those of the stream's schema.

    Raises:
        ConfigError: A member is missing that decisions are made by. Without the link a record that has a counterpart
            would get another one (sync-rules §2.3).
    """
    link = [fields.task_field] if side == "task" and fields.task_field else []
    missing = [name for name in (*_NEEDED[side], *link) if name not in members]
    if missing:
        message = (
            f"The {side}s come without {', '.join(missing)}: select them in the tap, or renew its catalog. "
            "Nothing was written."
        )
        raise ConfigError(message)
    return [column for column in fields.columns(side) if column not in members]


def checked(reader: Reader, fields: FieldMap, side: Side) -> Reader:
    """A reader that also refuses a record in which a member has a type that its API does not give it.

    Args:
        reader: Reads the rest.
        fields: Names further members.
        side: Whose records.
    """
    properties = {**_READ[side], **{pair.column(side): _of(pair) for pair in fields.fields}}
    validator = jsonschema_rs.validator_for({"type": "object", "properties": properties})

    def read(raw: Mapping[str, Any]) -> Record:
        if not validator.is_valid(raw):
            # No error: a text with a lone surrogate, which the validator cannot take and the clients mend.
            for error in validator.iter_errors(raw):
                # The member's name alone: what it holds may be anybody's.
                message = f"{'.'.join(map(str, error.instance_path[:2])) or 'it'} has a type that it cannot have"
                raise InvalidRecord(message)
        return reader(raw)

    return read


def _of(pair: Field) -> Mapping[str, Any]:
    """A field pair of the user's own may hold a number or a flag; a due date, a name or a user cannot."""
    return _SCALAR if pair.kind is Kind.TEXT else _TEXT
