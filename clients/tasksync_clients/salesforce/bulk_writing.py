"""Writes with Bulk API 2.0: one job for many rows, its results matched back to the rows by what names each."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tasksync_clients.batches import settled, waves
from tasksync_clients.errors import ClientError, Refused
from tasksync_clients.recovery import Recovery, RowResult, salesforce_recovery
from tasksync_clients.salesforce import bulk_csv
from tasksync_clients.salesforce.bulk_csv import Record, Upload, cell
from tasksync_clients.salesforce.bulk_jobs import BulkJobs, Job, ingest_job
from tasksync_clients.salesforce.dialect import holder, stop_error
from tasksync_clients.salesforce.writing import Writer, already_gone, same_id
from tasksync_clients.soql import is_id
from tasksync_clients.transport import Answer

UNPROCESSED: Final = "FAILED_WRITE"
"""The code of a row that its job did not come to."""

_LOGGER = logging.getLogger(__name__)


class JobLog(Protocol):
    """Where it is noted which jobs may be writing, so that a later run can see to them after a crash."""

    def begun(self, job_id: str) -> None:
        """Note a job; it has no data yet."""

    def ended(self, job_id: str) -> None:
        """Forget a job: it writes no more."""


class NoLog:
    """Notes nothing: for callers without a next run."""

    def begun(self, job_id: str) -> None:
        """Nothing."""

    def ended(self, job_id: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class _Work:
    """One kind of write.

    Attributes:
        sobject, operation, external_id_field: the job's.
        key: the column that names a row in the results.
        fallback: does the same with sObject Collections, for rows that a job cannot take.
    """

    sobject: str
    operation: str
    external_id_field: str | None
    key: str
    fallback: Callable[[Sequence[Record]], list[RowResult]]

    @property
    def names_ids(self) -> bool:
        """Whether rows are named by their record's id."""
        return self.key == "Id"


class BulkWriter:
    """Writes with ingest jobs; what they cannot take goes through sObject Collections.

    That is: a second row of the same key, a text that CSV would turn into a null, and rows that may succeed at once
    (a locked row). Where the org refuses to begin a job at all, everything goes that way.
    """

    def __init__(self, jobs: BulkJobs, writer: Writer) -> None:
        """Take the jobs and the way around them."""
        self._jobs = jobs
        self._writer = writer

    def create(self, sobject: str, records: Sequence[Record], key: str, log: JobLog) -> list[RowResult]:
        """Create records, told apart in the results by `key`, a column in which no value occurs twice.

        Raises:
            ClientError: a job could not be followed to its end; `partial` holds what is known of each row.
        """
        work = _Work(sobject, "insert", None, key, lambda rows: self._writer.create(sobject, rows))
        return self._write(work, records, [str(record[key]) for record in records], log)

    def update(self, sobject: str, records: Sequence[Record], log: JobLog) -> list[RowResult]:
        """Update records by their "Id"; raises as `create` does."""
        work = _Work(sobject, "update", None, "Id", lambda rows: self._writer.update(sobject, rows))
        return self._write(work, records, [same_id(record["Id"]) for record in records], log)

    def upsert(self, sobject: str, external_id_field: str, records: Sequence[Record], log: JobLog) -> list[RowResult]:
        """Create or update records by an external id; raises as `create` does."""
        work = _Work(
            sobject,
            "upsert",
            external_id_field,
            external_id_field,
            lambda rows: self._writer.upsert(sobject, external_id_field, rows),
        )
        return self._write(work, records, [str(record[external_id_field]).casefold() for record in records], log)

    def delete(self, sobject: str, ids: Sequence[str], log: JobLog) -> list[RowResult]:
        """Delete records; one that is gone already is what was asked for. Raises as `create` does."""
        work = _Work(sobject, "delete", None, "Id", lambda rows: self._writer.delete([str(row["Id"]) for row in rows]))
        return self._write(work, [{"Id": id_} for id_ in ids], [same_id(id_) for id_ in ids], log)

    def _write(self, work: _Work, records: Sequence[Record], keys: Sequence[str], log: JobLog) -> list[RowResult]:
        results: list[RowResult | None] = [None] * len(records)
        try:
            wanted = [at for wave in waves(keys)[:1] for at in wave if bulk_csv.fits(records[at])]
            if wanted:
                self._run_jobs(work, [records[at] for at in wanted], _Into(results, wanted), log)
            _stop_where_told(results)
            rest = [at for at, result in enumerate(results) if result is None or _may_succeed(result)]
            self._fall_back(work, [records[at] for at in rest], _Into(results, rest))
        except ClientError as failure:
            failure.partial = [settled(result) for result in results]
            raise
        return [result for result in results if result]

    def _run_jobs(self, work: _Work, records: Sequence[Record], into: "_Into", log: JobLog) -> None:
        columns = bulk_csv.columns_of(records)
        for part in bulk_csv.parts(records):
            try:
                job = self._jobs.begin("ingest", ingest_job(work.sobject, work.operation, work.external_id_field))
            except Refused as refusal:
                _LOGGER.warning("Salesforce begins no bulk job (%s): writing with collections", refusal.code)
                return
            log.begun(job.id)
            ended, refused = self._carry_out(job, Upload(columns, records[part]))
            log.ended(job.id)
            # What a refused job never came to is not left to the next run: it would be refused again.
            if not refused or ended.processed:
                into.take(part, self._outcome(work, ended, records[part]))

    def _carry_out(self, job: Job, data: Upload) -> tuple[Job, bool]:
        """Give a job its data, let it begin, and watch it to its end; whether Salesforce refused it."""
        try:
            self._jobs.upload(job, data)
            self._jobs.close(job)
        except Refused as refusal:
            _LOGGER.warning("Salesforce refuses a bulk job's data (%s): writing with collections", refusal.code)
            return self._jobs.abort(job), True
        return self._jobs.finish(job), False

    def _outcome(self, work: _Work, job: Job, records: Sequence[Record]) -> list[RowResult]:
        """Match a job's results to its rows; a row without any was not processed."""
        found: dict[str, RowResult] = {}
        if job.processed > job.failed:
            found |= _results(self._jobs.results(job, "successfulResults"), work, "sf__Created", _success)
        if job.failed:
            found |= _results(self._jobs.results(job, "failedResults"), work, "sf__Error", _failure)
        return [found.get(cell(record[work.key])) or _unprocessed(work, job, record) for record in records]

    def _fall_back(self, work: _Work, records: Sequence[Record], into: "_Into") -> None:
        if not records:
            return
        whole = slice(0, len(records))
        try:
            into.take(whole, work.fallback(records))
        except ClientError as failure:
            into.take(whole, failure.partial)
            raise


