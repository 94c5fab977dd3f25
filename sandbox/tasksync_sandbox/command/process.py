"""Starting, stopping and finding a detached sandbox."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING

from tasksync_sandbox.command.control import ask
from tasksync_sandbox.command.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.command.place import Place, Running

_START_SECONDS, _STOP_SECONDS, _PROBE_SECONDS = 120.0, 15.0, 3.0


def up(place: Place, *, tls: bool) -> int:
    """Start both services unless they run; returns once both answer.

    Raises:
        CommandError: this data is served elsewhere, a port is taken, or the services do not start.
    """
    if not place.is_served():
        for port in (place.salesforce_port, place.sales_connect_port):
            _refuse_if_taken(port)
        place.forget()
        _start(place, tls=tls)
    running = _answering(place)
    if not place.fits(running, tls=tls):
        msg = f"{place.data} is served already, on {' and '.join(running.urls)}: run `sandbox down` first."
        raise CommandError(msg)
    _say_urls(running)
    return 0


def down(place: Place) -> int:
    """Stop the sandbox of this data folder, if there is one.

    Raises:
        CommandError: it does not stop.
    """
    if not place.is_served():
        sys.stdout.write(f"No sandbox serves {place.data}.\n")
        return 0
    running = _answering(place)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.pid, number)
        for _ in _patience(_STOP_SECONDS):
            if not place.is_served():
                place.forget()
                sys.stdout.write("Stopped.\n")
                return 0
    msg = f"Process {running.pid} does not stop."
    raise CommandError(msg)


def status(place: Place) -> int:
    """Print where the sandbox of this data folder answers; 1 when there is none."""
    running = place.running()
    if running is None:
        sys.stdout.write(f"No sandbox serves {place.data}.\n")
        return 1
    _say_urls(running)
    sys.stdout.write(f"Data: {place.data}, process {running.pid}\n")
    for url in running.urls:
        records = ask(url, "GET", "status", certificate=place.certificate)["records"]
        sys.stdout.write(", ".join(f"{count} {name}" for name, count in records.items() if count) or "no records")
        sys.stdout.write("\n")
    return 0


def _start(place: Place, *, tls: bool) -> None:
    """Start a process that outlives this one and its terminal."""
    place.data.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tasksync_sandbox", "run", *(["--tls"] if tls else [])]
    ports = {
        "SANDBOX_DATA": str(place.data),
        "SANDBOX_SALESFORCE_PORT": str(place.salesforce_port),
        "SANDBOX_SALES_CONNECT_PORT": str(place.sales_connect_port),
    }
    with place.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  our own module
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | ports,
        )
    for _ in _patience(_START_SECONDS):
        if (running := place.running()) is not None:
            if running.pid != process.pid:  # else ours would take over the data as soon as that one stops
                process.terminate()
                process.wait()
            break
        # When another `up` was faster, its process holds the data and ours has ended.
        if process.poll() is not None and not place.is_served():
            msg = f"The sandbox did not start; its log, {place.log}, ends with:\n{_end_of(place)}"
            raise CommandError(msg)
    # It lives on: keep the interpreter from complaining about a child that is still running.
    process.returncode = 0


def _answering(place: Place) -> Running:
    for _ in _patience(_START_SECONDS):
        if (running := place.running()) is not None:
            return running
    msg = f"The sandbox of {place.data} does not answer."
    raise CommandError(msg)


def _refuse_if_taken(port: int) -> None:
    """Tell who holds a port: nobody, a sandbox with other data, or another program. Port 0 is any free one."""
    if port == 0:
        return
    try:
        other = ask(f"http://127.0.0.1:{port}", "GET", "status", patience=_PROBE_SECONDS)
        msg = f"Port {port} is held by a sandbox with other data: {other['data']}."
    except ConnectionRefusedError:
        return
    except (OSError, CommandError, ValueError, TypeError, KeyError):
        # A sandbox with --tls among them: it tells nobody who does not have its certificate.
        msg = f"Port {port} is taken by another program, or by a sandbox with other data and --tls."
    msg = f"{msg} docs/getting-started.md says how to choose other ports."
    raise CommandError(msg)


def _patience(seconds: float) -> Iterator[None]:
    """Yield until time is up, soon at first and then at leisure."""
    end = time.monotonic() + seconds
    for pause in chain((0.01, 0.02, 0.05), repeat(0.1)):
        yield
        if time.monotonic() > end:
            return
        time.sleep(pause)


def _end_of(place: Place) -> str:
    return "\n".join(place.log.read_text(errors="replace").splitlines()[-10:])


def _say_urls(running: Running) -> None:
    sys.stdout.write(f"Salesforce: {running.salesforce_url}\nSales Connect: {running.sales_connect_url}\n")
