"""Bulk API 2.0 jobs: created, fed, watched until they end, aborted; a lost answer never makes a job run twice."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tasksync_clients import bodies
from tasksync_clients.errors import ClientError, LostAnswer, NotFound, Refused, Unreachable
from tasksync_clients.exchange import Exchange
from tasksync_clients.salesforce.bulk_csv import Upload
from tasksync_clients.soql import is_id
from tasksync_clients.transport import Answer, Ask, Streamed
from tasksync_clients.waiting import ATTEMPTS, jittered

OPEN: Final = "Open"
COMPLETE: Final = "JobComplete"
ENDED: Final = frozenset({COMPLETE, "Failed", "Aborted"})
_STATES: Final = ENDED | {OPEN, "UploadComplete", "InProgress"}
FIRST_LOOK: Final = 0.15
"""Seconds until a job is first looked at; the sandbox's are done by then, an org's take seconds to minutes."""
_LONGEST_LOOK: Final = 20.0
_SHARE: Final = 0.3
"""A job is looked at again after this share of the time that it has taken so far."""
_ABORTING_SECONDS: Final = 60.0

Kind = Literal["ingest", "query"]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as Salesforce tells of it.

    Attributes:
        kind: "ingest" or "query".
        id: 18 characters that begin with 750.
        state: Open, UploadComplete, InProgress, JobComplete, Failed or Aborted.
        processed: rows that it is done with, refused ones included.
        failed: rows that it refused.
        message: why it failed; may hold personal data.
    """

    kind: Kind
    id: str
    state: str
    processed: int = 0
    failed: int = 0
    message: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether it writes no more."""
        return self.state in ENDED


class BulkJobs:
    """The jobs below one API version's path."""

    def __init__(self, exchange: Exchange, data_path: str, retry_delay: float, timeout: float) -> None:
        """Take the way to ask, the path, the seconds of the first back-off, and the seconds that a job may take."""
        self._exchange = exchange
        self._path = f"{data_path}/jobs"
        self._retry_delay = retry_delay
        self._timeout = timeout

    def begin(self, kind: Kind, asked: Mapping[str, Any]) -> Job:
        """Create a job; one whose answer is lost stays Open and empty, and does nothing.

        Raises:
            Refused: the org has no Bulk API, no batch left for today, or does not understand the job.
        """
        answer = self._exchange.call(Ask("POST", f"{self._path}/{kind}", bodies.encode(asked)))
        return _job(kind, answer)

    def upload(self, job: Job, data: Streamed) -> None:
        """Give an Open job its data.

        A job takes data once. So an upload whose answer is lost is sent again to the same job, and where Salesforce
        refuses it then, the first one has arrived.

        Raises:
            LostAnswer: nobody knows whether it arrived; the job is still Open, so nothing is written.
            Refused: the data cannot be taken.
        """
        ask = Ask("PUT", f"{self._at(job)}/batches", data, {"Content-Type": "text/csv"}, repeatable=False)
        lost: LostAnswer | None = None
        for attempt in range(ATTEMPTS):
            try:
                self._exchange.call(ask)
            except LostAnswer as error:
                lost = error
                time.sleep(jittered(self._retry_delay, attempt))
            except Refused:
                if lost is None:
                    raise
                return
            else:
                return
        assert lost is not None  # noqa: S101 - the loop leaves in every other case
        raise lost

    def close(self, job: Job) -> None:
        """Tell Salesforce that the data is complete: the job begins.

        Raises:
            Refused: the job cannot begin.
        """
        try:
            self._set(job, "UploadComplete")
        except Refused:
            # Told before, in a request whose answer got lost?
            if self.look(job).state == OPEN:
                raise

    def look(self, job: Job) -> Job:
        """Look at a job."""
        return _job(job.kind, self._exchange.call(Ask("GET", self._at(job))))

    def wait(self, job: Job, timeout: float | None = None) -> Job:
        """Look at a job until it has ended, after growing intervals.

        Raises:
            Unreachable: it has not ended in time.
        """
        began = time.monotonic()
        most = self._timeout if timeout is None else timeout
        while True:
            taken = time.monotonic() - began
            time.sleep(min(max(FIRST_LOOK, _SHARE * taken), _LONGEST_LOOK, max(0.0, most - taken)))
            now = self.look(job)
            if now.has_ended:
                return now
            if time.monotonic() - began >= most:
                message = (
                    f"Salesforce's bulk job {job.id} has not ended after {most:g} seconds (bulk_timeout): "
                    "the next run looks at what it did."
                )
                raise Unreachable(message)

    def abort(self, job: Job) -> Job:
        """Stop a job where it is, and wait until it has stopped; what it wrote stays."""
        try:
            self._set(job, "Aborted")
        except Refused:
            now = self.look(job)
            if not now.has_ended:
                raise
            return now
        return self.wait(job, _ABORTING_SECONDS)

    def finish(self, job: Job) -> Job:
        """Wait until a job has ended; one that takes too long is aborted.

        Raises:
            Unreachable: it can neither be waited for nor stopped.
        """
        try:
            return self.wait(job)
        except Unreachable:
            return self.abort(job)

    def settle(self, job_id: str) -> None:
        """See to it that an ingest job of a run that broke off writes no more.

        One that was never closed is aborted; one under way is waited for, and aborted when it takes too long.

        Raises:
            ClientError: it may still write.
        """
        try:
            now = self.look(Job("ingest", job_id, OPEN))
        except NotFound:
            return
        if now.state == OPEN:
            self.abort(now)
        elif not now.has_ended:
            self.finish(now)

    def results(self, job: Job, what: str) -> Answer:
        """Get one kind of results, which may be as large as the upload."""
        return self._exchange.call(Ask("GET", f"{self._at(job)}/{what}", headers={"Accept": "text/csv"}, spooled=True))

    def drop(self, job: Job) -> None:
        """Delete a job that has ended, or leave it to Salesforce to do so after seven days."""
        try:
            self._exchange.call(Ask("DELETE", self._at(job)))
        except ClientError:
            return

    def _set(self, job: Job, state: str) -> None:
        self._exchange.call(Ask("PATCH", self._at(job), bodies.encode({"state": state})))

    def _at(self, job: Job) -> str:
        return f"{self._path}/{job.kind}/{job.id}"


def ingest_job(sobject: str, operation: str, external_id_field: str | None) -> dict[str, str]:
    """Say what an ingest job shall be."""
    asked = {
        "object": sobject,
        "operation": operation,
        "contentType": "CSV",
        "lineEnding": Upload.LINE_ENDING,
        "columnDelimiter": "COMMA",
    }
    return asked | ({"externalIdFieldName": external_id_field} if external_id_field else {})


def _job(kind: Kind, answer: Answer) -> Job:
    told = answer.json()
    if not isinstance(told, dict) or not isinstance(told.get("id"), str) or not is_id(told["id"]):
        answer.reject("something else than a job")
    if not isinstance(told.get("state"), str) or told["state"] not in _STATES:
        answer.reject("a job in no state that we know")
    return Job(
        kind,
        told["id"],
        told["state"],
        _number(told.get("numberRecordsProcessed")),
        _number(told.get("numberRecordsFailed")),
        said if isinstance(said := told.get("errorMessage"), str) else "",
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0
