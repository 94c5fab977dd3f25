"""The `tasksync` command's entry point."""

from __future__ import annotations

import contextlib
import io
import logging
import sys

from tasksync_console.commands import changing, examining, ledger, looking, planning, serving, sharding
from tasksync_console.commands.application import app
from tasksync_engine.errors import EngineError

REGISTERED = (looking, examining, planning, changing, serving, sharding, ledger)
"""The modules with subcommands, in the order in which `--help` lists them."""


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
        app()
    except (EngineError, ClientError) as error:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"tasksync: {error}\n")
        raise SystemExit(1) from None
    finally:
        logging.getLogger("tasksync").removeFilter(once)
