"""What a reminder or a task is called, from what the ledger holds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger import deletions, links

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from tasksync_engine.ledger.links import Link

NAME = "name"
_COLUMNS = ("name", "Subject")

Ids = tuple[str | None, str | None]
"""(reminder id, task id)."""


class Names:
    """The names of some records, read in a few statements."""

    def __init__(self, connection: Connection, records: Iterable[Ids]) -> None:
        """Read what the ledger knows of these pairs, either of whose ids may be missing."""
        pairs = list(records)
        reminders = sorted({reminder_id for reminder_id, _ in pairs if reminder_id})
        tasks = sorted({task_id for _, task_id in pairs if task_id})
        self._known: dict[str, str] = {}
        for deletion in deletions.of_records(connection, "reminder", reminders).values():
            self._keep(deletion.record_id, name_in(deletion.tombstone))
        for deletion in deletions.of_records(connection, "task", tasks).values():
            self._keep(deletion.record_id, name_in(deletion.tombstone))
        for found in links.of_records(connection, "reminder", reminders).values():
            self._keep(found[0].reminder_id, name_of(found[0]))
        for found in links.of_records(connection, "task", tasks).values():
            self._keep(found[0].task_id, name_of(found[0]))

    def _keep(self, record_id: str, name: str | None) -> None:
        if name:
            self._known[record_id] = name

    def of(self, ids: Ids, values: Mapping[str, Any] | None = None) -> str | None:
        """The name of a pair; where the ledger has none, the one among `values`, a record's columns."""
        for record_id in ids:
            if record_id and record_id in self._known:
                return self._known[record_id]
        return name_in(values or {})


def name_of(link: Link) -> str | None:
    """The name of a linked pair: the reminder's, else the task's."""
    held = link.base.get(NAME)
    return (held.reminder or held.task) if held else None


def name_in(values: Mapping[str, Any]) -> str | None:
    """The name in a reminder's or task's own columns."""
    return next((str(values[column]) for column in _COLUMNS if values.get(column)), None)
