"""SOQL text: the only place where values are quoted for Salesforce's query language."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Final
from urllib.parse import quote as percent_encode

from tasksync_clients.bodies import scrub

URI_LIMIT: Final = 16_384
"""Bytes: a longer URI is answered with 414, a longer URI together with its headers with 431 (wire facts §2)."""

_ESCAPES: Final = str.maketrans(
    {
        "\\": r"\\",
        "'": r"\'",
        '"': r"\"",
        "\n": r"\n",
        "\r": r"\r",
        "\t": r"\t",
        "\b": r"\b",
        "\f": r"\f",
    }
)
_ID: Final = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
_SUFFIX_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT_ID: Final = 15


def quote(value: str) -> str:
    """Write a text as a SOQL string literal, quotes included."""
    return f"'{scrub(value).translate(_ESCAPES)}'"


def literal(value: str | bool | int | date | datetime | None) -> str:  # noqa: FBT001 - a boolean is one of the values
    """Write a value as a SOQL literal; times must know their zone and go out as UTC.

    Raises:
        ValueError: the time has no zone.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return _time(value)
    if isinstance(value, date):
        return value.isoformat()
    return quote(value)


def _time(value: datetime) -> str:
    if value.tzinfo is None:
        message = "A time in SOQL needs a time zone."
        raise ValueError(message)
    precision = "milliseconds" if value.microsecond else "seconds"
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def in_query(soql: str) -> str:
    """Percent-encode a text for the query of a URI; quotes, commas and brackets may stay as they are (RFC 3986)."""
    return percent_encode(soql, safe="'(),")


def in_list(values: Iterable[str]) -> str:
    """Write texts as the right side of IN: `('a','b')`.

    Raises:
        ValueError: there are no values; SOQL knows no empty list.
    """
    quoted = [quote(value) for value in values]
    if not quoted:
        message = "SOQL knows no empty IN list."
        raise ValueError(message)
    return f"({','.join(quoted)})"


def chunked_in(field: str, values: Iterable[str], budget_bytes: int = 12_000) -> Iterator[str]:
    """Split `field IN (…)` into conditions that are each at most `budget_bytes` long once percent-encoded.

    The budget leaves room for the rest of the query, the host and the headers below `URI_LIMIT`. Values that occur
    twice are asked for once; no values, no conditions. A value too long for the budget gets a condition of its own.
    """
    frame = len(in_query(f"{field} IN ()"))
    piece: list[str] = []
    used = frame
    for value in dict.fromkeys(values):
        cost = len(in_query(quote(value) + ","))
        if piece and used + cost > budget_bytes:
            yield f"{field} IN {in_list(piece)}"
            piece, used = [], frame
        piece.append(value)
        used += cost
    if piece:
        yield f"{field} IN {in_list(piece)}"


def is_id(value: str) -> bool:
    """Tell whether a text has the form of a Salesforce id: 15 or 18 ASCII letters and digits."""
    return _ID.fullmatch(value) is not None


def id18(id: str) -> str:  # noqa: A002 - the name of the thing
    """Give the 18-character form of a Salesforce id; an 18-character one comes back as it is.

    Each of the three further characters says which of five letters are capitals, so that the id survives a
    comparison without regard to case.

    Raises:
        ValueError: this is no Salesforce id.
    """
    if not is_id(id):
        message = "A Salesforce id has 15 or 18 letters and digits."
        raise ValueError(message)
    if len(id) != _SHORT_ID:
        return id
    groups = (id[0:5], id[5:10], id[10:15])
    return id + "".join(_SUFFIX_LETTERS[sum(char.isupper() << at for at, char in enumerate(five))] for five in groups)
