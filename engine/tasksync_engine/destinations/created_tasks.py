"""Tasks by who made them and when: how a create is found whose answer never came, where the org has no link field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_clients.soql import literal
from tasksync_engine.destination import Traces

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tasksync_clients.salesforce import SalesforceClient
    from tasksync_engine.destination import Window
    from tasksync_engine.records import Reader, Record

TELLING = (
    "CreatedById",
    "LastModifiedById",
    "WhoId",
    "WhatId",
    "TaskSubtype",
    "IsRecurrence",
    "RecurrenceActivityId",
)
"""What is read beside the mapped fields: what a create may have sent, and what no create of ours has."""

WINDOWS_A_QUERY = 40
"""About 200 bytes each, percent-encoded; a URI takes 16,384 (`soql.URI_LIMIT`)."""


class CreatedTasks(Traces):
    """Tasks of one org by their creator."""

    def __init__(self, client: SalesforceClient, read_task: Reader, columns: Sequence[str]) -> None:
        self._client = client
        self._read_task = read_task
        self._columns = list(dict.fromkeys([*columns, *TELLING]))

    @property
    def user(self) -> str:
        """The integration user's id; costs no call."""
        return self._client.user_id

    def now(self) -> datetime:
        """Salesforce's clock by its newest answer; costs no call once it has answered."""
        return self._client.server_time()

    def find(self, windows: Sequence[Window]) -> list[Record]:
        """One query for 40 windows."""
        tasks: dict[str, Record] = {}
        for start in range(0, len(windows), WINDOWS_A_QUERY):
            either = " OR ".join(map(_condition, windows[start : start + WINDOWS_A_QUERY]))
            soql = f"SELECT {', '.join(self._columns)} FROM Task WHERE {either}"  # noqa: S608 - `literal` quotes
            for page in self._client.query(soql, include_deleted=True):
                tasks |= {task.id: task for task in map(self._read_task, page)}
        return list(tasks.values())


def _condition(window: Window) -> str:
    bounds = [f"CreatedById = {literal(window.by)}", f"CreatedDate >= {literal(window.begins)}"]
    bounds += [] if window.ends is None else [f"CreatedDate <= {literal(window.ends)}"]
    return f"({' AND '.join(bounds)})"
