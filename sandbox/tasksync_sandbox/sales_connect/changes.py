"""Creating, changing and deleting; each function checks everything before it writes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tasksync_sandbox.sales_connect.bodies import PersonGiven, ReminderBody, UserBody, checked, given
from tasksync_sandbox.sales_connect.errors import RefusedError
from tasksync_sandbox.sales_connect.model import Reminder, TaskSync, User
from tasksync_sandbox.sales_connect.state import State, new_id, short_id

if TYPE_CHECKING:
    from tasksync_sandbox.core.faults import RequestFaults

_REQUIRED = ("name", "assignee_id")


class Change(NamedTuple):
    """What changes are made with: the records, the faults of the request, and its name for the write list."""

    state: State
    faults: RequestFaults
    call: str


def create_reminder(change: Change, raw: Any) -> Reminder:  # noqa: ANN401  any JSON
    """Create a reminder from a request's body."""
    state = change.state
    values = _stored_values(state, checked(raw, ReminderBody))
    if missing := [name for name in _REQUIRED if name not in values]:
        raise RefusedError(422, "Members are missing.", missing)
    now = state.now()
    row = Reminder(id=new_id("rem"), created_at=now, updated_at=now, **values)
    _check_task_is_free(state, row)
    _maybe_refuse(change, row)
    if row.status == "completed":
        row = msgspec.structs.replace(row, completed_at=now)
    state.reminders.put(row, change.faults.visible_at())
    state.core.store.note_write(change.call, "reminder", row.id, "create", _shown_names(values))
    return row


def update_reminder(change: Change, reminder_id: str, if_version: int | None, raw: Any) -> Reminder:  # noqa: ANN401
    """Change the members that a request's body has; nothing is written when all values are as they were."""
    state = change.state
    old = state.living(reminder_id, for_write=True)
    _check_version(old, if_version)
    values = _stored_values(state, checked(raw, ReminderBody))
    changed = {name: value for name, value in values.items() if getattr(old, name) != value}
    row = msgspec.structs.replace(old, **changed)
    if "salesforce_task_id" in changed:
        _check_task_is_free(state, row)
    _maybe_refuse(change, row)
    if not changed:
        return old
    now = state.now()
    derived = {"completed_at": now if row.status == "completed" else None} if "status" in changed else {}
    row = msgspec.structs.replace(row, updated_at=now, version=old.version + 1, **derived)
    state.reminders.put(row, change.faults.visible_at())
    state.core.store.note_write(change.call, "reminder", row.id, "update", _shown_names(changed))
    return row


def delete_reminder(change: Change, reminder_id: str, if_version: int | None) -> None:
    """Leave a tombstone."""
    state = change.state
    old = state.living(reminder_id, for_write=True)
    _check_version(old, if_version)
    _maybe_refuse(change, old)
    now = state.now()
    row = msgspec.structs.replace(old, deleted_at=now, updated_at=now, version=old.version + 1)
    state.reminders.put(row, change.faults.visible_at())
    state.core.store.note_write(change.call, "reminder", row.id, "delete", ["deleted_at"])


def update_user(change: Change, user_id: str, raw: Any) -> User:  # noqa: ANN401  any JSON
    """Turn a user's task sync on or off."""
    state = change.state
    old = state.users.latest(user_id)
    if old is None:
        raise RefusedError(404, "No user has this id.")
    enabled = checked(raw, UserBody).task_sync.enabled
    if enabled == old.task_sync.enabled:
        return old
    now = state.now()
    row = msgspec.structs.replace(old, task_sync=TaskSync(enabled, now if enabled else None), updated_at=now)
    state.users.put(row, change.faults.visible_at())
    state.core.store.note_write(change.call, "user", row.id, "update", ["task_sync"])
    return row


def _stored_values(state: State, body: ReminderBody) -> dict[str, Any]:
    """The members sent, as a row holds them."""
    values = given(body)
    if values.get("due_date") is not None:
        values["due_date"] = values["due_date"].isoformat()
    if "person" in values:
        values["person_id"] = _person_id(state, values.pop("person"))
    if "assignee_id" in values and values["assignee_id"] not in state.users.rows:
        raise RefusedError(422, "No user has this id.", ["assignee_id"])
    return values


def _person_id(state: State, person: PersonGiven | None) -> str | None:
    if person is None:
        return None
    ((name, value),) = given(person).items()
    if name == "id":
        if value not in state.people.rows:
            raise RefusedError(422, "No person has this id.", ["person"])
        return str(value)
    return next(iter(state.people.hashed[name].find(short_id(value))), None)


def _check_task_is_free(state: State, row: Reminder) -> None:
    if row.salesforce_task_id is None:
        return
    for holder_id in state.reminders.holder("task", short_id(row.salesforce_task_id)):
        if holder_id != row.id and state.reminders.rows[holder_id].deleted_at is None:
            raise RefusedError(
                409, "Another reminder has this salesforce_task_id.", ["salesforce_task_id"], holder_id=holder_id
            )


def _check_version(row: Reminder, if_version: int | None) -> None:
    if if_version is not None and if_version != row.version:
        raise RefusedError(412, f"The reminder is at version {row.version}.")


def _maybe_refuse(change: Change, row: Reminder) -> None:
    """Carry out a `row_error` fault; its `where` sees the row as it would be."""
    if fault := change.faults.row_error(msgspec.structs.asdict(row)):
        raise RefusedError(fault.status or 422, fault.message, code=fault.code)


def _shown_names(changed: dict[str, Any]) -> list[str]:
    return ["person" if name == "person_id" else name for name in changed]
