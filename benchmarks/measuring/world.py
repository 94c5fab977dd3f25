"""A sandbox in a process of its own, with linked pairs in it and in a ledger."""

from __future__ import annotations

import contextlib
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import requests

from measuring.pairs import Pairs, reminder_id, stamp, task_id
from measuring.usage import cpu_seconds_of
from tasksync_sandbox.both import both_services

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SALESFORCE, SALES_CONNECT = "salesforce", "sales_connect"
SERVICES = (SALESFORCE, SALES_CONNECT)
LATER = timedelta(minutes=20)
"""More than the taps' overlap."""


def _serve(folder: str, urls: Connection) -> None:
    sandbox = both_services(Path(folder))
    sandbox.run(lambda: urls.send(sandbox.urls))


class World:
    """Both services, and a ledger whose links are those of `pairs`.

    Attributes:
        urls: base address by service.
        pairs: what is linked.
        ledger_url: SQLAlchemy URL of the ledger.
        states: the bookmarks of both directions, as after a complete reading just now.
    """

    def __init__(self, folder: Path, number: int) -> None:
        """Start the services in a process, and load them; takes a while."""
        folder.mkdir()
        here, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(str(folder / "services"), there)
        )
        self._process.start()
        self.urls: dict[str, str] = dict(zip(SERVICES, here.recv(), strict=True))
        self._http = requests.Session()
        self._offset = timedelta()
        self._edited = 0
        self._ledger = folder / "ledger.db"
        self.ledger_url = f"sqlite:///{self._ledger}"
        self.pairs = Pairs(number, self.now())
        self._load()
        self.states = self._bookmarks(self.pairs.write_ledger(self.ledger_url))

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
        self._control(SALES_CONNECT, "POST", "clock", {"offset_seconds": self._offset.total_seconds()})

    def edit(self, number: int) -> None:
        """Change the details of `number` reminders, and of as many tasks of other pairs."""
        text, at, first = f"edited at {stamp(self.now())}", stamp(self.now()), self._edited
        self._edited = (first + 2 * number) % (self.pairs.number - 2 * number + 1)
        reminders = [{"id": reminder_id(first + n), "details": text, "updated_at": at} for n in range(number)]
        tasks = [
            {"Id": task_id(first + number + n), "Description": text, "LastModifiedDate": at, "SystemModstamp": at}
            for n in range(number)
        ]
        self._control(SALES_CONNECT, "POST", "load", {"reminders": reminders})
        self._control(SALESFORCE, "POST", "load", {"objects": {"Task": tasks}})

    def calls(self) -> dict[str, int]:
        """API calls so far, by service."""
        return {service: self._control(service, "GET", "calls")["total"] for service in SERVICES}

    def writes(self) -> dict[str, int]:
        """Records written so far, by service."""
        return {service: len(self._control(service, "GET", "writes")) for service in SERVICES}

    def cpu_seconds(self) -> float:
        """What the services have used so far."""
        return cpu_seconds_of(self._process.pid or 0)

    def ledger_mb(self) -> float:
        """The ledger's files."""
        files = self._ledger.parent.glob(f"{self._ledger.name}*")
        return round(sum(file.stat().st_size for file in files) / 2**20, 1)

    def _load(self) -> None:
        people, users = self.pairs.users()
        self._control(SALES_CONNECT, "POST", "load", {"users": people})
        self._control(SALESFORCE, "POST", "load", {"objects": {"User": users}})
        for reminders in self.pairs.reminders():
            self._control(SALES_CONNECT, "POST", "load", {"reminders": reminders})
        for tasks in self.pairs.tasks():
            self._control(SALESFORCE, "POST", "load", {"objects": {"Task": tasks}})

    def _bookmarks(self, ledger_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        now = stamp(self.now())
        known = {"replication_key_value": self.pairs.newest(), "read_at": now, "ledger": ledger_id, "complete": True}
        reminders = {"replication_key": "updated_at", "users_on": self.pairs.users_on(), **known}
        tasks = {"replication_key": "SystemModstamp", "owners": self.pairs.owners(), "deleted_until": now, **known}
        return {"bookmarks": {"reminders": reminders}}, {"bookmarks": {"tasks": tasks}}

    def _control(self, service: str, method: str, resource: str, body: Any = None) -> Any:  # noqa: ANN401  JSON
        answer = self._http.request(method, f"{self.urls[service]}/_sandbox/{resource}", json=body, timeout=600)
        answer.raise_for_status()
        return answer.json()
