"""The `tasksync` command's entry point."""

from __future__ import annotations

import contextlib
import io
import sys

from tasksync_console.commands import changing, examining, ledger, looking, planning, serving
from tasksync_console.commands.application import app
from tasksync_engine.errors import EngineError

REGISTERED = (looking, examining, planning, changing, serving, ledger)
"""The modules with subcommands, in the order in which `--help` lists them."""


def main() -> None:
    """Run the command; a problem is told in its own words, with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter gets a question mark, not a crash
    from tasksync_clients.errors import ClientError  # noqa: PLC0415 - see the package `commands`

    try:
        app()
    except (EngineError, ClientError) as error:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"tasksync: {error}\n")
        raise SystemExit(1) from None
