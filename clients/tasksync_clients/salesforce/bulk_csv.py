"""The CSV of Bulk API 2.0: records to lines, lines to records, and what `sf__Error` says (wire facts §5)."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Final

from tasksync_clients.bodies import scrub
from tasksync_clients.transport import Answer

NULL: Final = "#N/A"
"""What stands for an explicit null: an empty value changes nothing."""
UPLOAD_AT_MOST: Final = 90_000_000
"""Bytes of one upload: 150 MB once base64 has blown it up, with some room."""
ROWS_AT_MOST: Final = 50_000
"""Rows of one job: five of the day's batches."""
_PIECE: Final = 64 * 1024
_ERROR: Final = re.compile(r"([A-Z0-9_]{1,80}):(.*?)(?::([^:]*?)\s*--)?", re.ASCII | re.DOTALL)

Record = Mapping[str, Any]


def fits(record: Record) -> bool:
    """Tell whether a record means in CSV what it means in JSON: a text `#N/A` would become null."""
    return all(map(_fits, record.values()))


def _fits(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().upper() != NULL
    return value is None or isinstance(value, bool | int | float | date)


def cell(value: object) -> str:
    """Write a value; null and the empty text clear the field, as they do in JSON."""
    if value is None or value == "":
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return scrub(str(value))


def columns_of(records: Sequence[Record]) -> list[str]:
    """List all columns that occur, in the order in which they first do."""
    return list(dict.fromkeys(name for record in records for name in record))


class Upload:
    """The CSV of some records, written anew each time it is sent, so that it is never in memory as a whole.

    A record's value for a column that it lacks is empty: that field is left as it is. Lines end in CRLF, because
    Python's writer puts a value in quotes only for characters of the line end that it is told of.
    """

    LINE_ENDING: Final = "CRLF"

    def __init__(self, columns: Sequence[str], records: Sequence[Record]) -> None:
        """Take the records and measure them."""
        self._columns = columns
        self._records = records
        self._length = sum(map(len, self))

    def __len__(self) -> int:
        """Say how many bytes it has."""
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """Give it in pieces of about 64 KB."""
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(self._columns)
        for record in self._records:
            writer.writerow([cell(record[name]) if name in record else "" for name in self._columns])
            if text.tell() >= _PIECE:
                yield text.getvalue().encode()
                text.seek(0)
                text.truncate()
        yield text.getvalue().encode()


def parts(records: Sequence[Record], most_bytes: int = UPLOAD_AT_MOST) -> Iterator[slice]:
    """Cut records so that each part fits into one upload."""
    start = size = 0
    for at, record in enumerate(records):
        # Four bytes a character and a pair of quotes: never too little, and no line is written for it.
        length = sum(4 * len(value) + 3 if isinstance(value, str) else 40 for value in record.values())
        if at > start and (size + length > most_bytes or at - start >= ROWS_AT_MOST):
            yield slice(start, at)
            start, size = at, 0
        size += length
    yield slice(start, len(records))


@dataclass(frozen=True, slots=True)
class Table:
    """A page of results: the names of its columns, and its rows, to be read once."""

    header: list[str]
    rows: Iterator[list[str]]

    def column(self, answer: Answer, name: str) -> int:
        """Find a column, whatever the case of its name.

        Raises:
            ProtocolError: there is none.
        """
        lower = [column.lower() for column in self.header]
        if name.lower() not in lower:
            answer.reject(f"results without the column {name}")
        return lower.index(name.lower())


@contextmanager
def table(answer: Answer) -> Iterator[Table]:
    """Open the CSV of a spooled answer, to be read once.

    Raises:
        ProtocolError: it is no CSV; also while its rows are read.
    """
    if answer.spool is None:
        answer.reject("no body")
    with io.TextIOWrapper(answer.spool, "utf-8", newline="") as text:
        rows = _rows(answer, text)
        yield Table(next(rows, []), rows)


def _rows(answer: Answer, text: IO[str]) -> Iterator[list[str]]:
    width = -1
    lines = csv.reader(text, strict=True)
    while True:
        try:
            row = next(lines, None)
        except (csv.Error, UnicodeDecodeError):
            answer.reject("something else than CSV")
        if row is None:
            return
        if row:
            width = len(row) if width < 0 else width
            if len(row) != width:
                answer.reject("CSV whose lines differ in length")
            yield row


def error(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Read code, reason and fields of an `sf__Error`, `CODE:message:Fields --`; other texts are a reason alone."""
    found = _ERROR.fullmatch(text)
    if found is None:
        return "", text, ()
    code, reason, fields = found.groups()
    return code, reason, tuple(re.findall(r"\w+", fields or "", re.ASCII))
