"""Pages fetched ahead: while one is decoded and passed on, the next one is under way."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Page = TypeVar("Page")


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
