"""Jobs: what both kinds share, and how long they and their allowances last."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

from tasksync_sandbox.salesforce.bulk.text import DELIMITERS, LINE_ENDINGS, Form
from tasksync_sandbox.salesforce.errors import Code, SalesforceError, not_found
from tasksync_sandbox.salesforce.http import Answer
from tasksync_sandbox.salesforce.ids import long_id, make_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.salesforce.http import Call
    from tasksync_sandbox.salesforce.org import Org

KEPT_SECONDS = 7 * 24 * 3600
DAY_SECONDS = 24 * 3600
BATCHES_A_DAY, QUERY_JOBS_A_DAY = 15_000, 10_000
_PREFIX = "750"
_PAGE = 1000


class State(StrEnum):
    """What a job goes through."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"


ENDED = frozenset({State.COMPLETE, State.FAILED, State.ABORTED})


@dataclass(slots=True, kw_only=True)
class Job:
    """One job.

    Attributes:
        id: begins with 750.
        call: the request that created it; what it does is done for that request's user.
        operation: such as insert or queryAll.
        sobject: name of its object.
        form: of its CSV.
        created: when, in seconds since 1970.
        stamp: when, as answers show it.
        state: of now.
        processed: records that it is done with, refused ones included.
        seconds: real seconds that it took.
        message: why it failed.
    """

    id: str
    call: Call
    operation: str
    sobject: str
    form: Form
    created: float
    stamp: str
    state: State
    processed: int = 0
    seconds: float = 0.0
    message: str = ""

    def info(self) -> dict[str, Any]:
        """What every answer about it shows."""
        shown: dict[str, Any] = {
            "id": self.id, "operation": self.operation, "object": self.sobject, "createdById": self.call.user,
            "createdDate": self.stamp, "systemModstamp": self.stamp, "state": self.state,
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": self.call.number,
            "lineEnding": self.form.line_ending, "columnDelimiter": self.form.delimiter,
        }  # fmt: skip
        return shown

    def outcome(self) -> dict[str, Any]:
        """What a look at it shows besides."""
        shown = {"retries": 0, "totalProcessingTime": round(self.seconds * 1000)}
        return shown | {"numberRecordsProcessed": self.processed}


@dataclass(slots=True)
class Allowance:
    """How often something may be done in a day."""

    most: int
    _used: list[tuple[float, int]] = field(default_factory=list)

    def left(self, now: float) -> int:
        """How much of it is left."""
        self._used = [(at, count) for at, count in self._used if at > now - DAY_SECONDS]
        return self.most - sum(count for _, count in self._used)

    def use(self, now: float, count: int = 1) -> None:
        """Use a part of it.

        Raises:
            SalesforceError: not so much is left.
        """
        if self.left(now) < count:
            raise SalesforceError(Code.LIMIT_EXCEEDED, "ExceededQuota : The daily limit of the Bulk API is used up.")
        self._used.append((now, count))

    def renew(self) -> None:
        """Start as on a new day."""
        self._used.clear()


class Jobs:
    """The jobs of one kind in one org."""

    def __init__(self, org: Org, path: str, numbers: Iterator[int]) -> None:
        """Keep them under a path such as /jobs/ingest."""
        self._org = org
        self._path = path
        self._numbers = numbers
        self._jobs: dict[str, Job] = {}

    def new_id(self) -> str:
        """Return an id that no job has had."""
        return make_id(_PREFIX, next(self._numbers))

    def add(self, job: Job) -> None:
        """Take a job in."""
        self._jobs[job.id] = job

    def forget(self) -> None:
        """Drop all; one that is being processed stops where it is."""
        for job in self._jobs.values():
            job.state = State.ABORTED
        self._jobs.clear()

    def named(self, call: Call) -> Job:
        """Return the job of a path.

        Raises:
            SalesforceError: there is none.
        """
        job = self._jobs.get(long_id(call.names["id"]) or "")
        if job is None or self._org.core.clock.timestamp() - job.created > KEPT_SECONDS:
            raise not_found()
        return job

    def ended(self, call: Call) -> Job:
        """Return the job whose results are asked for.

        Raises:
            SalesforceError: it has not ended; 409 when it was created with another API version.
        """
        job = self.named(call)
        if job.call.version != call.version:
            message = f"The API version of the job is {job.call.version}, that of the request {call.version}"
            raise SalesforceError(Code.API_VERSION_MISMATCH, message, 409)
        if job.state not in ENDED:
            raise wrong_state(job, "its results are not there yet")
        return job

    def listed(self, call: Call) -> Answer:
        """Show all jobs, newest first."""
        start = int(call.params.get("queryLocator", "0")) if call.params.get("queryLocator", "0").isdecimal() else 0
        every = list(reversed(self._jobs.values()))
        more = f"{call.base}{self._path}?queryLocator={start + _PAGE}" if len(every) > start + _PAGE else None
        shown = [job.info() for job in itertools.islice(every, start, start + _PAGE)]
        return Answer({"done": more is None, "nextRecordsUrl": more, "records": shown})

    def delete(self, call: Call) -> Answer:
        """Remove a job that has ended, with its results."""
        job = self.named(call)
        if job.state not in ENDED:
            raise wrong_state(job, "only a job that has ended can be deleted")
        del self._jobs[job.id]
        return Answer(status=204)


def wrong_state(job: Job, why: str) -> SalesforceError:
    """Return the error of what a job's state does not allow."""
    return SalesforceError(Code.INVALIDJOBSTATE, f"InvalidJobState : the job is {job.state}: {why}")


def refuse(why: str) -> NoReturn:
    """Refuse a job that cannot be.

    Raises:
        SalesforceError: INVALIDJOB.
    """
    raise SalesforceError(Code.INVALIDJOB, f"InvalidJob : {why}")


def only(body: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse members that no job has.

    Raises:
        SalesforceError: JSON_PARSER_ERROR.
    """
    unknown = sorted(set(body) - known)
    if unknown:
        raise SalesforceError(Code.JSON_PARSER_ERROR, f'Unrecognized field "{unknown[0]}"')


def form_of(body: dict[str, Any]) -> Form:
    """Return the form of CSV that a job asks for; what is null or not said is the default.

    Raises:
        SalesforceError: it asks for one that there is not.
    """
    form = Form(body.get("columnDelimiter") or "COMMA", body.get("lineEnding") or "LF")
    if form.delimiter not in DELIMITERS or form.line_ending not in LINE_ENDINGS:
        refuse("columnDelimiter and lineEnding take one of their documented names")
    if (body.get("contentType") or "CSV") != "CSV":
        refuse("contentType must be CSV")
    return form
