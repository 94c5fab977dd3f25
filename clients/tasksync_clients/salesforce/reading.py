"""Reads from Salesforce: query pages, records by id, deleted records."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from tasksync_clients import bodies
from tasksync_clients.batches import pieces
from tasksync_clients.clock import SANE_YEARS
from tasksync_clients.exchange import Exchange
from tasksync_clients.paging import Progress, ahead
from tasksync_clients.soql import URI_LIMIT, id18, in_query, is_id
from tasksync_clients.transport import Answer, Ask

RETRIEVE_AT_MOST: Final = 2000
"""Ids of one retrieve call (wire facts §4)."""
_HEADERS_LENGTH: Final = 512
_SHORT_ID: Final = 15
_LONGEST_PATH: Final = 2000
_SAME_INSTANCE: Final = re.compile(r"/services/data/v\d+\.0/[\w/.~!*()'-]+", re.ASCII)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DeletedRecords:
    """What the deleted-records resource says of a window (wire facts §6).

    Attributes:
        ids: 18-character id and time of each deletion; look at the record before acting on it.
        earliest_available: deletions before it may be missing.
        latest_covered: where the next window starts.
    """

    ids: list[tuple[str, datetime]]
    earliest_available: datetime
    latest_covered: datetime


class Reader:
    """Reads below one API version's path."""

    def __init__(self, exchange: Exchange, data_path: str) -> None:
        """Take the way to ask and the path, such as /services/data/v62.0."""
        self._exchange = exchange
        self._data_path = data_path

    def object(self, path: str) -> Record:
        """Read a resource that answers with one object."""
        answer = self._exchange.call(Ask("GET", self._data_path + path))
        told = _object(answer)
        if bodies.is_deep(told):
            answer.reject("an object that is nested too deeply")
        return told

    def first_page(self, soql: str, *, include_deleted: bool, token_length: int) -> tuple[Answer, Record]:
        """Run a query.

        Raises:
            ValueError: the query is too long for a URI; see `soql.chunked_in`.
        """
        resource = "queryAll" if include_deleted else "query"
        path = f"{self._data_path}/{resource}?q={in_query(bodies.scrub(soql))}"
        if len(path) + token_length + _HEADERS_LENGTH > URI_LIMIT:
            message = f"The query is too long for a URI ({len(path)} of {URI_LIMIT} bytes with its headers): split it."
            raise ValueError(message)
        answer = self._exchange.call(Ask("GET", path))
        return answer, _object(answer)

    def pages(self, soql: str, *, include_deleted: bool, token_length: int) -> Iterator[list[Record]]:
        """Run a query and give its pages until Salesforce says that it is done; pages may be of any length."""
        first = self.first_page(soql, include_deleted=include_deleted, token_length=token_length)
        progress = Progress()

        def following(told: tuple[Answer, Record]) -> tuple[Answer, Record] | None:
            answer, page = told
            if page.get("done") is True:
                return None
            path = _next_path(answer, page)
            progress.goes_on(answer, path)
            answer = self._exchange.call(Ask("GET", path))
            page = _object(answer)
            progress.arrived(answer, page.get("records"))
            return answer, page

        for answer, page in ahead(first, following):
            yield _records(answer, page)

    def retrieve(self, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record | None]:
        """Read records by id, in order; None where there is none that we may see, or the id cannot be one."""
        found: dict[str, Record | None] = {}
        wanted = list({id_[:_SHORT_ID]: id_ for id_ in ids if is_id(id_)}.values())
        for piece in pieces(wanted, RETRIEVE_AT_MOST):
            body = bodies.encode({"ids": piece, "fields": list(fields)})
            answer = self._exchange.call(Ask("POST", f"{self._data_path}/composite/sobjects/{sobject}", body))
            rows = answer.json()
            if not isinstance(rows, list) or len(rows) != len(piece):
                answer.reject("another number of records than was asked for")
            records = [_record(answer, row) for row in rows]
            pairs = zip(records, piece, strict=True)
            if "Id" in fields and not all(record is None or _same_record(record, id_) for record, id_ in pairs):
                answer.reject("records that were not asked for")
            found.update((id_[:_SHORT_ID], record) for id_, record in zip(piece, records, strict=True))
        return [found.get(id_[:_SHORT_ID]) if is_id(id_) else None for id_ in ids]

    def deleted(self, sobject: str, start: datetime, end: datetime) -> DeletedRecords:
        """Read which records were deleted in a window; its seconds count for nothing.

        Raises:
            ValueError: a time has no zone.
        """
        window = urlencode({"start": _utc(start), "end": _utc(end)})
        answer = self._exchange.call(Ask("GET", f"{self._data_path}/sobjects/{sobject}/deleted/?{window}"))
        found = _deleted_records(_object(answer))
        if found is None:
            answer.reject("something else than deleted records")
        return found


def _deleted_records(told: Record) -> DeletedRecords | None:
    try:
        return DeletedRecords(
            [(id18(row["id"]), _time(row["deletedDate"])) for row in told["deletedRecords"]],
            _time(told["earliestDateAvailable"]),
            _time(told["latestDateCovered"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        message = "A window needs times with a time zone."
        raise ValueError(message)
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _time(text: str) -> datetime:
    given = datetime.fromisoformat(text)
    moment = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    if moment.year not in SANE_YEARS:
        raise ValueError(moment.year)
    return moment


def _object(answer: Answer) -> Record:
    told = answer.json()
    if not isinstance(told, dict):
        answer.reject("something else than an object")
    return told


def _same_record(row: Mapping[str, Any], id_: str) -> bool:
    told = row.get("Id")
    return isinstance(told, str) and told[:_SHORT_ID] == id_[:_SHORT_ID] and is_id(told)


def _records(answer: Answer, page: Mapping[str, Any]) -> list[Record]:
    rows = page.get("records")
    if not isinstance(rows, list) or not isinstance(page.get("done"), bool):
        answer.reject("something else than a page of records")
    if set(map(type, rows)) <= {dict}:  # as it should be
        return [_plain(row) for row in rows]
    return [record for row in rows if (record := _record(answer, row)) is not None]


def _record(answer: Answer, row: object) -> Record | None:
    """Take a record without its `attributes`, in it and in the records that it points to."""
    if row is None:
        return None
    if not isinstance(row, dict) or bodies.is_deep(row):
        answer.reject("something else than a record")
    return _plain(row)


def _plain(row: Record) -> Record:
    row.pop("attributes", None)
    if dict in map(type, row.values()):  # hardly ever: only a query for the fields of a parent has such members
        for member in row.values():
            if isinstance(member, dict):
                _plain(member)
    return row


def _next_path(answer: Answer, page: Mapping[str, Any]) -> str:
    """Take the path of the next page, which must lie in the same instance: the token goes there."""
    path = page.get("nextRecordsUrl")
    if not isinstance(path, str) or not _SAME_INSTANCE.fullmatch(path) or "/../" in path or len(path) > _LONGEST_PATH:
        answer.reject("no nextRecordsUrl in the same instance, though it is not done")
    return path
