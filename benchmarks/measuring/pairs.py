"""Linked pairs: a reminder and a task that agree, and the base that says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_clients.soql import id18
from tasksync_engine.ledger import Participant, links, open_ledger, roster
from tasksync_mappings import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator

Record = dict[str, Any]
USERS = 10
LINK_FIELD = "Sales_Connect_Id__c"
ENABLED = timedelta(days=60)
OLDEST, NEWEST = timedelta(days=40), timedelta(days=5)
DETAILS = "What was said last time, and what to bring up in this one. " * 3
CHUNK = 10_000


class Pairs:
    """So many pairs, last changed between 40 and 5 days ago, of ten users unless told otherwise."""

    def __init__(self, number: int, now: datetime, users: int = USERS) -> None:
        """Make `number` of them, as seen at `now` (the services' time)."""
        self.number = number
        self._users = users
        self._enabled = now - ENABLED
        self._oldest = now - OLDEST
        self._step = (OLDEST - NEWEST) / number

    def users(self) -> tuple[list[Record], list[Record]]:
        """Sales Connect's users, all with task sync on, and Salesforce's, who are found by email."""
        numbers, enabled = range(self._users), stamp(self._enabled)
        return (
            [
                {
                    "id": f"u{n}",
                    "email": f"user{n}@example.com",
                    "name": f"User {n}",
                    "task_sync": {"enabled": True, "enabled_at": enabled},
                    "updated_at": enabled,
                }
                for n in numbers
            ],
            [
                {
                    "Id": _owner(n),
                    "Username": f"user{n}@example.com",
                    "Email": f"user{n}@example.com",
                    "LastName": f"U{n}",
                }
                for n in numbers
            ],
        )

    def reminders(self) -> Iterator[list[Record]]:
        """All reminders, in pieces."""
        return ([self._reminder(n) for n in piece] for piece in self._pieces())

    def tasks(self, *, linked: bool = True) -> Iterator[list[Record]]:
        """All tasks, in pieces; with their reminders' ids, or as if nobody had ever linked them."""
        hidden = {} if linked else {LINK_FIELD: None}
        return ([self._task(n) | hidden for n in piece] for piece in self._pieces())

    def write_ledger(self, url: str, *, linked: bool = True) -> str:
        """Write the roster into a new ledger, and the links; returns its id."""
        numbers = range(self._users)
        people = [Participant(f"u{n}", _owner(n), self._enabled, email=f"user{n}@example.com") for n in numbers]
        with open_ledger(url) as ledger:
            with ledger.transaction() as connection:
                roster.replace(connection, people)
            for piece in self._pieces() if linked else ():
                with ledger.transaction() as connection:
                    links.add(connection, map(self._link, piece), self._enabled)
            return ledger.id

    def owners(self) -> dict[str, str]:
        """What the state of the tasks says of the roster."""
        return {_owner(n): stamp(self._enabled) for n in range(self._users)}

    def users_on(self) -> dict[str, str]:
        """What the state of the reminders says of the users."""
        return {f"u{n}": stamp(self._enabled) for n in range(self._users)}

    def newest(self) -> str:
        """When the last of them changed."""
        return self._stamp(self.number - 1)

    def _pieces(self) -> Iterator[range]:
        return (range(start, min(start + CHUNK, self.number)) for start in range(0, self.number, CHUNK))

    def _stamp(self, n: int) -> str:
        return stamp(self._oldest + n * self._step)

    def _reminder(self, n: int) -> Record:
        at = self._stamp(n)
        return {
            "id": reminder_id(n),
            "name": f"Call about {n}",
            "type": "call",
            "due_date": _due(n),
            "details": DETAILS,
            "assignee_id": f"u{n % self._users}",
            "created_at": at,
            "updated_at": at,
        }

    def _task(self, n: int) -> Record:
        at = self._stamp(n)
        return {
            "Id": task_id(n),
            "Subject": f"Call about {n}",
            "Status": "Not Started",
            "Priority": "Normal",
            "ActivityDate": _due(n),
            "Description": DETAILS.strip(),
            "OwnerId": _owner(n % self._users),
            LINK_FIELD: reminder_id(n),
            "CreatedDate": at,
            "LastModifiedDate": at,
            "SystemModstamp": at,
        }

    def _link(self, n: int) -> links.NewLink:
        user, owner = f"u{n % self._users}", _owner(n % self._users)
        base = {
            "name": Pair(f"Call about {n}", f"Call about {n}"),
            "status": Pair("open", "Not Started"),
            "priority": Pair("normal", "Normal"),
            "due_date": Pair(_due(n), _due(n)),
            "details": Pair(DETAILS, DETAILS.strip()),
            "assignee": Pair(user, owner),
        }
        return links.NewLink(reminder_id(n), task_id(n), base, user, owner, "pushed")


def reminder_id(n: int) -> str:
    """The n-th reminder's id."""
    return f"rem_{n:012d}"


def task_id(n: int) -> str:
    """The n-th task's id, 18 characters."""
    return id18(f"00TB{n:011d}")


def stamp(moment: datetime) -> str:
    """A time as both services load it, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _owner(n: int) -> str:
    return id18(f"005B{n:011d}")


def _due(n: int) -> str:
    return f"2027-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
