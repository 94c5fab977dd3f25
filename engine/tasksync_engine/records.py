"""A record of either side as the engine looks at it: who, when, and which record of the other side it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from tasksync_clients.clock import SANE_YEARS
from tasksync_clients.sales_connect.dialect import is_record_id
from tasksync_clients.soql import id18, is_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasksync_mappings import Side


LONG_ID = 18

POINTER = "salesforce_task_id"
"""The reminder's member that names its task."""


class InvalidRecord(ValueError):
    """A record that is not what its API promises; the message names the member."""


@dataclass(frozen=True, slots=True)
class Record:
    """A reminder or a task.

    Attributes:
        side: Which of the two.
        id: Its id there; a task's has 18 characters.
        raw: The record in its API's own terms.
        user: The reminder's assignee, the task's owner.
        pointer: The id of the other side's record that this one carries, if it carries one.
        changed_at: When somebody last changed it (`updated_at`, `LastModifiedDate`).
        stamp: When anything last touched it (`updated_at`, `SystemModstamp`).
        created_at: When it was created; None in a bare tombstone.
        deleted_at: When it was deleted; None: it lives.
    """

    side: Side
    id: str
    raw: Mapping[str, Any] = field(repr=False)
    user: str | None
    pointer: str | None
    changed_at: datetime
    stamp: datetime
    created_at: datetime | None
    deleted_at: datetime | None

    @property
    def is_tombstone(self) -> bool:
        """Whether this is the notice of a deletion."""
        return self.deleted_at is not None


class Reader(Protocol):
    """Makes a `Record` of what an API, or a tap, says."""

    def __call__(self, raw: Mapping[str, Any]) -> Record:
        """Read one record.

        Raises:
            InvalidRecord: A member that every record has is missing or malformed.
        """


def parse_time(value: object, member: str) -> datetime:
    """An aware time from either API's text (`…Z`, `…+0000`) or from a parsed value.

    Raises:
        InvalidRecord: It is no time.
    """
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(parsed, datetime):
            raise _no_time(member)
        if parsed.tzinfo is UTC:
            moment = parsed
        else:
            moment = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _no_time(member) from error
    if moment.year not in SANE_YEARS:
        raise _no_time(member)
    return moment


def _no_time(member: str) -> InvalidRecord:
    return InvalidRecord(f"{member} is not a time")


def _optional_time(raw: Mapping[str, Any], member: str) -> datetime | None:
    value = raw.get(member)
    return None if value is None else parse_time(value, member)


def _text(raw: Mapping[str, Any], member: str) -> str | None:
    value = raw.get(member)
    if value is not None and not isinstance(value, str):
        message = f"{member} is not a text"
        raise InvalidRecord(message)
    return value or None


def _id(raw: Mapping[str, Any], member: str, can_be: Callable[[str], bool]) -> str:
    value = _text(raw, member)
    if value is None:
        message = f"{member} is missing"
        raise InvalidRecord(message)
    if not can_be(value):
        message = f"{member} cannot be an id"
        raise InvalidRecord(message)
    return value


def _optional_id(raw: Mapping[str, Any], member: str, can_be: Callable[[str], bool]) -> str | None:
    return None if raw.get(member) in {None, ""} else _id(raw, member, can_be)


def _pointer(value: object, can_be: Callable[[str], bool]) -> str | None:
    """The other side's id that a record carries; anybody may have written anything there, which then names nothing."""
    return value if isinstance(value, str) and can_be(value) else None


def _flag(raw: Mapping[str, Any], member: str) -> bool:
    value = raw.get(member)
    if not isinstance(value, bool | None):
        message = f"{member} is neither true nor false"
        raise InvalidRecord(message)
    return bool(value)


def salesforce_id(value: str | None) -> str | None:
    """An id with 18 characters, whichever of its two forms was given; text that is no id stays as it is."""
    try:
        return id18(value) if value else None
    except ValueError:
        return value


def _is_long_id(value: object) -> TypeGuard[str]:
    """Whether this is an id as the services tell it, which needs no further look."""
    return isinstance(value, str) and len(value) == LONG_ID and is_id(value)


def read_reminder(raw: Mapping[str, Any]) -> Record:
    """A reminder of sales-connect-api.md.

    Raises:
        InvalidRecord: See `Reader`.
    """
    updated_at = parse_time(raw.get("updated_at"), "updated_at")
    return Record(
        side="reminder",
        id=_id(raw, "id", is_record_id),
        raw=raw,
        user=_optional_id(raw, "assignee_id", is_record_id),
        pointer=salesforce_id(_pointer(raw.get(POINTER), is_id)),
        changed_at=updated_at,
        stamp=updated_at,
        created_at=_optional_time(raw, "created_at"),
        deleted_at=_optional_time(raw, "deleted_at"),
    )


def task_reader(link_field: str | None) -> Reader:
    """A reader of Salesforce Tasks whose link field has this name."""

    def read_task(raw: Mapping[str, Any]) -> Record:
        stamp = parse_time(raw.get("SystemModstamp"), "SystemModstamp")
        changed_at = _optional_time(raw, "LastModifiedDate") or stamp
        return Record(
            side="task",
            id=raw["Id"] if _is_long_id(raw.get("Id")) else salesforce_id(_id(raw, "Id", is_id)) or "",
            raw=raw,
            user=owner
            if _is_long_id(owner := raw.get("OwnerId"))
            else salesforce_id(_optional_id(raw, "OwnerId", is_id)),
            pointer=_pointer(raw.get(link_field), is_record_id) if link_field else None,
            changed_at=changed_at,
            stamp=stamp,
            created_at=_optional_time(raw, "CreatedDate"),
            deleted_at=max(stamp, changed_at) if _flag(raw, "IsDeleted") else None,
        )

    return read_task
