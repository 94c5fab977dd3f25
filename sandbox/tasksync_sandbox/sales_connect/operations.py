"""Operations on reminders, alone or in a batch, and what their idempotency keys remember."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from tasksync_sandbox.sales_connect.bodies import Operation, checked
from tasksync_sandbox.sales_connect.changes import Change, create_reminder, delete_reminder, update_reminder
from tasksync_sandbox.sales_connect.errors import RefusedError
from tasksync_sandbox.sales_connect.model import FirstAnswer

if TYPE_CHECKING:
    from tasksync_sandbox.sales_connect.model import ReminderShown
    from tasksync_sandbox.sales_connect.state import State

KEY_LIFE = timedelta(hours=24)
# Members that an operation needs, and all that it may have.
_MEMBERS = {
    "create": ({"reminder"}, {"op", "reminder", "idempotency_key"}),
    "update": ({"id", "reminder"}, {"op", "id", "reminder", "if_version", "idempotency_key"}),
    "delete": ({"id"}, {"op", "id", "if_version", "idempotency_key"}),
}
_canonical = msgspec.json.Encoder(order="deterministic")


def batch_result(change: Change, raw: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
    """Carry out one operation of a batch; a refusal stays its own."""
    try:
        operation = checked(raw, Operation)
        _check_members(operation)
        status, reminder = perform(change, operation)
    except RefusedError as refusal:
        return {"status": refusal.status, "error": refusal.error()}
    return {"status": status} if reminder is None else {"status": status, "reminder": reminder}


def perform(change: Change, operation: Operation) -> tuple[int, ReminderShown | None]:
    """Carry out an operation, or repeat the first answer to its key."""
    key = operation.idempotency_key
    if key is UNSET:
        return _carry_out(change, operation)
    request = _canonical.encode(msgspec.structs.replace(operation, idempotency_key=UNSET)).decode()
    now = change.state.core.clock.timestamp()
    first = change.state.first_answers.get(key)
    if first is not None and first.at > now - KEY_LIFE.total_seconds():
        if first.request != request:
            raise RefusedError(422, "This idempotency key came with another request.", ["idempotency_key"])
        return first.status, first.reminder
    status, reminder = _carry_out(change, operation)
    change.state.first_answers.put(FirstAnswer(key, request, status, reminder, now))
    return status, reminder


def forget_old_answers(state: State) -> None:
    """Drop what no idempotency key will ask for any more."""
    oldest = state.core.clock.timestamp() - KEY_LIFE.total_seconds()
    for key in [key for key, first in state.first_answers.rows.items() if first.at <= oldest]:
        state.first_answers.remove(key)


def _carry_out(change: Change, operation: Operation) -> tuple[int, ReminderShown | None]:
    raw = None if operation.reminder is UNSET else operation.reminder
    if_version = None if operation.if_version is UNSET else operation.if_version
    if operation.op == "create":
        return 201, change.state.shown(create_reminder(change, raw))
    reminder_id = "" if operation.id is UNSET else operation.id
    if operation.op == "update":
        return 200, change.state.shown(update_reminder(change, reminder_id, if_version, raw))
    delete_reminder(change, reminder_id, if_version)
    return 204, None


def _check_members(operation: Operation) -> None:
    """Refuse an operation that lacks a member, or has one that its kind does not know."""
    needed, allowed = _MEMBERS[operation.op]
    sent = {name for name in operation.__struct_fields__ if getattr(operation, name) is not UNSET}
    if wrong := sorted((needed - sent) | (sent - allowed)):
        raise RefusedError(422, f"These members do not belong to, or are missing from, a {operation.op}.", wrong)
