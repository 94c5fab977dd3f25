"""Serving in this process."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from tasksync_sandbox.both import both_services
from tasksync_sandbox.command.errors import CommandError
from tasksync_sandbox.command.place import Running
from tasksync_sandbox.core.server import DataFolderInUseError

if TYPE_CHECKING:
    from tasksync_sandbox.command.place import Place
    from tasksync_sandbox.core.server import Sandbox


def run(place: Place, *, tls: bool) -> int:
    """Serve until SIGTERM or SIGINT.

    Raises:
        CommandError: the data folder is in use, or a port is taken.
    """
    sandbox = _opened(place, tls=tls)
    # A killed predecessor may have left its own.
    place.forget()

    def answering() -> None:
        running = Running(os.getpid(), *sandbox.urls)
        place.write_down(running)
        sys.stdout.write(f"Salesforce answers on {running.salesforce_url}\n")
        sys.stdout.write(f"Sales Connect answers on {running.sales_connect_url}\n")
        sys.stdout.flush()

    _calm_garbage_collection()
    try:
        sandbox.run(answering)
    finally:
        place.forget()
    return 0


def _opened(place: Place, *, tls: bool) -> Sandbox:
    ports = {"salesforce_port": place.salesforce_port, "sales_connect_port": place.sales_connect_port}
    try:
        return both_services(place.data, **ports, tls=tls)
    except DataFolderInUseError:
        msg = f"Another process serves {place.data}."
        raise CommandError(msg) from None
    except OSError as problem:
        msg = f"Cannot serve on ports {place.salesforce_port} and {place.sales_connect_port}: {problem}"
        raise CommandError(msg) from problem


def _calm_garbage_collection() -> None:
    """A million living rows make each full collection take seconds, and hold no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
