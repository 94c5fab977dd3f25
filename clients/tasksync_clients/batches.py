"""Batch writes: chunks in flight side by side, answers in the order of the rows, nothing known ever lost."""

import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from tasksync_clients.errors import ClientError, Refused, StopRun
from tasksync_clients.recovery import Recovery, RowResult
from tasksync_clients.waiting import jittered

Row = TypeVar("Row")

ROW_ATTEMPTS: Final = 5
"""How often one row is sent before a failure that may pass is left to the next run."""
_ISOLATING_CALLS: Final = 64


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """How one kind of row is written.

    Attributes:
        send: writes rows with one call and gives one result for each, in order.
        chunk: the most rows of one call.
        workers: the most calls under way at once.
        retry_delay: seconds of the first back-off.
        stop: the error for a row whose recovery is STOP.
        one_row_is_to_blame: whether a refused call may be the fault of a single row, so that it is worth finding.
    """

    send: Callable[[Sequence[Row]], list[RowResult]]
    chunk: int
    workers: int
    retry_delay: float
    stop: Callable[[RowResult], StopRun]
    one_row_is_to_blame: Callable[[Refused], bool]


def write(how: Rows[Row], rows: Sequence[Row], keys: Sequence[Hashable]) -> list[RowResult]:
    """Write rows and give one result for each, in order.

    Rows with the same key never travel in one call, and a later one goes out after the earlier one is answered; None
    equals no other key. Rows that may succeed at once are sent again, alone; those that still fail carry RETRY_LATER.

    Raises:
        ClientError: a call failed as a whole; its `partial` holds what is known of each row.
    """
    return _Batch(how, rows).run(keys)


def waves(keys: Sequence[Hashable]) -> list[list[int]]:
    """Sort positions into rounds, such that no key occurs twice in one round and its occurrences keep their order."""
    rounds: list[list[int]] = []
    seen: dict[Hashable, int] = {}
    for position, key in enumerate(keys):
        at = 0 if key is None else seen.get(key, 0)
        if key is not None:
            seen[key] = at + 1
        if at == len(rounds):
            rounds.append([])
        rounds[at].append(position)
    return rounds


def pieces(items: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    """Cut a sequence into parts of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class _Batch(Generic[Row]):
    def __init__(self, how: Rows[Row], rows: Sequence[Row]) -> None:
        self._how = how
        self._rows = rows
        self._results: list[RowResult | None] = [None] * len(rows)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._isolating_calls = _ISOLATING_CALLS

    def run(self, keys: Sequence[Hashable]) -> list[RowResult]:
        for positions in waves(keys):
            failures = self._write_all(list(pieces(positions, self._how.chunk)))
            if failures:
                worst = next((failure for failure in failures if isinstance(failure, StopRun)), failures[0])
                worst.partial = [settled(result) for result in self._results]
                raise worst
        return [known for result in self._results if (known := settled(result))]

    def _write_all(self, chunks: list[Sequence[int]]) -> list[ClientError]:
        if len(chunks) == 1 or self._how.workers == 1:
            outcomes = [self._guarded(chunk) for chunk in chunks]
        else:
            with ThreadPoolExecutor(min(self._how.workers, len(chunks))) as pool:
                outcomes = list(pool.map(self._guarded, chunks))
        return [failure for failure in outcomes if failure]

    def _guarded(self, chunk: Sequence[int]) -> ClientError | None:
        """Write one chunk; a failure stops chunks that have not started, so that it is not met again and again."""
        if self._stopped.is_set():
            return None
        try:
            self._write(chunk)
        except ClientError as failure:
            self._stopped.set()
            return failure
        except BaseException:
            self._stopped.set()
            raise
        return None

    def _write(self, chunk: Sequence[int]) -> None:
        pending = chunk
        for attempt in range(ROW_ATTEMPTS):
            self._send(pending)
            self._stop_where_told(pending)
            pending = [position for position in pending if self._recovery(position) is Recovery.RETRY_NOW]
            last = attempt == ROW_ATTEMPTS - 1
            if not pending or last or self._stopped.wait(jittered(self._how.retry_delay, attempt)):
                return

    def _recovery(self, position: int) -> Recovery | None:
        result = self._results[position]
        return result.recovery if result else None

    def _stop_where_told(self, positions: Sequence[int]) -> None:
        for position in positions:
            result = self._results[position]
            if result and result.recovery is Recovery.STOP:
                raise self._how.stop(result)

    def _send(self, positions: Sequence[int]) -> None:
        for position in positions:
            # While a call is under way, what the last one said of its rows is no longer known to be so.
            self._results[position] = None
        try:
            results = self._how.send([self._rows[position] for position in positions])
        except Refused as refusal:
            if not self._how.one_row_is_to_blame(refusal):
                raise
            self._isolate(positions, refusal)
            return
        for position, result in zip(positions, results, strict=True):
            self._results[position] = result

    def _isolate(self, positions: Sequence[int], refusal: Refused) -> None:
        """Send a refused chunk by halves until the row that cannot be read stands alone: it must not hold up others.

        The number of calls spent on it is bounded: where most rows are at fault, each piece is refused as a whole.
        """
        with self._lock:
            self._isolating_calls -= 2
            spent = self._isolating_calls < 0
        if len(positions) == 1 or spent:
            for position in positions:
                self._results[position] = _refused(refusal)
            return
        middle = len(positions) // 2
        self._send(positions[:middle])
        self._send(positions[middle:])


def _refused(refusal: Refused) -> RowResult:
    return RowResult(
        ok=False,
        id=None,
        status=refusal.status,
        code=refusal.code,
        message=refusal.reason,
        fields=refusal.fields,
        recovery=Recovery.PARK,
    )


def settled(result: RowResult | None) -> RowResult | None:
    """Leave to the next run what was to be tried again at once and still failed."""
    if result and result.recovery is Recovery.RETRY_NOW:
        return replace(result, recovery=Recovery.RETRY_LATER)
    return result
