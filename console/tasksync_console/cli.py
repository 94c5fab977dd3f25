"""The `tasksync` command's entry point."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
from typing import NoReturn

from tasksync_engine.errors import EngineError
from tasksync_engine.starting import importing

LAST_STEP = ["check"]
"""The words that end every sync."""


class Once(logging.Filter):
    """Lets each message through once: a command that looks ahead and then acts would say it twice."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is new."""
        said = record.getMessage()
        is_new = said not in self._said
        self._said.add(said)
        return is_new


def main() -> None:
    """Run the command; a problem is told in its own words, with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter gets a question mark, not a crash
    from tasksync_clients.errors import ClientError  # noqa: PLC0415 - see the package `commands`

    once = Once()
    logging.getLogger("tasksync").addFilter(once)
    try:
        _last_step() if sys.argv[1:] == LAST_STEP else _any_command()
    except (EngineError, ClientError) as error:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"tasksync: {error}\n")
        raise SystemExit(1) from None
    finally:
        logging.getLogger("tasksync").removeFilter(once)


def _any_command() -> None:
    from tasksync_console.commands.all import app  # noqa: PLC0415 - Typer is not always needed

    app()


def _last_step() -> NoReturn:
    """Check without what reads options: Typer takes longer than the check."""
    with importing():
        from tasksync_console.checking import check_here  # noqa: PLC0415 - SQLAlchemy is not always needed

    try:
        passed = check_here()
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has gone away; Typer, where it is there, says nothing of it either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    raise SystemExit(int(not passed))
