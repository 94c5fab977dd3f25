"""The sync's runs day by day, the latest ones, and what they cost in API calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger import browsing, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

DAYS = 14
WRITTEN = ("created", "updated", "deleted", "linked")


@dataclass(frozen=True, slots=True)
class Day:
    """What the runs of one day (UTC) did.

    Attributes:
        written: By direction, how many changes were carried over.
        runs: By outcome, how many runs ended so.
        api_calls: Of all of them.
    """

    date: date
    written: Mapping[str, int]
    runs: Mapping[str, int]
    api_calls: int

    @property
    def number(self) -> int:
        """How many runs there were."""
        return sum(self.runs.values())

    @property
    def failed(self) -> int:
        """How many of them stopped."""
        return self.runs.get(runs.STOPPED, 0)


@dataclass(frozen=True, slots=True)
class Pace:
    """All of it; `latest`: the newest runs, the newest first; `api_calls`: of the last 24 hours."""

    days: Sequence[Day]
    latest: Sequence[Mapping[str, Any]]
    api_calls: int


def pace(connection: Connection, at: datetime, *, days: int = DAYS, newest: int = 10) -> Pace:
    """How the sync is doing.

    Args:
        connection: The ledger.
        at: Now; aware.
        days: How many days back, today included.
        newest: How many of the latest runs.
    """
    today = at.astimezone(UTC).date()
    first = datetime.combine(today - timedelta(days=days - 1), datetime.min.time(), UTC)
    found = browsing.runs_since(connection, first)
    calls = sum(run["api_calls"] for run in found if run["started_at"] >= at - timedelta(hours=24))
    return Pace(
        days=_days(found, today, days),
        latest=runs.latest(connection, limit=newest),
        api_calls=calls,
    )


def _days(found: Sequence[Mapping[str, Any]], today: date, number: int) -> list[Day]:
    dates = [today - timedelta(days=back) for back in reversed(range(number))]
    written: dict[date, Counter[str]] = {date: Counter() for date in dates}
    outcomes: dict[date, Counter[str]] = {date: Counter() for date in dates}
    calls: Counter[date] = Counter()
    for run in found:
        day = run["started_at"].date()
        if run["dry_run"] or day not in outcomes:
            continue
        counts: Mapping[str, int] = run["counts"] or {}
        written[day][run["direction"]] += sum(counts.get(what, 0) for what in WRITTEN)
        outcomes[day][run["outcome"]] += 1
        calls[day] += run["api_calls"]
    return [Day(date, written[date], outcomes[date], calls[date]) for date in dates]
