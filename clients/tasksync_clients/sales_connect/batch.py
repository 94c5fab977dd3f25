"""Batch writes to Sales Connect: 200 operations a call, each on its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tasksync_clients import bodies
from tasksync_clients.batches import Rows, write
from tasksync_clients.exchange import Exchange
from tasksync_clients.recovery import Recovery, RowResult, sales_connect_recovery
from tasksync_clients.sales_connect.dialect import complaint, is_record_id, one_row_is_to_blame, stop_error
from tasksync_clients.transport import Ask

BATCH_AT_MOST: Final = 200
"""Operations of one call."""
_CREATED: Final = 201
_SERVER_FAULT: Final = 500
_ALREADY_GONE: Final = frozenset({404, 410})

Operation = Mapping[str, Any]


class BatchWriter:
    """Carries out operations, several calls at once."""

    def __init__(self, exchange: Exchange, workers: int, retry_delay: float) -> None:
        """Take the way to ask, the most calls under way, and the seconds of the first back-off."""
        self._exchange = exchange
        self._workers = workers
        self._retry_delay = retry_delay

    def write(self, operations: Sequence[Operation]) -> list[RowResult]:
        """Carry out operations, one result each, in order."""
        how = Rows(self._send, BATCH_AT_MOST, self._workers, self._retry_delay, stop_error, one_row_is_to_blame)
        return write(how, operations, [operation.get("id") for operation in operations])

    def _send(self, operations: Sequence[Operation]) -> list[RowResult]:
        body = bodies.encode({"operations": operations})
        repeatable = all(_is_repeatable(operation) for operation in operations)
        answer = self._exchange.call(Ask("POST", "/v1/reminders/batch", body, repeatable=repeatable))
        told = answer.json()
        rows = told.get("results") if isinstance(told, dict) else None
        if not isinstance(rows, list) or len(rows) != len(operations):
            answer.reject("another number of results than operations were sent")
        results = [_result(operation, row) for operation, row in zip(operations, rows, strict=True)]
        if not all(results):
            answer.reject("results that do not say what became of which reminder")
        written = [result.id for result in results if result and result.ok]
        if len(set(written)) < len(written):
            answer.reject("one reminder for several operations")
        return [result for result in results if result]


def _is_repeatable(operation: Operation) -> bool:
    return operation.get("op") != "create" or bool(operation.get("idempotency_key"))


def _result(operation: Operation, row: object) -> RowResult | None:
    """Read one result; None when it is not what the contract says."""
    status = row.get("status") if isinstance(row, dict) else None
    if not isinstance(row, dict) or isinstance(status, bool) or not isinstance(status, int):
        return None
    reminder = row.get("reminder") if isinstance(row.get("reminder"), dict) else None
    if status in range(200, 300):
        id_ = reminder.get("id") if reminder else operation.get("id")
        if not is_record_id(id_) or operation.get("id") not in {None, id_} or bodies.is_deep(reminder):
            return None
        created = status == _CREATED if operation.get("op") == "create" else None
        return RowResult(ok=True, id=id_, created=created, record=reminder, status=status)
    return _failure(operation, status, row.get("error"))


def _failure(operation: Operation, status: int, error: object) -> RowResult:
    said = complaint(status, error)
    what = sales_connect_recovery(status, said.code)
    if status >= _SERVER_FAULT and not _is_repeatable(operation):
        what = Recovery.RETRY_LATER
    gone = operation.get("op") == "delete" and status in _ALREADY_GONE
    return RowResult(
        ok=gone,
        id=operation.get("id"),
        status=status,
        code=said.code,
        message=said.reason,
        fields=said.fields,
        holder_id=said.holder_id,
        recovery=None if gone else what,
    )
