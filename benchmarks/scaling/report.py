"""Both tables as Markdown, and their place in docs/scale.md."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING

from measuring.report import cells, page
from measuring.usage import machine

from scaling.model import BULK_BATCHES, CALLS_A_LICENCE, DAILY_CALLS, INTERVALS, LONG_REQUESTS, Org, best, fitting, plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from scaling.model import Costs, Plan
    from scaling.throughput import Throughput

CRON = 300
"""Seconds between two runs, as the schedule in meltano.yml has it."""


def throughput_table(found: Sequence[Throughput], latency: float) -> str:
    """What was measured, each number of shards next to the first one of the same run."""
    about = machine()
    first = found[0]
    rows = [
        (
            str(one.shards),
            f"{one.records:,}",
            f"{one.seconds:.1f}",
            f"{one.records_per_second:,.0f}",
            f"{one.records_per_second / first.records_per_second:.2f}",
            f"{one.cpu_seconds:.1f}",
            f"{one.sandbox_cpu_seconds:.1f}",
            f"{one.calls:,}",
        )
        for one in found
    ]
    head = ("shards", "records", "seconds", "records/s", "x one shard", "CPU s", "sandbox's CPU s", "API calls")
    told = (
        f"Measured at {datetime.now(UTC):%Y-%m-%d}: {about['cores']} cores of {about['cpu']}; each call takes "
        f"{latency:g} s longer. A first sync in both directions, with a ledger in PostgreSQL, from the first process "
        "to the last."
    )
    return f"{told}\n\n{_markdown(head, rows)}"


def projection(users: Iterable[int], costs: Costs, where: str, *, changes: float, records: int) -> str:
    """What orgs of these sizes need."""
    orgs = [Org(number, changes=changes, records=records) for number in users]
    head = (
        "users",
        "one process every 5 minutes",
        "fits best",
        "run, busiest hour",
        "lag at most",
        "Salesforce calls a day",
        "of those allowed",
        "Sales Connect calls a day",
        "busy cores",
        "calls at once",
        "first sync",
        "bites next",
    )
    told = (
        f"Unit costs measured {where}: a run without changes {costs.seconds:.1f} s and {costs.cpu_seconds:.1f} s of "
        f"CPU, each change {costs.cpu_seconds_a_change * 1e6:,.0f} µs more, {costs.creates_a_second:,.0f} creates a "
        f"second and worker. Assumed: {changes:g} changes of a user on each side of a day, a fifth of them in its "
        f"busiest hour, {records} records of a user at first, {costs.latency:g} s a call that reads and "
        f"{costs.write_latency:g} s one that writes 200 records, {costs.parallel} calls at once. Limits: "
        f"{DAILY_CALLS:,} calls a day and {CALLS_A_LICENCE:,} for each licence, of which a tenth is left to others; "
        f"{LONG_REQUESTS} requests of 20 s or more at once; {BULK_BATCHES:,} bulk batches a day."
    )
    return f"{told}\n\n{_markdown(head, [_row(org, costs) for org in orgs])}"


def _row(org: Org, costs: Costs) -> tuple[str, ...]:
    alone = plan(org, costs, 1, CRON)
    alone_fits = "fits" if alone.fits else f"no: {alone.bites()[0]} ({alone.seconds:,.0f} s)"
    fit = best(org, costs)
    if fit is None:
        return (f"{org.users:,}", alone_fits, "nothing: reading what changed takes too long", *[""] * 9)
    return (
        f"{org.users:,}",
        alone_fits,
        f"{_workers(fit)}, every {_span(fit.interval)}",
        f"{fit.seconds:,.0f} s",
        _at_most(fit.lag),
        f"{fit.calls:,}",
        f"{fit.calls_share:.1%}",
        f"{fit.sales_connect_calls:,}",
        f"{fit.cores:.1f}",
        f"{fit.requests:,}",
        f"{fit.first_sync_hours:.1f} h" if fit.first_sync_hours >= 1 else f"{fit.first_sync_hours * 60:.1f} min",
        _next(org, costs, fit),
    )


def _next(org: Org, costs: Costs, fit: Plan) -> str:
    """What stands in the way of the next shorter interval."""
    if fit.bites():
        return ", ".join(fit.bites())
    shorter = [interval for interval in INTERVALS if interval < fit.interval]
    if not shorter:
        return "nothing"
    found = fitting(org, costs, shorter[-1])
    if found is None:
        return f"every {_span(shorter[-1])}: no number of workers fits"
    return f"every {_span(shorter[-1])}: {_workers(found)}, {', '.join(found.bites()) or 'fits too'}"


def _workers(fit: Plan) -> str:
    return f"{fit.workers} worker{'s' if fit.workers > 1 else ''}"


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"  # noqa: PLR2004 - a minute


def _at_most(seconds: float) -> str:
    """A bound in whole minutes, so never rounded down."""
    return f"{ceil(seconds / 60)} min"


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(cells(*line) for line in (head, ["--:"] * len(head), *rows))


def keep(path: Path, tables: Mapping[str, str]) -> None:
    """Put the tables into their places on the page."""
    for name, table in tables.items():
        page(path, table, name)
