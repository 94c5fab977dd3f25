"""How the sync is doing: its runs day by day, how far behind each direction is, and what it costs in API calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_clients.errors import ProtocolError
from tasksync_console.words import DIRECTIONS
from tasksync_engine.ledger import browsing, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from tasksync_clients.salesforce import SalesforceClient

DAYS = 14
WRITTEN = ("created", "updated", "deleted", "linked")
ALLOWANCE = "DailyApiRequests"


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
class Lag:
    """How far behind one direction is.

    Attributes:
        direction: `to-salesforce` or `to-salesconnect`.
        since: What was changed before this is over there, or parked; None: nothing was carried over yet.
        behind: How long ago that is.
        run_id: The run that got there.
    """

    direction: str
    since: datetime | None
    behind: timedelta | None
    run_id: int | None


@dataclass(frozen=True, slots=True)
class Pace:
    """All of it; `latest`: the newest runs, the newest first."""

    days: Sequence[Day]
    lags: Sequence[Lag]
    latest: Sequence[Mapping[str, Any]]
    api_calls: int
    hours: int = field(default=24)


@dataclass(frozen=True, slots=True)
class Budget:
    """The org's API calls of any 24 hours.

    Attributes:
        total: The allowance.
        used: By everybody.
        reserve: What is left to others.
    """

    total: int
    used: int
    reserve: int

    @property
    def left(self) -> int:
        """What the sync may still use."""
        return max(0, self.total - self.used - self.reserve)


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
        lags=[_lag(connection, direction, at) for direction in DIRECTIONS],
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


def _lag(connection: Connection, direction: str, at: datetime) -> Lag:
    run = browsing.last_complete_run(connection, direction)
    if run is None:
        return Lag(direction, None, None, None)
    return Lag(direction, run["started_at"], max(at - run["started_at"], timedelta(0)), run["id"])


def read_budget(client: SalesforceClient, reserve_percent: float) -> Budget:
    """Ask Salesforce for its allowance: one API call.

    Raises:
        ClientError: It gave no answer, or none that tells.
    """
    told = client.limits().get(ALLOWANCE)
    most = told.get("Max") if isinstance(told, dict) else None
    left = told.get("Remaining") if isinstance(told, dict) else None
    if not isinstance(most, int) or not isinstance(left, int) or most <= 0:
        message = f"Salesforce's limits do not tell {ALLOWANCE}."
        raise ProtocolError(message)
    return Budget(most, max(0, most - left), int(most * reserve_percent / 100))
