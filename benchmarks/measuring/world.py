"""Linked pairs in both services and in a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from measuring.pairs import Pairs, reminder_id, stamp, task_id
from measuring.services import SALES_CONNECT, SALESFORCE, Services

if TYPE_CHECKING:
    from pathlib import Path


class World(Services):
    """Both services, and a ledger whose links are those of `pairs`.

    Attributes:
        pairs: what is linked.
        ledger_url: SQLAlchemy URL of the ledger.
        states: the bookmarks of both directions, as after a complete reading just now.
    """

    def __init__(self, folder: Path, number: int) -> None:
        """Start the services and load them; takes a while."""
        super().__init__(folder)
        self._edited = 0
        self._ledger = folder / "ledger.db"
        self.ledger_url = f"sqlite:///{self._ledger}"
        self.pairs = Pairs(number, self.now())
        people, users = self.pairs.users()
        self.load(SALES_CONNECT, [{"users": people}])
        self.load(SALESFORCE, [{"User": users}])
        self.load(SALES_CONNECT, ({"reminders": piece} for piece in self.pairs.reminders()))
        self.load(SALESFORCE, ({"Task": piece} for piece in self.pairs.tasks()))
        self.ledger_id = self.pairs.write_ledger(self.ledger_url)
        self.states = self._bookmarks()

    def edit(self, reminders: int, tasks: int) -> None:
        """Change the details of so many reminders, and of so many tasks of other pairs."""
        at, first = stamp(self.now()), self._edited
        text = f"edited at {at}"
        self._edited = (first + reminders + tasks) % (self.pairs.number - reminders - tasks + 1)
        changed = [{"id": reminder_id(first + n), "details": text, "updated_at": at} for n in range(reminders)]
        rows = [
            {"Id": task_id(first + reminders + n), "Description": text, "LastModifiedDate": at, "SystemModstamp": at}
            for n in range(tasks)
        ]
        self.load(SALES_CONNECT, [{"reminders": changed}])
        self.load(SALESFORCE, [{"Task": rows}])

    def ledger_mb(self) -> float:
        """The ledger's files."""
        files = self._ledger.parent.glob(f"{self._ledger.name}*")
        return round(sum(file.stat().st_size for file in files) / 2**20, 1)

    def _bookmarks(self) -> tuple[dict[str, Any], dict[str, Any]]:
        now = stamp(self.now())
        known = {
            "replication_key_value": self.pairs.newest(),
            "read_at": now,
            "ledger": self.ledger_id,
            "complete": True,
        }
        reminders = {"replication_key": "updated_at", "users_on": self.pairs.users_on(), **known}
        tasks = {"replication_key": "SystemModstamp", "owners": self.pairs.owners(), "deleted_until": now, **known}
        return {"bookmarks": {"reminders": reminders}}, {"bookmarks": {"tasks": tasks}}
