"""What an org of so many users costs: API calls, seconds and lag, and where Salesforce's limits bite.

Pure: the unit costs are measured elsewhere (`costs.py`), the limits are Salesforce's published ones (Salesforce facts,
§5 and §10).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What one call takes, in records.
TASKS_A_PAGE, REMINDERS_A_PAGE, TASKS_READ, WRITTEN, LOOKED_UP = 2_000, 500, 2_000, 200, 240
ROSTER = 1
"""Calls of each side that look at the users: of the run for all users, or of the plan that shards go by."""
OVERLAP = 600
"""Seconds that each run reads again."""

DAILY_CALLS, CALLS_A_LICENCE = 100_000, 1_000
"""Enterprise Edition: so many in 24 hours, and so many more for each licence."""
LONG_REQUESTS = 25
"""Requests of 20 seconds or more that may be under way at once."""
BULK_BATCHES, ROWS_A_BATCH = 15_000, 10_000
"""Batches in 24 hours, Bulk API and Bulk API 2.0 together."""

DAY = 86_400
INTERVALS = (60, 120, 300, 600, 900, 1800, 3600)
MOST_WORKERS = 500
BUSY_SHARE = 0.8
"""A run may take this much of its interval in the busiest hour."""


@dataclass(frozen=True)
class Org:
    """An org and its habits.

    Attributes:
        users: who have task sync on; each has a Salesforce licence.
        changes: of a user on a working day and on each side.
        created: the share of the changes that are new records.
        busiest: the share of the day's changes that fall into its busiest hour; the rest falls into nine others.
        records: a user's tasks and reminders that a first sync brings over.
        reserve: the share of the calls that is left to others (`api_reserve_percent`).
    """

    users: int
    changes: float = 20
    created: float = 0.2
    busiest: float = 0.2
    records: int = 50
    reserve: float = 0.1

    def phases(self) -> Iterator[tuple[int, float]]:
        """The day: so many seconds with so many changes a second on each side; the busiest hour first."""
        total = self.users * self.changes
        yield 3600, total * self.busiest / 3600
        yield 9 * 3600, total * (1 - self.busiest) / (9 * 3600)
        yield 14 * 3600, 0.0

    @property
    def calls_allowed(self) -> int:
        """Calls in 24 hours that are the connector's."""
        return int((DAILY_CALLS + CALLS_A_LICENCE * self.users) * (1 - self.reserve))


@dataclass(frozen=True)
class Costs:
    """What was measured, and what a call takes.

    Attributes:
        seconds: of a whole run without changes.
        cpu_seconds: likewise.
        cpu_seconds_a_change: what each change adds.
        creates_a_second: of a first sync, by one worker.
        latency: seconds that a call takes which reads.
        write_latency: seconds that a call takes which writes 200 records, with the org's own automation.
        parallel: calls of one worker that are under way at once.
    """

    seconds: float
    cpu_seconds: float
    cpu_seconds_a_change: float
    creates_a_second: float
    latency: float = 0.4
    write_latency: float = 4.0
    parallel: int = 4

    @property
    def created_a_second(self) -> float:
        """Records that one worker creates a second: by its own speed, or by the service's."""
        return min(self.creates_a_second, WRITTEN * self.parallel / self.write_latency)


@dataclass(frozen=True)
class Run:
    """One run of one shard: calls to both services, and how long it takes."""

    salesforce: int
    sales_connect: int
    seconds: float
    cpu_seconds: float


