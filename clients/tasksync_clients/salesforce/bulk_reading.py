"""Reads with Bulk API 2.0: a query job's result, page by page, with the values that REST would give."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tasksync_clients.errors import Unreachable
from tasksync_clients.salesforce import bulk_csv
from tasksync_clients.salesforce.bulk_jobs import COMPLETE, BulkJobs, Job
from tasksync_clients.transport import Answer

RECORDS_OF_A_CALL: Final = 10_000
RECORDS_OF_A_PAGE: Final = 2000
_LAST: Final = "null"

Record = dict[str, Any]

CONVERTERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "boolean": lambda text: text == "true",
    "int": lambda text: int(float(text)),
    "double": float,
    "currency": float,
    "percent": float,
}
"""Types whose values are no texts in JSON."""


class BulkReader:
    """Reads with query jobs."""

    def __init__(self, jobs: BulkJobs) -> None:
        """Take the jobs."""
        self._jobs = jobs

    def pages(self, soql: str, types: Mapping[str, str], *, include_deleted: bool) -> Iterator[list[Record]]:
        """Run a query and give its records, up to 2,000 at a time, in no order.

        Args:
            soql: selects plain fields of one object.
            types: the type of each field by its name in lower case, as describe tells it.
            include_deleted: whether deleted and archived records are found.

        Raises:
            Unreachable: the job failed or took too long; nothing says that it would do so again.
            ClientError: Salesforce refused the query or could not be reached.
        """
        operation = "queryAll" if include_deleted else "query"
        job = self._jobs.begin("query", {"operation": operation, "query": soql})
        ended = self._ended(job)
        locator = ""
        seen: set[str] = set()
        while locator != _LAST:
            more = f"&locator={locator}" if locator else ""
            answer = self._jobs.results(ended, f"results?maxRecords={RECORDS_OF_A_CALL}{more}")
            yield from _pages(answer, types)
            seen.add(locator)
            locator = _locator(answer, seen)
        self._jobs.drop(ended)

    def _ended(self, job: Job) -> Job:
        try:
            ended = self._jobs.wait(job)
        except Unreachable:
            self._jobs.abort(job)
            raise
        if ended.state != COMPLETE:
            message = f"Salesforce's bulk query {job.id} ended {ended.state}: the next run tries again."
            raise Unreachable(message, reason=ended.message)
        return ended


def _locator(answer: Answer, seen: set[str]) -> str:
    """Take the next page's locator, which has to be a new one and goes into a URL."""
    locator = answer.headers.get("Sforce-Locator", "")
    if not locator.isascii() or not locator.replace("-", "").replace("_", "").isalnum() or locator in seen:
        answer.reject("no locator that leads on")
    return locator


def _pages(answer: Answer, types: Mapping[str, str]) -> Iterator[list[Record]]:
    with bulk_csv.table(answer) as table:
        readers = {name: CONVERTERS.get(types.get(name.lower(), "")) for name in table.header}
        converted = {name: read for name, read in readers.items() if read}
        page: list[Record] = []
        for row in table.rows:
            record: Record = dict(zip(table.header, [text or None for text in row], strict=True))
            for name, read in converted.items():
                if record[name] is not None:
                    record[name] = _converted(answer, read, record[name])
            page.append(record)
            if len(page) == RECORDS_OF_A_PAGE:
                yield page
                page = []
    if page:
        yield page


def _converted(answer: Answer, read: Callable[[str], Any], text: str) -> object:
    try:
        return read(text)
    except (ValueError, OverflowError):
        answer.reject("a value that is not of its field's type")
