"""Request bodies: what may be in them, and which members are wrong."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  msgspec reads the annotations
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tasksync_sandbox.sales_connect.errors import RefusedError
from tasksync_sandbox.sales_connect.model import Campaign  # noqa: TC001  msgspec reads the annotations

B = TypeVar("B", bound=msgspec.Struct)
SalesforceId = Annotated[str, Meta(min_length=1, max_length=18)]
Text = Annotated[str, Meta(min_length=1)]


class PersonGiven(msgspec.Struct, forbid_unknown_fields=True):
    """A person named by exactly one of its ids."""

    id: Text | UnsetType = UNSET
    salesforce_contact_id: SalesforceId | UnsetType = UNSET
    salesforce_lead_id: SalesforceId | UnsetType = UNSET
    salesforce_account_id: SalesforceId | UnsetType = UNSET
    salesforce_opportunity_id: SalesforceId | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse none and several."""
        if len(given(self)) != 1:
            msg = "a person is given as exactly one of its ids"
            raise ValueError(msg)


class ReminderBody(msgspec.Struct, forbid_unknown_fields=True):
    """The members of a reminder that a client may send; UNSET ones stay as they are."""

    type: Literal["email", "call", "inmail", "custom"] | UnsetType = UNSET
    name: Annotated[str, Meta(min_length=1, max_length=500)] | UnsetType = UNSET
    status: Literal["open", "completed"] | UnsetType = UNSET
    priority: Literal["normal", "high"] | UnsetType = UNSET
    due_date: dt.date | UnsetType | None = UNSET
    details: str | UnsetType | None = UNSET
    assignee_id: Text | UnsetType = UNSET
    person: PersonGiven | UnsetType | None = UNSET
    campaign: Campaign | UnsetType | None = UNSET
    call_outcome: str | UnsetType | None = UNSET
    call_reason: str | UnsetType | None = UNSET
    salesforce_task_id: SalesforceId | UnsetType | None = UNSET


class TaskSyncBody(msgspec.Struct, forbid_unknown_fields=True):
    """The switch of a user."""

    enabled: bool


class UserBody(msgspec.Struct, forbid_unknown_fields=True):
    """What may be changed of a user."""

    task_sync: TaskSyncBody


class Operation(msgspec.Struct, forbid_unknown_fields=True):
    """One operation of a batch."""

    op: Literal["create", "update", "delete"]
    id: str | UnsetType = UNSET
    if_version: int | UnsetType = UNSET
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    reminder: dict[str, Any] | UnsetType = UNSET


class BatchBody(msgspec.Struct, forbid_unknown_fields=True):
    """A batch; its operations are checked one by one, each on its own."""

    operations: Annotated[list[dict[str, Any]], Meta(max_length=200)]


def given(body: msgspec.Struct) -> dict[str, Any]:
    """The members that were sent."""
    return {name: value for name in body.__struct_fields__ if (value := getattr(body, name)) is not UNSET}


def parsed(body: bytes) -> Any:  # noqa: ANN401  any JSON
    """Decode a body.

    Raises:
        RefusedError: 400, it is no JSON.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise RefusedError(400, "The body is no valid JSON.") from None


def checked(raw: Any, body_type: type[B]) -> B:  # noqa: ANN401  any JSON
    """Give the body its type.

    Raises:
        RefusedError: 422, naming every member that is wrong.
    """
    try:
        return msgspec.convert(raw, body_type)
    except msgspec.ValidationError as problem:
        fields = _wrong_members(raw, body_type) if isinstance(raw, dict) else []
        raise RefusedError(422, f"The body does not fit: {problem}", fields) from None


def _wrong_members(raw: dict[str, Any], body_type: type[msgspec.Struct]) -> list[str]:
    known = {field.encode_name: field for field in msgspec.structs.fields(body_type)}
    wrong = [name for name in raw if name not in known or not _fits(raw[name], known[name].type)]
    return wrong + [name for name, field in known.items() if field.required and name not in raw]


def _fits(value: Any, member_type: Any) -> bool:  # noqa: ANN401  any JSON, any annotation
    try:
        msgspec.convert(value, member_type)
    except msgspec.ValidationError:
        return False
    return True
