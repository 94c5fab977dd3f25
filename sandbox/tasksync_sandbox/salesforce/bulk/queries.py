"""Query jobs: a query without pages of 2,000, its result as CSV (Salesforce facts, §5)."""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.bulk.jobs import (
    ENDED,
    QUERY_JOBS_A_DAY,
    Allowance,
    Job,
    Jobs,
    State,
    form_of,
    only,
    refuse,
    wrong_state,
)
from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, resource
from tasksync_sandbox.salesforce.soql.operands import Names
from tasksync_sandbox.salesforce.soql.select import Branch, selected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.salesforce.http import Call, Resource
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.soql.run import Plan

WAITING_SECONDS = 0.1
"""Real seconds until a query is run."""
PAGE = 50_000
"""Records of a page for which no number is asked."""
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", re.ASCII)
_OPERATIONS = frozenset({"query", "queryAll"})
_MEMBERS = frozenset({"operation", "query", "contentType", "lineEnding", "columnDelimiter"})


@dataclass(slots=True, kw_only=True)
class QueryJob(Job):
    """A query job.

    Attributes:
        plan: what runs it.
        rows: the records that it found, as they were.
    """

    plan: Plan
    rows: list[Row] = field(default_factory=list)

    def info(self) -> dict[str, Any]:
        """What every answer about it shows."""
        return {**Job.info(self), "jobType": "V2Query"}


class QueryJobResources:
    """Query jobs of one org."""

    def __init__(self, org: Org, numbers: Iterator[int]) -> None:
        """Query this org."""
        self._org = org
        self._jobs = Jobs(org, "/jobs/query", numbers)
        self._tasks: set[asyncio.Task[None]] = set()
        self.allowance = Allowance(QUERY_JOBS_A_DAY)

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [
            resource("/jobs/query", since=47.0, POST=self.create, GET=self._jobs.listed),
            resource("/jobs/query/{id}", since=47.0, GET=self.read, PATCH=self.abort, DELETE=self._jobs.delete),
            resource("/jobs/query/{id}/results", since=47.0, GET=self.results),
        ]

    def forget(self) -> None:
        """Drop all jobs."""
        self._jobs.forget()
        self.allowance.renew()

    def create(self, call: Call) -> Answer:
        """Create a job, which begins by itself."""
        body = call.object_body()
        only(body, _MEMBERS)
        operation, text = body.get("operation"), body.get("query")
        if operation not in _OPERATIONS or not isinstance(text, str) or not text:
            refuse("operation must be query or queryAll, with a query")
        plan = self._org.queries.plan(text, self._org.core.clock.now().date())
        if plan.show is None or plan.query.offset is not None:
            refuse("a bulk query has no GROUP BY, no aggregate function and no OFFSET")
        job = QueryJob(
            id=self._jobs.new_id(), call=call, operation=operation, sobject=plan.sobject.name, form=form_of(body),
            created=self._org.core.clock.timestamp(), stamp=self._org.now(), state=State.UPLOAD_COMPLETE, plan=plan,
        )  # fmt: skip
        self.allowance.use(job.created)
        self._jobs.add(job)
        task = asyncio.get_running_loop().create_task(self._carry_out(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Answer(job.info())

    def read(self, call: Call) -> Answer:
        """Show a job."""
        job = self._job(self._jobs.named(call))
        return Answer(job.info() | job.outcome())

    def abort(self, call: Call) -> Answer:
        """Abort a job."""
        job = self._jobs.named(call)
        body = call.object_body()
        only(body, frozenset({"state"}))
        if body.get("state") != State.ABORTED:
            refuse("state can be set to Aborted")
        if job.state in ENDED:
            raise wrong_state(job, "it cannot be aborted any more")
        job.state = State.ABORTED
        return Answer(job.info())

    def results(self, call: Call) -> Answer:
        """Show a page of the result; the locator of the last one is the text `null`."""
        job = self._job(self._jobs.ended(call))
        if job.state is not State.COMPLETE:
            raise wrong_state(job, "it has no results")
        start = _number(call.params.get("locator"), 0, Code.INVALID_QUERY_LOCATOR)
        asked = _number(call.params.get("maxRecords"), PAGE, Code.INVALID_INPUT)
        if start > len(job.rows) or not asked:
            raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
        part = job.rows[start : start + call.faults.page_size(asked)]
        end = start + len(part)
        headers = {
            "Sforce-NumberOfRecords": str(len(part)),
            "Sforce-Locator": str(end) if end < len(job.rows) else "null",
        }
        return Answer(self._shown(job, part), headers=headers)

    def _job(self, job: Job) -> QueryJob:
        assert isinstance(job, QueryJob)  # noqa: S101  these jobs are all of one kind
        return job

    async def _carry_out(self, job: QueryJob) -> None:
        began = time.monotonic()
        end = job.call.faults.job_end()
        await asyncio.sleep(WAITING_SECONDS + job.call.faults.job_delay())
        if job.state is not State.UPLOAD_COMPLETE:
            return
        job.state = State.IN_PROGRESS
        job.rows = self._org.queries.rows(job.plan, deleted=job.operation == "queryAll")
        if not job.plan.query.orders:
            random.Random(job.id).shuffle(job.rows)  # noqa: S311  the same each time, and no secret
        await asyncio.sleep(WAITING_SECONDS)
        job.seconds = time.monotonic() - began
        if job.state is State.IN_PROGRESS:
            job.processed = len(job.rows)
            job.state = State(end.state) if end else State.COMPLETE

    def _shown(self, job: QueryJob, rows: list[Row]) -> bytes:
        """Show records as they were when the job ran."""
        assert job.plan.show is not None  # noqa: S101  refused when the job was created
        paths = _paths(selected(job.plan.query, Names(self._org.database, job.plan.sobject, job.plan.query.alias)))
        records = job.plan.show(rows, job.call.version)
        lines = ([_text(record, path) for path in paths] for record in records)
        return job.form.lines([[".".join(path) for path in paths], *lines]).encode()


def _paths(branch: Branch) -> list[tuple[str, ...]]:
    """Return the columns of a result; a parent's field is behind the relationship's name and a dot."""
    found: list[tuple[str, ...]] = []
    for name, entry in branch.entries.items():
        below = _paths(entry) if isinstance(entry, Branch) else [()]
        found += [(name, *path) for path in below]
    return found


def _text(record: dict[str, Any], path: tuple[str, ...]) -> str:
    """Write a value as results do: nothing for null, UTC with a Z."""
    value: Any = record
    for name in path:
        value = None if value is None else value[name]
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace(".000+0000", ".000Z") if _STAMP.fullmatch(str(value)) else str(value)


def _number(text: str | None, default: int, code: Code) -> int:
    """Read a parameter.

    Raises:
        SalesforceError: it is no number.
    """
    if text is None:
        return default
    if not text.isdecimal():
        raise SalesforceError(code, f"{text!r} is not valid")
    return int(text)
