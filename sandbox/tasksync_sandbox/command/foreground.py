"""Serving in this process."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tasksync_sandbox.both import both_services
from tasksync_sandbox.command.errors import CommandError
from tasksync_sandbox.command.place import Running
from tasksync_sandbox.core.server import DataFolderInUseError

if TYPE_CHECKING:
    from tasksync_sandbox.command.place import Place


def run(place: Place, *, tls: bool) -> int:
    """Serve until SIGTERM or SIGINT.

    Raises:
        CommandError: the data folder is in use, or a port is taken.
    """
    ports = {"salesforce_port": place.salesforce_port, "sales_connect_port": place.sales_connect_port}
    try:
        sandbox = both_services(place.data, **ports, tls=tls)
    except DataFolderInUseError:
        msg = f"Another process serves {place.data}."
        raise CommandError(msg) from None
    except OSError as problem:
        msg = f"Cannot serve on ports {place.salesforce_port} and {place.sales_connect_port}: {problem}"
        raise CommandError(msg) from problem

    # A killed predecessor may have left its own.
    place.forget()

    def answering() -> None:
        running = Running(os.getpid(), *sandbox.urls)
        place.write_down(running)
        sys.stdout.write(f"Salesforce answers on {running.salesforce_url}\n")
        sys.stdout.write(f"Sales Connect answers on {running.sales_connect_url}\n")
        sys.stdout.flush()

    try:
        sandbox.run(answering)
    finally:
        place.forget()
    return 0
