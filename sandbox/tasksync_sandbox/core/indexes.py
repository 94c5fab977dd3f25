"""Indexes of a table: by equal value, and by order."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sortedcontainers import SortedList  # type: ignore[import-untyped]  # ships no types

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator

R = TypeVar("R")


class Index(Generic[R]):
    """What all indexes share: the value of a row; rows whose value is None are left out."""

    def __init__(self, value: Callable[[R], Any]) -> None:
        """Index rows by what `value` returns for them."""
        self.value = value
        self.clear()

    def move(self, key: str, old: R | None, new: R | None) -> None:
        """Replace a row's version; None on either side means there is none."""
        before = None if old is None else self.value(old)
        after = None if new is None else self.value(new)
        if before == after:
            return
        if before is not None:
            self.discard(key, before)
        if after is not None:
            self.add(key, after)

    def add_all(self, rows: Iterable[tuple[str, R]]) -> None:
        """Take in many rows that are not in the index yet."""
        for key, row in rows:
            if (value := self.value(row)) is not None:
                self.add(key, value)

    def add(self, key: str, value: Any) -> None:  # noqa: ANN401  any value that the index can hold
        """Take in a row by its value."""
        raise NotImplementedError

    def discard(self, key: str, value: Any) -> None:  # noqa: ANN401  as above
        """Forget a row by its value."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget all rows."""
        raise NotImplementedError


class UniqueIndex(Index[R]):
    """Finds the one row with a value."""

    def clear(self) -> None:
        """Forget all rows."""
        self._ids: dict[Hashable, str] = {}

    def find(self, value: Hashable) -> Collection[str]:
        """Ids (none or one) of the rows with this value."""
        key = self._ids.get(value)
        return () if key is None else (key,)

    def add(self, key: str, value: Hashable) -> None:
        """Take in a row by its value."""
        self._ids[value] = key

    def discard(self, key: str, value: Hashable) -> None:
        """Forget a row by its value."""
        if self._ids.get(value) == key:
            del self._ids[value]


class HashIndex(Index[R]):
    """Finds all rows with a value, in the order they came."""

    def clear(self) -> None:
        """Forget all rows."""
        self._ids: dict[Hashable, dict[str, None]] = {}

    def find(self, value: Hashable) -> Collection[str]:
        """Ids of the rows with this value."""
        return self._ids.get(value, {}).keys()

    def add(self, key: str, value: Hashable) -> None:
        """Take in a row by its value."""
        self._ids.setdefault(value, {})[key] = None

    def discard(self, key: str, value: Hashable) -> None:
        """Forget a row by its value."""
        ids = self._ids[value]
        del ids[key]
        if not ids:
            del self._ids[value]


class OrderedIndex(Index[R]):
    """Keeps `(value, id)` pairs in order; all values must be comparable with each other."""

    def clear(self) -> None:
        """Forget all rows."""
        self._entries: SortedList = SortedList()

    def __len__(self) -> int:
        """How many rows are in the index."""
        return len(self._entries)

    def walk(
        self,
        low: tuple[Any, ...] | None = None,
        high: tuple[Any, ...] | None = None,
        *,
        inclusive: tuple[bool, bool] = (True, True),
        reverse: bool = False,
    ) -> Iterator[tuple[Any, str]]:
        """Yield the pairs between two bounds in order; a bound `(value,)` lies before all ids of that value."""
        found: Iterator[tuple[Any, str]] = self._entries.irange(low, high, inclusive, reverse)
        return found

    def after(self, position: tuple[Any, ...] | None, count: int) -> list[tuple[Any, str]]:
        """At most `count` pairs that follow `position` (itself left out; None means from the start)."""
        return list(islice(self._entries.irange(position, None, (False, True)), count))

    def rank(self, position: tuple[Any, ...]) -> int:
        """How many pairs lie before `position`; for counting a range without walking it."""
        return int(self._entries.bisect_left(position))

    def add(self, key: str, value: Any) -> None:  # noqa: ANN401  anything comparable
        """Take in a row by its value."""
        self._entries.add((value, key))

    def add_all(self, rows: Iterable[tuple[str, R]]) -> None:
        """Take in many rows; far faster than one by one."""
        self._entries.update([(value, key) for key, row in rows if (value := self.value(row)) is not None])

    def discard(self, key: str, value: Any) -> None:  # noqa: ANN401  anything comparable
        """Forget a row by its value."""
        self._entries.remove((value, key))
