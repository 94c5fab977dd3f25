"""Problems told in their own words."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tasksync_clients.errors import ClientError
from tasksync_engine.errors import EngineError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

PROBLEMS = (ClientError, EngineError)
"""What is told in its own words and ends the run with exit code 1; anything else is a bug, and shows its traceback."""


@contextlib.contextmanager
def told_in_words(logger: logging.Logger) -> Iterator[None]:
    """Turn a problem into its own words and exit code 1."""
    try:
        yield
    except PROBLEMS as problem:
        logger.error("%s", problem)  # noqa: TRY400 - its words say what to do; a traceback would not
        raise SystemExit(1) from problem
