"""Pages fetched ahead: while one is decoded and passed on, the next one is under way; and pages that lead nowhere."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from tasksync_clients.transport import Answer

Page = TypeVar("Page")

IDLE_AT_MOST: Final = 100
"""Pages in a row without a new row: more of them are no list that ends."""


class Progress:
    """Watches one list while it is read."""

    def __init__(self) -> None:
        """Start before the first page."""
        self._marks: set[str] = set()
        self._last: object = None
        self._idle = 0

    def arrived(self, answer: Answer, rows: object) -> None:
        """Take a page that has just arrived.

        Raises:
            ProtocolError: too many in a row brought nothing new.
        """
        seen = (len(rows), str(rows[0]), str(rows[-1])) if isinstance(rows, list) and rows else None
        self._idle = 0 if seen and seen != self._last else self._idle + 1
        self._last = seen
        if self._idle > IDLE_AT_MOST:
            answer.reject(f"more than {IDLE_AT_MOST} pages in a row without anything new")

    def goes_on(self, answer: Answer, mark: str) -> None:
        """Take the mark (cursor, locator) of the page behind it.

        Raises:
            ProtocolError: it leads back.
        """
        if mark in self._marks:
            answer.reject("a mark of the next page that it gave before, which would never end")
        self._marks.add(mark)


def ahead(first: Page, following: Callable[[Page], Page | None]) -> Iterator[Page]:
    """Give the pages in order; never more than one is fetched ahead.

    Args:
        first: The first page.
        following: Fetches the page behind one, in a thread of its own; None behind the last. What it raises comes out
            behind the page that it was given.
    """
    page: Page | None = first
    with ThreadPoolExecutor(1, thread_name_prefix="next-page") as pool:
        while page is not None:
            coming = pool.submit(following, page)
            yield page
            page = coming.result()


def side_by_side(readings: Sequence[Callable[[], Iterator[Page]]], workers: int) -> Iterator[Page]:
    """Give the pages of several readings, in their order, each read as a whole while the others are under way.

    Args:
        readings: Each starts one; for small ones only, for all that is read waits here.
        workers: How many may be under way at once.
    """
    if len(readings) < 2 or workers < 2:  # noqa: PLR2004 - nothing to be done side by side
        for reading in readings:
            yield from reading()
        return
    with ThreadPoolExecutor(min(workers, len(readings)), thread_name_prefix="reading") as pool:
        for pages in pool.map(lambda reading: list(reading()), readings):
            yield from pages
