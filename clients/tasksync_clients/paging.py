"""Pages fetched ahead: while one is decoded and passed on, the next one is under way."""

from collections.abc import Callable, Iterator
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
