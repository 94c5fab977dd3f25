"""What `tasksync check` tells people outside: a web hook, and a file of metrics.

Neither decides anything, so what goes wrong with them is told, and the check's result stands.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tasksync_console.project import Project
from tasksync_engine.errors import EngineError

if TYPE_CHECKING:
    from tasksync_console.checking import Verdict
    from tasksync_engine.ledger import Ledger

NOTIFY_URL = "TASKSYNC_NOTIFY_URL"
METRICS_FILE = "TASKSYNC_METRICS_FILE"

# Imports inside: a check that tells nobody should wait for neither HTTP nor metrics.
# ruff: noqa: PLC0415


def tell_outside(ledger: Ledger, verdict: Verdict, url: str | None, file: Path | None) -> None:
    """Tell what the options name, or else the variables of the terminal or of `.env`."""
    project = Project.here()
    url = url or project.variable(NOTIFY_URL)
    named = file or project.variable(METRICS_FILE)
    if named:
        _measure(ledger, verdict, Path(named), project.environment)
    if url:
        _notify(ledger, verdict, url, project.environment)


def _measure(ledger: Ledger, verdict: Verdict, file: Path, environment: str) -> None:
    from tasksync_console.metrics import text_of, write
    from tasksync_console.summary import summarize

    try:
        with ledger.reading() as connection:
            summary = summarize(connection)
        write(file, text_of(summary, verdict, environment, time.time()))
    except EngineError as error:
        sys.stderr.write(f"tasksync: {error}\n")


def _notify(ledger: Ledger, verdict: Verdict, url: str, environment: str) -> None:
    from tasksync_clients.errors import ClientError
    from tasksync_console.notifying import notify

    try:
        notify(ledger, verdict, url, environment)
    except (ClientError, EngineError) as error:
        sys.stderr.write(f"tasksync: {error}\n")
