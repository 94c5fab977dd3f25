"""`POST /_sandbox/load`: records merged by id, dates and ids as given."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec

from tasksync_sandbox.sales_connect.model import Person, Reminder, TaskSync, User
from tasksync_sandbox.sales_connect.state import SALESFORCE_IDS, State, short_id
from tasksync_sandbox.sales_connect.times import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.core.table import Table

R = TypeVar("R", User, Person, Reminder)
SETTINGS = "settings"
_AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
DEFAULT_TEMPLATE = "{{activity_subject}}"
_KINDS = {"users", "people", "reminders", "settings"}


class Loader:
    """One load."""

    def __init__(self, state: State) -> None:
        """Load into these records."""
        self._state = state
        self._now = state.now()

    def load(self, payload: dict[str, Any]) -> dict[str, int]:
        """Merge everything; returns counts by kind.

        Raises:
            ValueError: a kind, member or value is not understood; the message names it.
        """
        if unknown := payload.keys() - _KINDS:
            msg = f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(_KINDS))}"
            raise ValueError(msg)
        state = self._state
        loaded = {
            "users": self._merge(state.users, payload.get("users", []), self._user),
            "people": self._merge(state.people, payload.get("people", []), self._named),
            "reminders": self._merge(state.reminders, payload.get("reminders", []), self._reminder),
        }
        if "settings" in payload:
            self._settings(payload["settings"])
        return loaded

    def _merge(
        self,
        table: Table[R],
        records: list[dict[str, Any]],
        prepared: Callable[[dict[str, Any], R | None], dict[str, Any]],
    ) -> int:
        known = {*(field.name for field in msgspec.structs.fields(table.row_type)), "attributes", "person"}
        rows: dict[str, R] = {}
        for record in records:
            if not isinstance(record, dict) or not isinstance(record.get("id"), str) or not record.keys() <= known:
                msg = f"{table.name}: each needs an id, and no members but {', '.join(sorted(known))}"
                raise ValueError(msg)
            old = rows.get(record["id"]) or table.latest(record["id"])
            merged = (msgspec.structs.asdict(old) if old else {}) | prepared(record, old)
            merged.pop("attributes", None)
            rows[record["id"]] = msgspec.convert(merged, table.row_type, from_attributes=True)
        table.put_all(rows.values())
        return len(rows)

    def _stamped(self, record: dict[str, Any], old: Any) -> dict[str, Any]:  # noqa: ANN401  any row
        """Without an `updated_at` a new record was never changed since its creation, and a known one is changed now."""
        values = {name: _as_time(value) if name.endswith("_at") else value for name, value in record.items()}
        if "updated_at" not in values:
            values["updated_at"] = self._now if old else values.get("created_at", self._now)
        return values

    def _named(self, record: dict[str, Any], old: Any) -> dict[str, Any]:  # noqa: ANN401  any row
        """Without a name a new record goes by its email."""
        values = self._stamped(record, old)
        if old is None:
            values.setdefault("name", values.get("email") or "")
        return values

    def _user(self, record: dict[str, Any], old: User | None) -> dict[str, Any]:
        values = self._named(record, old)
        if (sync := values.get("task_sync")) is not None:
            enabled_at = _as_time(sync.get("enabled_at"))
            values["task_sync"] = TaskSync(sync["enabled"], enabled_at or (self._now if sync["enabled"] else None))
        return values

    def _reminder(self, record: dict[str, Any], old: Reminder | None) -> dict[str, Any]:
        values = self._stamped(record, old)
        values.setdefault("created_at", old.created_at if old else values["updated_at"])
        if "person" in values:
            values["person_id"] = self._person_id(values.pop("person"))
        if values.get("due_date") is not None:
            values["due_date"] = date.fromisoformat(values["due_date"]).isoformat()
        if "version" not in values and old is not None:
            values["version"] = old.version + 1
        if "completed_at" not in values and "status" in values:
            was_completed = old.completed_at if old is not None else None
            values["completed_at"] = (
                (was_completed or values["updated_at"]) if values["status"] == "completed" else None
            )
        return values

    def _person_id(self, person: dict[str, Any] | None) -> str | None:
        """A person may be given whole, by id, or by a Salesforce id; one that is new is taken in."""
        if person is None:
            return None
        people = self._state.people
        if "id" not in person:
            found = (people.hashed[name].find(short_id(person[name])) for name in SALESFORCE_IDS if person.get(name))
            return next((key for keys in found for key in keys), None)
        if person["id"] not in people.rows and person.keys() != {"id"}:
            self._merge(people, [person], self._named)
        return str(person["id"])

    def _settings(self, settings: dict[str, Any]) -> None:
        if unknown := settings.keys() - {"account_id", "activity_detail_customization"}:
            msg = f"settings: unknown: {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        store = self._state.core.store
        store.set_value(SETTINGS, store.values[SETTINGS] | settings)


def _as_time(value: str | None) -> str | None:
    return None if value is None else text_of(msgspec.convert(value, _AwareTime))
