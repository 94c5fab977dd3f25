"""Both sides as they were read whole: on disk, so that memory does not grow with them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, Self

from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.schema import decode_json, encode_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tasksync_engine.ledger import Ledger
    from tasksync_engine.sources import Raw, Source
    from tasksync_mappings import Side

PIECE = 2000


def id_of(raw: Mapping[str, Any]) -> str:
    """A record's id on its side; empty where it tells none."""
    found = raw.get("Id") or raw.get("id")
    return found if isinstance(found, str) else ""


class Snapshot:
    """Records of both sides, in a temporary file that goes with the process."""

    def __init__(self) -> None:
        """Hold none."""
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("CREATE TABLE kept (place INTEGER PRIMARY KEY, side TEXT, id TEXT, raw TEXT)")
        self._file.execute("CREATE UNIQUE INDEX ids ON kept (side, id)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def add(self, side: Side, raws: Iterable[Mapping[str, Any]]) -> None:
        """Keep these; a later one of an id replaces an earlier one."""
        rows = [(side, id_of(raw), encode_json(dict(raw))) for raw in raws if id_of(raw)]
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO kept (side, id, raw) VALUES (?, ?, ?)", rows)
        self._file.execute("COMMIT")

    def missing(self, side: Side, ids: Sequence[str]) -> list[str]:
        """Those of these ids that were not read."""
        known = self.of(side, ids)
        return [id_ for id_ in ids if id_ not in known]

    def of(self, side: Side, ids: Sequence[str]) -> dict[str, Raw]:
        """These records, by id."""
        found: dict[str, Raw] = {}
        for part in chunks(list(ids)):
            marks = ",".join("?" * len(part))
            query = f"SELECT id, raw FROM kept WHERE side = ? AND id IN ({marks})"  # noqa: S608 - marks only
            rows = self._file.execute(query, [side, *part])
            found |= {id_: decode_json(raw) for id_, raw in rows}
        return found

    def records(self, side: Side, without: Collection[str] = ()) -> Iterator[list[Raw]]:
        """All of one side, piece by piece, but for these ids."""
        last = 0
        query = "SELECT place, id, raw FROM kept WHERE side = ? AND place > ? ORDER BY place LIMIT ?"
        while rows := self._file.execute(query, (side, last, PIECE)).fetchall():
            last = rows[-1][0]
            yield [decode_json(raw) for _, id_, raw in rows if id_ not in without]


def fill(
    snapshot: Snapshot, source: Source, users: Sequence[str], ledger: Ledger, progress: Callable[[int], None]
) -> None:
    """Read all records of these users, and every linked one that is not among them: deleted, or somebody else's now.

    Raises:
        ClientError: The service cannot be read.
    """
    for page in source.of_users(users) if users else ():
        snapshot.add(source.side, page)
        progress(len(page))
    for ids in ledger.linked_ids(source.side):
        unread = snapshot.missing(source.side, ids)
        found = source.by_ids(unread) if unread else {}
        at = source.time() if len(found) < len(unread) else ""
        snapshot.add(source.side, found.values())
        snapshot.add(source.side, [source.tombstone(id_, at) for id_ in unread if id_ not in found])
        progress(len(unread))