def run_of(org: Org, costs: Costs, workers: int, interval: int, rate: float) -> Run:
    """A shard's run where so many changes a second happen on each side of the org.

    Each shard reads what changed anywhere, for a record may have been given to one of its users; a change touches both
    records, so both taps see it twice. It writes its own share.
    """
    seen = 2 * rate * (interval + OVERLAP)
    mine = rate * interval / workers
    new, edited = mine * org.created, mine * (1 - org.created)
    looking = ceil(edited / TASKS_READ) + ceil(new / LOOKED_UP)
    writing = ceil(edited / WRITTEN) + ceil(new / WRITTEN)
    reading = 1 + max(1, ceil(seen / TASKS_A_PAGE)) + looking  # the list of deletions, the pages, and what is met there
    their_reading = 1 + max(1, ceil(seen / REMINDERS_A_PAGE)) + writing
    waiting = costs.latency * (reading + their_reading) + costs.write_latency * 2 * ceil(writing / costs.parallel)
    work = 2 * mine * costs.cpu_seconds_a_change
    seconds, cpu_seconds = costs.seconds + waiting + work, costs.cpu_seconds + work
    return Run(reading + writing, their_reading + writing, seconds, cpu_seconds)


@dataclass(frozen=True)
class Plan:
    """Workers and interval, and what comes of them.

    Attributes:
        seconds: of a run in the busiest hour.
        lag: seconds until a change of that hour has gone over, at most.
        calls: Salesforce's in 24 hours.
        calls_share: of those allowed.
        sales_connect_calls: likewise, of the other service.
        cores: that are busy in the busiest hour.
        requests: of Salesforce that may be under way at once.
        first_sync_hours: until all records are over.
        bulk_batches: of the first sync, if it goes by bulk jobs.
    """

    org: Org
    workers: int
    interval: int
    seconds: float
    lag: float
    calls: int
    calls_share: float
    sales_connect_calls: int
    cores: float
    requests: int
    first_sync_hours: float
    bulk_batches: int

    @property
    def fits(self) -> bool:
        """Whether runs end before the next one is due, and the calls suffice."""
        return self.seconds <= BUSY_SHARE * self.interval and self.calls_share <= 1

    def bites(self) -> list[str]:
        """The limits that this meets, in words."""
        found = []
        if self.seconds > BUSY_SHARE * self.interval:
            found.append("a run takes longer than its interval")
        if self.calls_share > 1:
            found.append("daily calls")
        if self.requests > LONG_REQUESTS:
            found.append(f"{LONG_REQUESTS} long requests, where calls take 20 s")
        if self.bulk_batches > BULK_BATCHES:
            found.append("bulk batches of a day")
        return found


def plan(org: Org, costs: Costs, workers: int, interval: int) -> Plan:
    """What so many workers with this interval cost."""
    calls = theirs = ROSTER * DAY / interval
    runs = [
        (seconds / interval * workers, run_of(org, costs, workers, interval, rate)) for seconds, rate in org.phases()
    ]
    for number, run in runs:
        calls += number * run.salesforce
        theirs += number * run.sales_connect
    busiest = runs[0][1]
    records = org.users * org.records
    return Plan(
        org=org,
        workers=workers,
        interval=interval,
        seconds=busiest.seconds,
        lag=interval + busiest.seconds,
        calls=ceil(calls),
        calls_share=calls / org.calls_allowed,
        sales_connect_calls=ceil(theirs),
        cores=busiest.cpu_seconds * workers / interval,
        requests=workers * costs.parallel,
        first_sync_hours=records / (costs.created_a_second * workers) / 3600,
        bulk_batches=ceil(records / ROWS_A_BATCH),
    )


def fitting(org: Org, costs: Costs, interval: int) -> Plan | None:
    """The fewest workers that fit into an interval; None where no number does."""
    for workers in range(1, min(org.users, MOST_WORKERS) + 1):
        found = plan(org, costs, workers, interval)
        if found.fits:
            return found
        if found.calls_share > 1:
            return None  # more workers make more calls
    return None


def best(org: Org, costs: Costs) -> Plan | None:
    """The shortest interval that fits with no more workers than Salesforce's long requests allow for, else any."""
    plans = [found for interval in INTERVALS if (found := fitting(org, costs, interval)) is not None]
    within = [found for found in plans if not found.bites()]
    return min(within or plans, key=lambda found: (found.interval, found.workers), default=None)
