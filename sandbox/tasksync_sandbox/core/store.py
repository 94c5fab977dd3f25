"""A service's whole state: tables, named values and the write list, in memory and in its journal."""

from __future__ import annotations

import heapq
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec

from tasksync_sandbox.core.journal import Change, Entry, Journal
from tasksync_sandbox.core.table import Indexes, Table, Undo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from tasksync_sandbox.core.clock import Clock

R = TypeVar("R")
_CHUNK = 10_000
_ABSENT = object()


class _Mark(NamedTuple):
    changes: int
    values: int
    writes: int


class Store:
    """Tables with transactions over one journal file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Name the journal file; declare tables next, then call `open`."""
        self.tables: dict[str, Table[Any]] = {}
        self.values: dict[str, Any] = {}
        self.writes: list[dict[str, Any]] = []
        self._clock = clock
        self._path = path
        self._journal: Journal
        self._due: list[tuple[float, str, str]] = []
        self._depth = 0
        self._entry = Entry()
        self._undo: list[Undo[Any]] = []
        self._old_values: list[tuple[str, Any]] = []

    def table(
        self, name: str, row_type: type[R], key: Callable[[R], str], indexes: Indexes[R] | None = None
    ) -> Table[R]:
        """Declare a table; `key` gives the id of a row. A name that begins with `_` is for what is no record."""
        table = Table(name, row_type, key, indexes or Indexes(), self._changed)
        self.tables[name] = table
        return table

    def open(self) -> None:
        """Replay the journal and compact it where over half of it is history."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(self._path)
        replayed = self._replay()
        if replayed > 2 * sum(len(table.rows) for table in self.tables.values()) + _CHUNK:
            self.compact()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside as one journal entry, or undo it when an exception leaves the block.

        A nested transaction undoes its own part alone; nothing inside may await.
        """
        mark = _Mark(len(self._undo), len(self._old_values), len(self._entry.writes))
        self._depth += 1
        try:
            yield
        except BaseException:
            self._roll_back(mark)
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._commit()

    def set_value(self, name: str, value: Any) -> None:  # noqa: ANN401  anything that MessagePack can hold
        """Keep a named value; treat what was stored as immutable."""
        self._old_values.append((name, self.values.get(name, _ABSENT)))
        self.values[name] = self._entry.values[name] = value

    def note_write(self, call: str, kind: str, record_id: str, action: str, fields: Collection[str]) -> None:
        """Add one committed record to the write list.

        Args:
            call: method and path of the request.
            kind: what the record is, such as `Task` or `reminder`.
            record_id: its id.
            action: `create`, `update` or `delete`.
            fields: names of the changed fields.
        """
        time = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._entry.writes.append(
            {"time": time, "call": call, "object": kind, "id": record_id, "action": action, "fields": list(fields)}
        )

    def publish_due(self) -> None:
        """Let readers see all late commits whose time has come; called before each request."""
        if not self._due:
            return
        now = self._clock.timestamp()
        while self._due and self._due[0][0] <= now:
            visible_at, name, key = heapq.heappop(self._due)
            late = self.tables[name].late.get(key)
            if late is not None and late.visible_at == visible_at:
                self.tables[name].publish(key)

    def clear(self, keep: Collection[str] = ()) -> None:
        """Forget all rows, writes and values but those named in `keep`."""
        for table in self.tables.values():
            table.clear()
        self._due.clear()
        self.writes.clear()
        self.values = {name: value for name, value in self.values.items() if name in keep}
        self.compact()

    def compact(self) -> None:
        """Write the journal anew with nothing but the present state."""
        self._journal.rewrite(self._present())

    def _present(self) -> Iterator[Entry]:
        yield Entry(values=self.values, writes=self.writes)
        for table in self.tables.values():
            rows = iter(table.rows.items())
            while chunk := [Change(table.name, key, row) for key, row in islice(rows, _CHUNK)]:
                yield Entry(changes=chunk)
            yield Entry(changes=[Change(table.name, key, *late) for key, late in table.late.items()])

    def _replay(self) -> int:
        decoders = {name: msgspec.msgpack.Decoder(table.row_type | None) for name, table in self.tables.items()}
        count = 0
        for entry in self._journal.replay():
            self.values |= entry.values
            self.writes += entry.writes
            count += len(entry.changes)
            rows: dict[str, list[Any]] = {}
            for change in entry.changes:
                row = decoders[change.table].decode(change.row)
                if row is not None and change.visible_at is None:
                    rows.setdefault(change.table, []).append(row)
                    continue
                self._put_all(rows)
                self._replay_one(self.tables[change.table], change.key, row, change.visible_at)
            self._put_all(rows)
            self._forget_undo()
        return count

    def _put_all(self, rows: dict[str, list[Any]]) -> None:
        for name, found in rows.items():
            self.tables[name].put_all(found)
        rows.clear()

    def _replay_one(self, table: Table[Any], key: str, row: Any, visible_at: float | None) -> None:  # noqa: ANN401
        if row is None:
            table.remove(key, visible_at)
        else:
            table.put(row, visible_at)

    def _changed(self, undo: Undo[Any], row: Any, visible_at: float | None) -> None:  # noqa: ANN401  any row
        self._undo.append(undo)
        self._entry.changes.append(Change(undo.table.name, undo.key, row, visible_at))
        if visible_at is not None:
            heapq.heappush(self._due, (visible_at, undo.table.name, undo.key))

    def _roll_back(self, mark: _Mark) -> None:
        for undo in reversed(self._undo[mark.changes :]):
            undo.table.restore(undo.key, undo.row)
        for name, value in reversed(self._old_values[mark.values :]):
            if value is _ABSENT:
                del self.values[name]
                self._entry.values.pop(name, None)
            else:
                self.values[name] = self._entry.values[name] = value
        del self._undo[mark.changes :], self._entry.changes[mark.changes :]
        del self._old_values[mark.values :], self._entry.writes[mark.writes :]

    def _commit(self) -> None:
        if self._entry.changes or self._entry.values or self._entry.writes:
            self._journal.append(self._entry)
            self.writes += self._entry.writes
        self._forget_undo()

    def _forget_undo(self) -> None:
        self._entry = Entry()
        self._undo.clear()
        self._old_values.clear()
