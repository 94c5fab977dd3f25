"""Sales Connect reminders as the destination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tasksync_engine.destination import Destination, read_all
from tasksync_engine.records import Reader, Record, read_reminder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasksync_clients import RowResult
    from tasksync_clients.sales_connect import SalesConnectClient
    from tasksync_engine.destination import Create, Notes, Update

SHORT_ID = 15


class SalesConnectDestination(Destination):
    """Reminders through the batch resource: creates carry an idempotency key, updates and deletes the version."""

    side: Literal["reminder"] = "reminder"

    def __init__(self, client: SalesConnectClient) -> None:
        self._client = client

    @property
    def reader(self) -> Reader:
        """Reads reminders."""
        return read_reminder

    @property
    def calls(self) -> int:
        """API calls made so far."""
        return self._client.calls

    def calls_left(self, changes: int = 0) -> int | None:  # noqa: ARG002 - there is nothing to ask
        """Not counted: Sales Connect knows no allowance of a day."""
        return None

    def check_allowance(self) -> None:
        """Nothing: see `calls_left`."""

    def cost(self, linked: int, unlinked: int) -> int:  # noqa: ARG002 - see `calls_left`
        """Nothing that counts."""
        return 0

    def time(self) -> datetime:
        """Sales Connect's time."""
        return self._client.server_time()

    def identity(self) -> tuple[str, str]:
        """The tenant's id, from its settings."""
        return "account_id", str(self._client.salesforce_settings()["account_id"])

    def take_over(self, notes: Notes) -> None:
        """Nothing: a batch is done when it is answered."""

    def prepare(self) -> None:
        """Nothing more to check: a reminder's members are the contract's, not the tenant's."""

    def requirements(self) -> str:
        """None."""
        return ""

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """The living reminders among these."""
        return {
            reminder.id: reminder
            for page in self._client.reminders(ids=list(ids))
            for reminder in read_all(read_reminder, page)
            if not reminder.is_tombstone
        }

    def counterparts(self, records: Sequence[Record]) -> dict[str, list[Record]]:
        """By task: the reminders that name it in `salesforce_task_id`, and the one that its link field names."""
        found: dict[str, list[Record]] = {}
        named = {record.pointer: record.id for record in records if record.pointer}
        wanted = {record.id for record in records}
        for reminder in self._search(sorted(wanted), sorted(named)):
            owners = {reminder.pointer if reminder.pointer in wanted else None, named.get(reminder.id)}
            for task_id in owners - {None}:
                found.setdefault(str(task_id), []).append(reminder)
        return found

    def _search(self, task_ids: Sequence[str], reminder_ids: Sequence[str]) -> list[Record]:
        reminders: dict[str, Record] = {}
        if task_ids:
            # Whoever wrote the pointer may have used either form of the id.
            forms = [form for task_id in task_ids for form in (task_id, task_id[:SHORT_ID])]
            for page in self._client.reminders(include_deleted=True, salesforce_task_ids=forms):
                reminders |= {reminder.id: reminder for reminder in read_all(read_reminder, page)}
        if reminder_ids:
            for page in self._client.reminders(include_deleted=True, ids=reminder_ids):
                reminders |= {reminder.id: reminder for reminder in read_all(read_reminder, page)}
        return list(reminders.values())

    def create(self, creates: Sequence[Create]) -> list[RowResult]:
        """Make reminders; the same key again returns the first answer, for 24 hours."""
        return self._client.batch(
            [{"op": "create", "idempotency_key": create.key, "reminder": dict(create.columns)} for create in creates],
        )

    def update(self, updates: Sequence[Update]) -> list[RowResult]:
        """Write changed members; a reminder that moved on since it was read is refused with 412."""
        return self._client.batch(
            [
                {
                    "op": "update",
                    "id": update.current.id,
                    "if_version": update.current.raw.get("version"),
                    "reminder": dict(update.values),
                }
                for update in updates
            ],
        )

    def delete(self, records: Sequence[Record]) -> list[RowResult]:
        """Delete reminders, each only at the version that was decided on."""
        return self._client.batch(
            [{"op": "delete", "id": record.id, "if_version": record.raw.get("version")} for record in records],
        )
