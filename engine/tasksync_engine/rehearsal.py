"""A destination that is read and never written to: it answers as if it had been, and remembers what that would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_clients import RowResult
from tasksync_clients.soql import id18
from tasksync_engine.destination import Destination

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tasksync_engine.destination import Create, Notes, Traces, Update
    from tasksync_engine.records import Reader, Record
    from tasksync_mappings import Side

MADE = {"task": "00TNew", "reminder": "tasksync-not-made-"}
"""How the ids of records begin that were not made; no id of a service does."""

STAMPS = {"task": ("SystemModstamp", "LastModifiedDate"), "reminder": ("updated_at",)}


def is_made(record_id: str | None) -> bool:
    """Whether this is the id of a record that a rehearsal would have made."""
    return bool(record_id) and str(record_id).startswith(tuple(MADE.values()))


class Rehearsal(Destination):
    """Stands before a service in a run that shall write nothing to it.

    What it has taken it shows again, so that a record met twice is decided as it would be.
    """

    def __init__(self, real: Destination) -> None:
        """Read from the real one."""
        self._real = real
        self._changed: dict[str, dict[str, Any]] = {}
        self._deleted: set[str] = set()
        self._made = 0

    @property
    def side(self) -> Side:
        """As the real one."""
        return self._real.side

    @property
    def reader(self) -> Reader:
        """As the real one."""
        return self._real.reader

    @property
    def calls(self) -> int:
        """API calls made so far: reading costs them here too."""
        return self._real.calls

    @property
    def traces(self) -> Traces | None:
        """As the real one."""
        return self._real.traces

    def calls_left(self, changes: int = 0) -> int | None:
        """As the real one."""
        return self._real.calls_left(changes)

    def check_allowance(self) -> None:
        """As the real one."""
        self._real.check_allowance()

    def cost(self, linked: int, unlinked: int) -> int:
        """As the real one."""
        return self._real.cost(linked, unlinked)

    def time(self) -> datetime:
        """As the real one."""
        return self._real.time()

    def identity(self) -> tuple[str, str]:
        """As the real one."""
        return self._real.identity()

    def take_over(self, notes: Notes) -> None:
        """Nothing: to abort what an earlier run left would be a write."""

    def prepare(self) -> None:
        """As the real one."""
        self._real.prepare()

    def requirements(self) -> str:
        """As the real one."""
        return self._real.requirements()

    def active_users(self, emails: Sequence[str]) -> dict[str, list[str]]:
        """As the real one."""
        return self._real.active_users(emails)

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """The living records, with what would have been written to them."""
        made = {id_ for id_ in ids if is_made(id_) and id_ in self._changed}
        found = self._real.read([id_ for id_ in ids if id_ not in made])
        return {
            id_: self._record(self._changed[id_]) if id_ in self._changed else found[id_]
            for id_ in ids
            if id_ not in self._deleted and (id_ in found or id_ in made)
        }

    def counterparts(self, records: Sequence[Record]) -> dict[str, list[Record]]:
        """Those of the real one, without what would be deleted."""
        found = self._real.counterparts(records)
        return {key: [one for one in group if one.id not in self._deleted] for key, group in found.items()}

    def create(self, creates: Sequence[Create]) -> list[RowResult]:
        """Answer that all were made."""
        return [RowResult(ok=True, id=self._make(create)) for create in creates]

    def _make(self, create: Create) -> str:
        self._made += 1
        number = f"{self._made:09d}"
        now = self._now()
        if self.side == "task":
            record_id = id18(f"{MADE['task']}{number}")
            raw: dict[str, Any] = {"Id": record_id, "CreatedDate": now, **dict.fromkeys(STAMPS["task"], now)}
        else:
            record_id = f"{MADE['reminder']}{number}"
            raw = {"id": record_id, "created_at": now, "updated_at": now}
        self._changed[record_id] = {**create.columns, **raw}
        return record_id

    def update(self, updates: Sequence[Update]) -> list[RowResult]:
        """Answer that all were written."""
        for one in updates:
            stamps = dict.fromkeys(STAMPS[self.side], self._now())
            self._changed[one.current.id] = {**one.current.raw, **one.values, **stamps}
        return [RowResult(ok=True, id=one.current.id) for one in updates]

    def delete(self, records: Sequence[Record]) -> list[RowResult]:
        """Answer that all are gone."""
        self._deleted |= {record.id for record in records}
        return [RowResult(ok=True, id=record.id) for record in records]

    def touched(self, record_id: str | None) -> bool:
        """Whether a record would be another one than it is."""
        return record_id in self._changed or record_id in self._deleted

    def shown(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """A record of this side as the other direction would meet it, had this run been a real one."""
        record_id = str(raw.get("Id") or raw.get("id") or "")
        if record_id in self._deleted:
            gone = {"IsDeleted": True} if self.side == "task" else {"deleted_at": self._now()}
            return {**raw, **gone, **dict.fromkeys(STAMPS[self.side], self._now())}
        return {**raw, **self._changed.get(record_id, {})}

    def changed(self) -> Iterator[Mapping[str, Any]]:
        """The records that would be another one than they are, as they would be; no new ones."""
        for record_id, raw in self._changed.items():
            if record_id not in self._deleted and not is_made(record_id):
                yield raw

    def _record(self, raw: Mapping[str, Any]) -> Record:
        return self.reader(raw)

    def _now(self) -> str:
        return self.time().isoformat()
