"""The ids that a run has met, on disk: a run may meet millions, and its memory must not grow with them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PIECE = 2000
"""As many as one look takes."""
_AT_ONCE = 500


class Seen:
    """A set of ids in a temporary file, which goes with the process."""

    def __init__(self) -> None:
        """Hold none."""
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, ids: Iterable[str]) -> None:
        """Remember these."""
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((id_,) for id_ in ids))
        self._file.execute("COMMIT")

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those of these that were not met, in order."""
        met: set[str] = set()
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            met.update(row[0] for row in self._file.execute(f"SELECT id FROM seen WHERE id IN ({marks})", part))  # noqa: S608 - marks only
        return [id_ for id_ in ids if id_ not in met]

    def missing_in(self, pieces: Iterable[Sequence[str]]) -> Iterator[list[str]]:
        """Those of all pieces that were not met, in pieces of their own."""
        waiting: list[str] = []
        for piece in pieces:
            waiting += self.missing(piece)
            while len(waiting) >= PIECE:
                yield waiting[:PIECE]
                del waiting[:PIECE]
        if waiting:
            yield waiting
