"""One kind of record: rows by id, their indexes, and versions that are not visible yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from tasksync_sandbox.core.indexes import HashIndex, OrderedIndex, UniqueIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
    from typing import Any

R = TypeVar("R")


@dataclass(frozen=True)
class Indexes(Generic[R]):
    """Indexes of a table by name, each a function from a row to its value (None: the row is left out)."""

    unique: Mapping[str, Callable[[R], Hashable | None]] = field(default_factory=dict)
    hashed: Mapping[str, Callable[[R], Hashable | None]] = field(default_factory=dict)
    ordered: Mapping[str, Callable[[R], Any]] = field(default_factory=dict)


class Late(NamedTuple, Generic[R]):
    """A committed version that readers see only from `visible_at` (seconds since 1970); row None is a removal."""

    row: R | None
    visible_at: float


class Undo(NamedTuple, Generic[R]):
    """What to put back when a transaction fails."""

    table: Table[R]
    key: str
    row: R | None


class Table(Generic[R]):
    """Rows by id; rows are immutable, a new version is a new object."""

    def __init__(
        self,
        name: str,
        row_type: type[R],
        key: Callable[[R], str],
        indexes: Indexes[R],
        changed: Callable[[Undo[R], R | None, float | None], None],
    ) -> None:
        """Made by `Store.table`; `changed` hears of every change before it takes effect."""
        self.name = name
        self.row_type = row_type
        self.rows: dict[str, R] = {}
        self.late: dict[str, Late[R]] = {}
        self._key = key
        self._changed = changed
        self.unique = {name: UniqueIndex(value) for name, value in indexes.unique.items()}
        self.hashed = {name: HashIndex(value) for name, value in indexes.hashed.items()}
        self.ordered = {name: OrderedIndex(value) for name, value in indexes.ordered.items()}
        self._indexes = [*self.unique.values(), *self.hashed.values(), *self.ordered.values()]

    def add_hashed(self, name: str, value: Callable[[R], Hashable | None]) -> None:
        """Add an index for equal values to a table that may hold rows already."""
        index = HashIndex(value)
        index.add_all(self.rows.items())
        self.hashed[name] = index
        self._indexes.append(index)

    def get(self, key: str) -> R | None:
        """The row as readers see it."""
        return self.rows.get(key)

    def find(self, index: str, value: Hashable) -> list[R]:
        """Rows that a unique or hashed index holds for a value, as readers see them."""
        return [self.rows[key] for key in self._by_value(index).find(value)]

    def latest(self, key: str) -> R | None:
        """The row for a writer: a version still in its late commit becomes visible first."""
        if key in self.late:
            self.publish(key)
        return self.rows.get(key)

    def holder(self, index: str, value: Hashable) -> Collection[str]:
        """Ids of rows with a value, for a writer: late commits with that value become visible first."""
        chosen = self._by_value(index)
        for key, late in list(self.late.items()):
            if late.row is not None and chosen.value(late.row) == value:
                self.publish(key)
        for key in list(chosen.find(value)):
            self.latest(key)
        return chosen.find(value)

    def put(self, row: R, visible_at: float | None = None) -> None:
        """Write a version; with `visible_at` (seconds since 1970) readers keep the old one until then."""
        self._change(self._key(row), row, visible_at)

    def put_all(self, rows: Iterable[R]) -> None:
        """Write many versions, visible at once; made for loading."""
        fresh: dict[str, R] = {}
        for row in rows:
            key = self._key(row)
            if key not in fresh and (key in self.rows or key in self.late):
                self._change(key, row, None)
            else:
                self._changed(Undo(self, key, self.rows.get(key)), row, None)
                fresh[key] = self.rows[key] = row
        for index in self._indexes:
            index.add_all(fresh.items())

    def remove(self, key: str, visible_at: float | None = None) -> None:
        """Take a row out for good; with `visible_at` readers keep it until then."""
        self._change(key, None, visible_at)

    def publish(self, key: str) -> None:
        """Let readers see the version that is in its late commit."""
        self._set(key, self.late.pop(key).row)

    def restore(self, key: str, row: R | None) -> None:
        """Put a row back as it was before a failed transaction."""
        self.late.pop(key, None)
        self._set(key, row)

    def clear(self) -> None:
        """Forget everything."""
        self.rows.clear()
        self.late.clear()
        for index in self._indexes:
            index.clear()

    def _by_value(self, index: str) -> UniqueIndex[R] | HashIndex[R]:
        return self.unique[index] if index in self.unique else self.hashed[index]

    def _change(self, key: str, row: R | None, visible_at: float | None) -> None:
        if key in self.late:
            self.publish(key)
        self._changed(Undo(self, key, self.rows.get(key)), row, visible_at)
        if visible_at is None:
            self._set(key, row)
        else:
            self.late[key] = Late(row, visible_at)

    def _set(self, key: str, row: R | None) -> None:
        old = self.rows.get(key)
        if old is row:
            return
        for index in self._indexes:
            index.move(key, old, row)
        if row is None:
            del self.rows[key]
        else:
            self.rows[key] = row
