"""The templates, and how they show times, values and addresses."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from tasksync_console.summary import parted
from tasksync_console.summary_text import counts_in_words
from tasksync_console.words import EMPTY, SERVICES, clean, many, moment, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGES = (
    ("/", "Overview"),
    ("/command-center", "Command Center"),
    ("/diagnostics", "Diagnostics"),
    ("/conflicts", "Conflicts"),
    ("/links", "Links"),
    ("/roster", "Roster"),
    ("/settings", "Settings"),
)
_BACKTICKED = re.compile(r"`([^`]+)`")
_LONGEST = 2000


@cache
def environment() -> Environment:
    """The templates; whatever they show is escaped, and a value that nobody gave is an error."""
    made = Environment(
        loader=PackageLoader("tasksync_console.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"value": value, "moment": moment, "ago": ago, "lasting": span, "thousands": thousands}
    made.filters |= {"coded": coded, "words": words, "day": day, "counted": counted}
    made.globals |= {"pages": PAGES, "services": SERVICES, "many": many, "address": address, "now": _now}
    return made


def value(shown: Any, longest: int = _LONGEST) -> str:  # noqa: ANN401 - a record's value is any JSON
    """A record's value as text; null and empty text read the same, and what steers a writing's direction is gone."""
    text = "\n".join(clean(line) for line in ("" if shown is None else str(shown)).splitlines()).strip()
    if not text:
        return EMPTY
    return text if len(text) <= longest else text[: longest - 1] + "…"


def ago(at: datetime | None) -> str:
    """How long ago a time was, or how far ahead it is."""
    if at is None:
        return ""
    seconds = (_now() - at).total_seconds()
    return f"{span(seconds)} ago" if seconds >= 0 else f"in {span(-seconds)}"


def coded(text: str) -> Markup:
    """Text in which `what stands between backticks` is code."""
    made = Markup("")
    for place, piece in enumerate(_BACKTICKED.split(text)):
        made += Markup("<code>{}</code>").format(piece) if place % 2 else escape(piece)
    return made


def counted(counts: Mapping[str, int]) -> str:
    """What a run did, with what it skipped as one number."""
    kept, skipped = parted(counts)
    total = sum(skipped.values())
    return counts_in_words(kept | ({"skipped": total} if total else {}))


def words(field: str) -> str:
    """A field's canonical name as people write it."""
    return field.replace("_", " ")


def day(text: str) -> str:
    """A date as both services write it, with its weekday."""
    return date.fromisoformat(text).strftime("%A, %d %B")


def thousands(number: float) -> str:
    """A number with its thousands set apart."""
    return f"{number:,.0f}"


def address(path: str, given: Iterable[tuple[str, Any]] = (), /, **more: Any) -> str:  # noqa: ANN401 - any value's text
    """A path with a query of what is set."""
    query = {key: text for key, text in {**dict(given), **more}.items() if text is not None and text != ""}
    return f"{path}?{urlencode(query)}" if query else path


def _now() -> datetime:
    return datetime.now(UTC)
