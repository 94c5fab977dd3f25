"""Both services in a process of their own."""

from __future__ import annotations

import contextlib
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import requests

from measuring.usage import cpu_seconds_of
from tasksync_sandbox.both import both_services

if TYPE_CHECKING:
    from collections.abc import Iterable
    from multiprocessing.connection import Connection

SALESFORCE, SALES_CONNECT = "salesforce", "sales_connect"
SERVICES = (SALESFORCE, SALES_CONNECT)
LATER = timedelta(minutes=20)
"""More than the taps' overlap."""


def _serve(folder: str, urls: Connection) -> None:
    sandbox = both_services(Path(folder))
    sandbox.run(lambda: urls.send(sandbox.urls))


class Services:
    """A sandbox; starts empty, and ends with its context.

    Attributes:
        folder: theirs, and of whatever else belongs to the measurement.
        urls: base address by service.
    """

    def __init__(self, folder: Path) -> None:
        """Start the process."""
        folder.mkdir(parents=True)
        self.folder = folder
        here, there = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        self._process = spawn.Process(target=_serve, args=(str(folder / "services"), there))
        self._process.start()
        self.urls: dict[str, str] = dict(zip(SERVICES, here.recv(), strict=True))
        self._http = requests.Session()
        self._offset = timedelta()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        with contextlib.suppress(OSError):
            self._http.close()
        self._process.terminate()
        self._process.join()

    def now(self) -> datetime:
        """The services' time."""
        return datetime.now(UTC) + self._offset

    def wait(self) -> None:
        """Let more time go by than the taps read again."""
        self._offset += LATER
        self.control(SALES_CONNECT, "POST", "clock", {"offset_seconds": self._offset.total_seconds()})

    def load(self, service: str, pieces: Iterable[dict[str, Any]]) -> None:
        """Put records in, piece by piece."""
        for piece in pieces:
            self.control(service, "POST", "load", piece if service == SALES_CONNECT else {"objects": piece})

    def calls(self) -> dict[str, int]:
        """API calls so far, by service; logins do not count."""
        return {service: self.control(service, "GET", "calls")["total"] for service in SERVICES}

    def written(self) -> dict[str, int]:
        """Records written so far, by service."""
        return {service: len(self.control(service, "GET", "writes")) for service in SERVICES}

    def cpu_seconds(self) -> float:
        """What the services have used so far."""
        return cpu_seconds_of(self._process.pid or 0)

    def control(self, service: str, method: str, resource: str, body: Any = None) -> Any:  # noqa: ANN401  JSON
        """Ask the sandbox's control."""
        answer = self._http.request(method, f"{self.urls[service]}/_sandbox/{resource}", json=body, timeout=600)
        answer.raise_for_status()
        return answer.json()
