"""Work that goes on while the next is gathered: in order, one at a time, in threads of its own."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WAITING = 1
"""Batches that may wait for the one at work, begun: more, or one that is being gathered, would only cost memory."""


class Lane:
    """Does what it is given, in the order in which it was given.

    Work may have a first part that needs nothing of what was given before: that is done while the work before it is.
    Behind work that failed nothing more is done: what came later must not be settled, or told, as if it were whole.
    """

    def __init__(self) -> None:
        """Have no work yet."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batches")
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._given: deque[Future[None]] = deque()
        self._batches: deque[Future[None]] = deque()
        self._stopped = False

    def put(self, work: Callable[[], None]) -> None:
        """Give work that is done when all that was given before is; raises what earlier work raised."""
        while self._given and self._given[0].done():
            self._given.popleft().result()
        self._given.append(self._thread.submit(self._do, work))

    def put_in_two(self, begin: Callable[[], Callable[[], None]]) -> None:
        """Give work whose first part returns the second; waits until there is room for the next.

        Raises:
            BaseException: What earlier work raised.
        """
        self.put(partial(self._go_on, self._ahead.submit(self._begin, begin)))
        self._batches.append(self._given[-1])
        while len(self._batches) > WAITING:
            self._batches.popleft().result()

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
        self._ahead.shutdown(wait=True, cancel_futures=True)
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _begin(self, begin: Callable[[], Callable[[], None]]) -> Callable[[], None] | None:
        return None if self._stopped else begin()

    def _go_on(self, begun: Future[Callable[[], None] | None]) -> None:
        rest = begun.result()
        if rest is not None and not self._stopped:
            rest()

    def _do(self, work: Callable[[], None]) -> None:
        if self._stopped:
            return
        try:
            work()
        except BaseException:
            self._stopped = True
            raise
