"""How tasks are written: few with sObject Collections, many with a bulk job that the ledger knows of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger.shards import JOBS, jobs_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_clients import RowResult
    from tasksync_clients.salesforce import SalesforceClient
    from tasksync_engine.destination import Notes
    from tasksync_engine.settings import WriteSettings

TASK = "Task"


class TaskWrites:
    """Writes tasks, each method as the client's of the same name."""

    def __init__(self, client: SalesforceClient, settings: WriteSettings) -> None:
        """Write with this client; without notes nothing of a job outlives the run."""
        self._client = client
        self._settings = settings
        self._log: NotedJobs | None = None

    def take_over(self, notes: Notes) -> None:
        """Keep jobs in these notes, and see to it that those of a run that broke off write no more (§7.4).

        A shard's run leaves other shards' jobs alone, for their runs may be going on.

        Raises:
            StopRun: One may still write: deciding now could meet its rows half-way.
        """
        own = jobs_key(notes.shard)
        for key in notes.keys(JOBS) if notes.shard is None else (JOBS, own):
            log = NotedJobs(notes, key)
            for job_id in log.noted():
                self._client.bulk.settle(job_id)
                log.ended(job_id)
        self._log = NotedJobs(notes, own)

    def upsert(self, field: str, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create tasks, or write over those that hold the same external id."""
        if self._settings.takes_job(len(rows), creates=True):
            return self._client.bulk.upsert(TASK, field, rows, self._log)
        return self._client.upsert(TASK, field, rows)

    def create(self, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create tasks without an external id: never with a job, whose results nothing could be told apart by."""
        return self._client.create(TASK, rows)

    def update(self, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Change fields."""
        if self._settings.takes_job(len(rows), creates=False):
            return self._client.bulk.update(TASK, rows, self._log)
        return self._client.update(TASK, rows)

    def delete(self, ids: Sequence[str]) -> list[RowResult]:
        """Move tasks to the recycle bin."""
        if self._settings.takes_job(len(ids), creates=False):
            return self._client.bulk.delete(TASK, ids, self._log)
        return self._client.delete(ids)


class NotedJobs:
    """The jobs that may be writing, in the ledger: noted before they begin, forgotten once they have ended."""

    def __init__(self, notes: Notes, key: str) -> None:
        """Keep them in these notes under this key."""
        self._notes = notes
        self._key = key

    def noted(self) -> list[str]:
        """Their ids, the oldest first."""
        return list(json.loads(self._notes.get(self._key) or "[]"))

    def begun(self, job_id: str) -> None:
        """Note one."""
        self._notes.put(self._key, json.dumps([*self.noted(), job_id]))

    def ended(self, job_id: str) -> None:
        """Forget one."""
        self._notes.put(self._key, json.dumps([noted for noted in self.noted() if noted != job_id]))
