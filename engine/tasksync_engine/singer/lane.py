"""Work that goes on while the next is gathered: in order, one at a time, in a thread of its own."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WAITING = 1
"""Batches that may wait for the one at work: more would only cost memory."""


class Lane:
    """One thread that does what it is given, in the order in which it was given.

    Behind work that failed nothing more is done: what came later must not be settled, or told, as if it were whole.
    """

    def __init__(self) -> None:
        """Have no work yet."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._given: deque[Future[None]] = deque()
        self._stopped = False

    def put(self, work: Callable[[], None]) -> None:
        """Give work; waits while too much of it waits already, and raises what earlier work raised."""
        while len(self._given) > WAITING:
            self._given.popleft().result()
        self._given.append(self._thread.submit(self._do, work))

    def wait(self) -> None:
        """Wait until everything is done.

        Raises:
            BaseException: What the first work that failed raised.
        """
        while self._given:
            self._given.popleft().result()

    def stop(self) -> None:
        """Let the work end that has begun, and drop the rest."""
        self._stopped = True
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _do(self, work: Callable[[], None]) -> None:
        if self._stopped:
            return
        try:
            work()
        except BaseException:
            self._stopped = True
            raise
