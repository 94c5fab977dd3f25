"""An append-only file of committed requests; it survives a SIGKILL of its writer."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LENGTH = struct.Struct(">Q")


class Change(msgspec.Struct, array_like=True):
    """One new version of a row.

    Attributes:
        table: name of its table.
        key: its id.
        row: the encoded row; nil when it is removed.
        visible_at: seconds since 1970 from when readers see it; None means at once.
    """

    table: str
    key: str
    row: Any
    visible_at: float | None = None


class Entry(msgspec.Struct, array_like=True):
    """What one request committed."""

    changes: list[Change] = msgspec.field(default_factory=list)
    values: dict[str, Any] = msgspec.field(default_factory=dict)
    writes: list[dict[str, Any]] = msgspec.field(default_factory=list)


class _StoredChange(msgspec.Struct, array_like=True):
    table: str
    key: str
    row: msgspec.Raw
    visible_at: float | None = None


class StoredEntry(msgspec.Struct, array_like=True):
    """An entry as read back: rows are still encoded, because only their table knows their type."""

    changes: list[_StoredChange]
    values: dict[str, Any]
    writes: list[dict[str, Any]]


class Journal:
    """The file; each entry is its length in 8 bytes, then MessagePack."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self._path = path
        self._encoder = msgspec.msgpack.Encoder()
        self._file = path.open("ab", buffering=0)

    def append(self, entry: Entry) -> None:
        """Hand one entry to the operating system in one write."""
        self._file.write(self._framed(entry))

    def replay(self) -> Iterator[StoredEntry]:
        """Yield all whole entries; a torn one at the end (killed while writing) is cut off."""
        decoder = msgspec.msgpack.Decoder(StoredEntry)
        whole = 0
        with self._path.open("rb") as file:
            while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
                (length,) = _LENGTH.unpack(head)
                if len(body := file.read(length)) < length:
                    break
                yield decoder.decode(body)
                whole = file.tell()
        self._file.truncate(whole)

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """Replace the whole file; a crash in between leaves the old one."""
        draft = self._path.with_suffix(".new")
        with draft.open("wb") as file:
            file.writelines(self._framed(entry) for entry in entries)
        self._file.close()
        draft.replace(self._path)
        self._file = self._path.open("ab", buffering=0)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _framed(self, entry: Entry) -> bytes:
        body = self._encoder.encode(entry)
        return _LENGTH.pack(len(body)) + body
