"""Writes to Salesforce with sObject Collections: 200 rows a call, each row on its own (wire facts §4)."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from tasksync_clients import bodies
from tasksync_clients.batches import Rows, write
from tasksync_clients.exchange import Exchange
from tasksync_clients.recovery import RowResult
from tasksync_clients.salesforce.dialect import one_row_is_to_blame, row_result, stop_error
from tasksync_clients.soql import is_id
from tasksync_clients.transport import Answer, Ask

COLLECTION_AT_MOST: Final = 200
"""Rows of one call."""
_ALREADY_GONE: Final = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND"})

Record = Mapping[str, Any]


class Writer:
    """Writes below one API version's path, several calls at once."""

    def __init__(self, exchange: Exchange, data_path: str, workers: int, retry_delay: float) -> None:
        """Take the way to ask, the path, the most calls under way, and the seconds of the first back-off."""
        self._exchange = exchange
        self._path = f"{data_path}/composite/sobjects"
        self._workers = workers
        self._retry_delay = retry_delay

    def create(self, sobject: str, records: Sequence[Record]) -> list[RowResult]:
        """Create records; a call whose answer is lost is not repeated."""

        def send(chunk: Sequence[Record]) -> list[RowResult]:
            answer = self._exchange.call(Ask("POST", self._path, _body(sobject, chunk), repeatable=False))
            return [replace(row, created=True) if row.ok else row for row in _rows(answer, [None] * len(chunk))]

        return self._write(send, records, [None] * len(records))

    def update(self, sobject: str, records: Sequence[Record]) -> list[RowResult]:
        """Update records by their "Id"."""
        rows = [_with_id(record) for record in records]

        def send(chunk: Sequence[Record]) -> list[RowResult]:
            answer = self._exchange.call(Ask("PATCH", self._path, _body(sobject, chunk)))
            return _rows(answer, [row["id"] for row in chunk])

        return self._write(send, rows, [same_id(row["id"]) for row in rows])

    def upsert(self, sobject: str, external_id_field: str, records: Sequence[Record]) -> list[RowResult]:
        """Create or update records by an external id, which makes a create repeatable."""

        def send(chunk: Sequence[Record]) -> list[RowResult]:
            path = f"{self._path}/{sobject}/{external_id_field}"
            answer = self._exchange.call(Ask("PATCH", path, _body(sobject, chunk)))
            return _rows(answer, [None] * len(chunk))

        # Salesforce may compare external ids without regard to case (wire facts §7).
        keys = [str(record[external_id_field]).casefold() for record in records]
        return self._write(send, records, keys)

    def delete(self, ids: Sequence[str]) -> list[RowResult]:
        """Delete records; one that is gone already is what was asked for."""

        def send(chunk: Sequence[str]) -> list[RowResult]:
            query = urlencode({"ids": ",".join(chunk), "allOrNone": "false"})
            answer = self._exchange.call(Ask("DELETE", f"{self._path}?{query}"))
            return [already_gone(row) for row in _rows(answer, chunk)]

        return self._write(send, [bodies.scrub(id_) for id_ in ids], [same_id(id_) for id_ in ids])

    def _write(
        self, send: Callable[[Sequence[Any]], list[RowResult]], rows: Sequence[Any], keys: Sequence[Hashable]
    ) -> list[RowResult]:
        how = Rows(send, COLLECTION_AT_MOST, self._workers, self._retry_delay, stop_error, one_row_is_to_blame)
        return write(how, rows, keys)


def _body(sobject: str, records: Sequence[Record]) -> bytes:
    typed = [{"attributes": {"type": sobject}} | dict(record) for record in records]
    return bodies.encode({"allOrNone": False, "records": typed})


def _with_id(record: Record) -> dict[str, Any]:
    """Name the id as collections do."""
    return {"id": record["Id"]} | {name: value for name, value in record.items() if name != "Id"}


def same_id(id_: str) -> str:
    """Make the short and the long form of an id one key."""
    return id_[:15] if is_id(id_) else id_


def _rows(answer: Answer, sent_ids: Sequence[str | None]) -> list[RowResult]:
    told = answer.json()
    if not isinstance(told, list) or len(told) != len(sent_ids):
        answer.reject("another number of rows than was sent")
    rows = [row_result(row, sent_id) for row, sent_id in zip(told, sent_ids, strict=True)]
    if not all(rows):
        answer.reject("rows that do not say whether they succeeded, or for which record")
    written = [row.id for row in rows if row and row.ok and row.id]
    if len(set(map(same_id, written))) < len(written):
        answer.reject("one record for several rows")
    return [row for row in rows if row]


def already_gone(row: RowResult) -> RowResult:
    """Take a delete of what is gone already for done; the code still says so."""
    return replace(row, ok=True, recovery=None) if row.code in _ALREADY_GONE else row
