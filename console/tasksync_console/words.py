"""How the console names things, and makes foreign text fit for a terminal."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_mappings import Side

DIRECTIONS: Mapping[str, Side] = {"to-salesforce": "task", "to-salesconnect": "reminder"}
"""The runs' directions, each with the side that it writes."""

SERVICES: Mapping[str, str] = {"reminder": "Sales Connect", "task": "Salesforce"}
JOBS: Mapping[str, str] = {"reminder": "to-salesforce", "task": "to-salesconnect"}
"""The Meltano job that carries a side's changes over."""

TAPS: Mapping[str, str] = {"task": "tap-salesconnect", "reminder": "tap-salesforce-tasks"}
"""The tap of the job that writes a side."""
TARGETS: Mapping[str, str] = {"reminder": "TARGET_SALESFORCE_TASKS", "task": "TARGET_SALESCONNECT"}
"""How Meltano's variables for the settings of that job's target begin."""

EMPTY = "(empty)"
_LONGEST = 60
_MINUTE = 60
_UNITS = (("d", 86_400), ("h", 3_600), ("min", _MINUTE))
_HIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """Text of a record or a service on one line, without what would steer a terminal or turn its writing round."""
    shown = (" " if unicodedata.category(char) in _HIDDEN or char in _TURNING else char for char in text)
    return " ".join("".join(shown).split())


def short(value: Any, longest: int = _LONGEST) -> str:  # noqa: ANN401 - a record's value is any JSON
    """A record's value on one short line; null and empty text read the same."""
    text = clean("" if value is None else str(value))
    if not text:
        return EMPTY
    return text if len(text) <= longest else text[: longest - 1] + "…"


def moment(at: datetime | None) -> str:
    """A time to the second, in UTC."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """A length of time, in the one or two units that matter: `42 s`, `5 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    units = [(name, length) for name, length in _UNITS if length <= seconds][:2]
    told = []
    for name, length in units:
        number, seconds = divmod(seconds, length)
        told += [f"{number:.0f} {name}"] if number else []
    return " ".join(told)


def many(number: int, what: str) -> str:
    """A number with its noun: `1 task`, `2 tasks`."""
    return f"{number} {what if number == 1 else what + 's'}"


def some(items: Sequence[str], most: int) -> str:
    """The first items, and how many more there are."""
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest} more" if rest > 0 else "")


def plain(value: Any) -> Any:  # noqa: ANN401 - made for json.dumps
    """What JSON has no form for: a time as RFC 3339 in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)
