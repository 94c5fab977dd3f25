"""Bulk API 2.0 of one org: for more rows than are worth a call for each few hundred (wire facts §5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tasksync_clients.recovery import RowResult
from tasksync_clients.salesforce.bulk_jobs import OPEN, BulkJobs, Job
from tasksync_clients.salesforce.bulk_reading import BulkReader
from tasksync_clients.salesforce.bulk_writing import BulkWriter, JobLog, NoLog
from tasksync_clients.salesforce.writing import Writer

Record = Mapping[str, Any]


class Bulk:
    """Reads and writes with jobs; results are those of the same methods of `SalesforceClient`, row by row.

    A row that its job did not come to carries RETRY_LATER. Every method raises `ClientError` as drawn in `errors`;
    where a job could not be followed to its end, `partial` holds None for its rows.
    """

    def __init__(self, writer: Writer, jobs: BulkJobs, describe: Callable[[str], Mapping[str, Any]]) -> None:
        """Take the parts; nothing is sent yet."""
        self._jobs = jobs
        self._reader = BulkReader(jobs)
        self._writer = BulkWriter(jobs, writer)
        self._describe = describe

    def query(self, sobject: str, soql: str, *, include_deleted: bool = False) -> Iterator[list[dict[str, Any]]]:
        """Run a query of plain fields of one object and give its records, up to 2,000 at a time, in no order."""
        fields = self._describe(sobject).get("fields")
        named = [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
        types = {str(field.get("name")).lower(): str(field.get("type")) for field in named}
        return self._reader.pages(soql, types, include_deleted=include_deleted)

    def create(self, sobject: str, records: Sequence[Record], key: str, log: JobLog | None = None) -> list[RowResult]:
        """Create records; `key` is a column in which no value occurs twice. Prefer `upsert`, which can be repeated."""
        return self._writer.create(sobject, records, key, log or NoLog())

    def update(self, sobject: str, records: Sequence[Record], log: JobLog | None = None) -> list[RowResult]:
        """Update records, each with its "Id"."""
        return self._writer.update(sobject, records, log or NoLog())

    def upsert(
        self, sobject: str, external_id_field: str, records: Sequence[Record], log: JobLog | None = None
    ) -> list[RowResult]:
        """Create or update records by an external id that each of them carries."""
        return self._writer.upsert(sobject, external_id_field, records, log or NoLog())

    def delete(self, sobject: str, ids: Sequence[str], log: JobLog | None = None) -> list[RowResult]:
        """Delete records; one that is gone already is ok, with the code that says so."""
        return self._writer.delete(sobject, ids, log or NoLog())

    def settle(self, job_id: str) -> None:
        """See to it that an ingest job of a run that broke off writes no more: wait for it, or abort it.

        Raises:
            ClientError: it may still write.
        """
        self._jobs.settle(job_id)

    def state(self, job_id: str) -> str:
        """Say which state an ingest job is in, as Salesforce names it."""
        return self._jobs.look(Job("ingest", job_id, OPEN)).state
