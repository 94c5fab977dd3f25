"""Ingest jobs: created, given their CSV once, closed, carried out, asked for what became of each row."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.bulk.jobs import (
    BATCHES_A_DAY,
    ENDED,
    Allowance,
    Job,
    Jobs,
    State,
    form_of,
    only,
    refuse,
    wrong_state,
)
from tasksync_sandbox.salesforce.bulk.rows import Columns, RowWork
from tasksync_sandbox.salesforce.bulk.text import CsvError
from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, resource
from tasksync_sandbox.salesforce.resources.records import external_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.salesforce.http import Call, Resource
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.resources.records import RecordResources
    from tasksync_sandbox.salesforce.schema import Field, SObject

BATCH = 10_000
"""Rows that make one batch of the daily allowance."""
STEP = 200
"""Rows written in one transaction, between which other requests are answered."""
MOST_BYTES = 112_500_000
"""150 MB once base64 has blown it up."""
WAITING_SECONDS = 0.1
"""Real seconds until a closed job begins."""

_OPERATIONS = frozenset({"insert", "update", "upsert", "delete"})
_MEMBERS = frozenset(
    {"object", "operation", "externalIdFieldName", "contentType", "lineEnding", "columnDelimiter", "assignmentRuleId"}
)


@dataclass(slots=True, kw_only=True)
class IngestJob(Job):
    """An ingest job.

    Attributes:
        external_id: the field of an upsert.
        data: the CSV, once it is uploaded.
        header: its columns.
        waiting: rows that are not processed.
        successes: id, whether created, and the row's values.
        failures: id, error and the row's values.
    """

    external_id: Field | None = None
    data: bytes | None = None
    header: list[str] = field(default_factory=list)
    waiting: list[list[str]] = field(default_factory=list)
    successes: list[list[str]] = field(default_factory=list)
    failures: list[list[str]] = field(default_factory=list)

    def info(self) -> dict[str, Any]:
        """What every answer about it shows."""
        shown = {**Job.info(self), "jobType": "V2Ingest"}
        if self.external_id is not None:
            shown["externalIdFieldName"] = self.external_id.name
        if self.state is State.OPEN:
            shown["contentUrl"] = f"{self.call.base.lstrip('/')}/jobs/ingest/{self.id}/batches"
        return shown


class IngestResources:
    """Ingest jobs of one org."""

    def __init__(self, org: Org, records: RecordResources, numbers: Iterator[int]) -> None:
        """Write to this org."""
        self._org = org
        self._records = records
        self._jobs = Jobs(org, "/jobs/ingest", numbers)
        self._tasks: set[asyncio.Task[None]] = set()
        self.batches = Allowance(BATCHES_A_DAY)

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [
            resource("/jobs/ingest", since=41.0, POST=self.create, GET=self._jobs.listed),
            resource("/jobs/ingest/{id}", since=41.0, GET=self.read, PATCH=self.change, DELETE=self._jobs.delete),
            resource("/jobs/ingest/{id}/batches", since=41.0, PUT=self.upload),
            resource("/jobs/ingest/{id}/successfulResults", since=41.0, GET=self.successes),
            resource("/jobs/ingest/{id}/failedResults", since=41.0, GET=self.failures),
            resource("/jobs/ingest/{id}/unprocessedRecords", since=41.0, GET=self.unprocessed),
        ]

    def forget(self) -> None:
        """Drop all jobs."""
        self._jobs.forget()
        self.batches.renew()

    def create(self, call: Call) -> Answer:
        """Create a job."""
        body = call.object_body()
        only(body, _MEMBERS)
        operation = body.get("operation")
        if operation == "hardDelete":
            message = "FeatureNotEnabled : hardDelete needs the permission Bulk API Hard Delete"
            raise SalesforceError(Code.FEATURENOTENABLED, message)
        if operation not in _OPERATIONS:
            refuse(f"operation {operation!r} is none of insert, update, upsert and delete")
        sobject = self._org.database.schema.find(str(body.get("object")))
        if sobject is None:
            refuse(f"Unable to find object: {body.get('object')}")
        job = IngestJob(
            id=self._jobs.new_id(), call=call, operation=operation, sobject=sobject.name, form=form_of(body),
            created=self._org.core.clock.timestamp(), stamp=self._org.now(), state=State.OPEN,
            external_id=_external_id(sobject, operation, body.get("externalIdFieldName")),
        )  # fmt: skip
        self.batches.use(job.created)
        self._jobs.add(job)
        return Answer(job.info())

    def read(self, call: Call) -> Answer:
        """Show a job."""
        job = self._job(call)
        shown = job.info() | job.outcome() | {"numberRecordsFailed": len(job.failures), "apexProcessingTime": 0}
        return Answer(shown | ({"errorMessage": job.message} if job.message else {}))

    def upload(self, call: Call) -> Answer:
        """Take the CSV, once."""
        job = self._job(call)
        if job.state is not State.OPEN or job.data is not None:
            raise wrong_state(job, "data is uploaded once, while the job is Open")
        if not isinstance(call.body, bytes):
            raise SalesforceError(Code.UNSUPPORTED_MEDIA_TYPE, "the data must be text/csv", 415)
        if len(call.body) > MOST_BYTES:
            raise SalesforceError(Code.LIMIT_EXCEEDED, "ClientInputError : the data is larger than 150 MB in base64")
        job.data = call.body
        return Answer(status=201)

    def change(self, call: Call) -> Answer:
        """Close or abort a job."""
        job = self._job(call)
        body = call.object_body()
        only(body, frozenset({"state"}))
        asked = body.get("state")
        if asked == State.UPLOAD_COMPLETE:
            if job.state is not State.OPEN:
                raise wrong_state(job, "only an Open job can be closed")
            job.state = State.UPLOAD_COMPLETE
            self._start(job, call)
        elif asked == State.ABORTED:
            if job.state in ENDED:
                raise wrong_state(job, "it cannot be aborted any more")
            self._read_data(job)
            job.state, job.data = State.ABORTED, None
        else:
            refuse("state can be set to UploadComplete or Aborted")
        return Answer(job.info())

    def successes(self, call: Call) -> Answer:
        """Show the rows that were written."""
        job = self._ended(call)
        return _csv(job, ["sf__Id", "sf__Created", *job.header], job.successes)

    def failures(self, call: Call) -> Answer:
        """Show the rows that were refused."""
        job = self._ended(call)
        return _csv(job, ["sf__Id", "sf__Error", *job.header], job.failures)

    def unprocessed(self, call: Call) -> Answer:
        """Show the rows that the job did not come to."""
        job = self._ended(call)
        return _csv(job, job.header, job.waiting)

    def _job(self, call: Call) -> IngestJob:
        job = self._jobs.named(call)
        assert isinstance(job, IngestJob)  # noqa: S101  these jobs are all of one kind
        return job

    def _ended(self, call: Call) -> IngestJob:
        job = self._jobs.ended(call)
        assert isinstance(job, IngestJob)  # noqa: S101  as above
        return job

    def _start(self, job: IngestJob, call: Call) -> None:
        """Carry the job out beside the requests that follow."""
        task = asyncio.get_running_loop().create_task(self._carry_out(job, call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, job: IngestJob, call: Call) -> None:
        began = time.monotonic()
        await asyncio.sleep(WAITING_SECONDS + call.faults.job_delay())
        if job.state is not State.UPLOAD_COMPLETE:
            return
        job.state = State.IN_PROGRESS
        if self._read_data(job):
            await self._write_all(job, call)
        job.seconds = time.monotonic() - began
        if job.state is State.IN_PROGRESS:
            job.state = State.FAILED if job.message else State.COMPLETE

    async def _write_all(self, job: IngestJob, call: Call) -> None:
        end = call.faults.job_end()
        total = len(job.waiting)
        most = total if end is None else (total // 2 if end.size is None else end.size)
        work = self._work(job, call)
        while job.waiting and job.state is State.IN_PROGRESS and job.processed < most:
            count = min(STEP, most - job.processed, BATCH - job.processed % BATCH)
            if job.processed and job.processed % BATCH == 0:
                self.batches.use(self._org.core.clock.timestamp())
                work = self._work(job, call)
            work.write_all(job.waiting[:count], job.successes, job.failures)
            del job.waiting[:count]
            job.processed += count
            await asyncio.sleep(0)
        if end is not None and job.state is State.IN_PROGRESS:
            job.state = State(end.state)
            job.message = end.message if job.state is State.FAILED else ""

    def _work(self, job: IngestJob, call: Call) -> RowWork:
        return RowWork(lambda: self._records.writer(call), self._org.store, self._columns(job))

    def _columns(self, job: IngestJob) -> Columns:
        return Columns(self._org.database.schema.get(job.sobject), job.operation, job.external_id, job.header)

    def _read_data(self, job: IngestJob) -> bool:
        """Take the uploaded CSV apart; what cannot be read fails the job."""
        data, job.data = job.data, None
        if data is None:
            return True
        try:
            rows = job.form.read(data.decode())
            job.header = next(rows, [])
            problem = self._columns(job).problem()
            for number, row in enumerate(rows, 2):
                if len(row) != len(job.header):
                    problem = problem or f"InvalidBatch : line {number} has {len(row)} values, not {len(job.header)}"
                job.waiting.append(row)
        except UnicodeDecodeError:
            problem = "ClientInputError : the data is not UTF-8"
        except CsvError as error:
            problem = f"ClientInputError : {error}"
        job.message = problem or ""
        return not problem


def _external_id(sobject: SObject, operation: str, name: object) -> Field | None:
    """Return the field by which an upsert finds its records.

    Raises:
        SalesforceError: it is missing, or no external id.
    """
    if operation != "upsert":
        if name:
            refuse("externalIdFieldName is for upsert alone")
        return None
    if not isinstance(name, str):
        refuse("External ID was blank for upsert.")
    return external_id(sobject, name)


def _csv(job: IngestJob, header: list[str], rows: list[list[str]]) -> Answer:
    """Show rows in an order of their own: that of the upload is not kept."""
    shuffled = random.Random(job.id).sample(rows, len(rows))  # noqa: S311  the same each time, and no secret
    return Answer(job.form.lines([header, *shuffled]).encode())
