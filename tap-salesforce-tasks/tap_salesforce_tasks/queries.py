"""The SOQL texts of the tap; values are quoted by `tasksync_clients.soql` alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tasksync_clients.soql import literal
from tasksync_engine.singer.tap_times import moment

if TYPE_CHECKING:
    from collections.abc import Iterable


def select(sobject: str, fields: Iterable[str], conditions: Iterable[str]) -> str:
    """All records that fit all conditions, in (time, id) order."""
    return f"{unordered(sobject, fields, conditions)} ORDER BY SystemModstamp, Id"


def unordered(sobject: str, fields: Iterable[str], conditions: Iterable[str]) -> str:
    """All records that fit all conditions, for a query job, which is the faster for having no order to keep."""
    return f"SELECT {','.join(fields)} FROM {sobject} WHERE {' AND '.join(conditions)}"  # noqa: S608  names are the settings'


def count(sobject: str, conditions: Iterable[str]) -> str:
    """How many records fit all conditions."""
    return f"SELECT COUNT() FROM {sobject} WHERE {' AND '.join(conditions)}"  # noqa: S608  names are the settings'


def window(since: str | None, end: datetime) -> list[str]:
    """Conditions for what was stamped from `since` on (in the fixed format) and before `end`; None leaves it open."""
    lower = [] if since is None else [f"SystemModstamp >= {literal(moment(since))}"]
    return [*lower, f"SystemModstamp < {literal(end)}"]


def window_end(now: datetime) -> datetime:
    """The end of the second that the service's clock shows.

    Its stamps are whole seconds, and its HTTP date is cut to the second: what was stamped before the login is read.
    What is stamped in this second after the reading is in the next run's overlap.
    """
    return now.replace(microsecond=0) + timedelta(seconds=1)