@dataclass(frozen=True, slots=True)
class _Into:
    """A view of the results of some rows."""

    results: list[RowResult | None]
    positions: Sequence[int]

    def take(self, part: slice, results: Sequence[RowResult | None]) -> None:
        """Note the results of a part of these rows."""
        for at, result in zip(self.positions[part], results, strict=False):
            self.results[at] = result


def _results(
    answer: Answer, work: _Work, outcome: str, read: Callable[[_Work, str, str, str], RowResult]
) -> dict[str, RowResult]:
    """Read one kind of results by what names each row."""
    with bulk_csv.table(answer) as table:
        key, id_, told = (table.column(answer, name) for name in (work.key, "sf__Id", outcome))
        found = {row[key]: read(work, row[key], row[id_], row[told]) for row in table.rows}
    written = [row.id for row in found.values() if row.ok and row.id]
    if not all(row.id and is_id(row.id) for row in found.values() if row.ok) or len(set(written)) < len(written):
        answer.reject("rows without a record of their own")
    return found


def _success(work: _Work, key: str, id_: str, created: str) -> RowResult:
    if work.operation in {"update", "delete"}:
        return RowResult(ok=True, id=id_ or key)
    return RowResult(ok=True, id=id_, created=created.lower() == "true")


def _failure(work: _Work, key: str, id_: str, text: str) -> RowResult:
    del id_  # a refused row may name an id that does not exist; only the one that we sent is sure
    code, reason, fields = bulk_csv.error(text)
    row = RowResult(
        ok=False,
        id=key if work.names_ids else None,
        code=code,
        message=reason,
        fields=fields,
        holder_id=holder(code, reason),
        recovery=salesforce_recovery(code, reason),
    )
    return already_gone(row) if work.operation == "delete" else row


def _unprocessed(work: _Work, job: Job, record: Record) -> RowResult:
    return RowResult(
        ok=False,
        id=str(record["Id"]) if work.names_ids else None,
        code=UNPROCESSED,
        message=f"The bulk job ended {job.state} before it came to this row. {job.message}".strip(),
        recovery=Recovery.RETRY_LATER,
    )


def _may_succeed(result: RowResult) -> bool:
    return result.recovery is Recovery.RETRY_NOW


def _stop_where_told(results: Sequence[RowResult | None]) -> None:
    for result in results:
        if result and result.recovery is Recovery.STOP:
            raise stop_error(result)
