"""Overview: how the sync is doing, and what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_clients.salesforce.settings import DEFAULT_RESERVE_PERCENT
from tasksync_console.pace import pace
from tasksync_console.project import Project
from tasksync_console.schedule import next_runs
from tasksync_console.summary import summarize
from tasksync_console.web.chart import chart
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger.store import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from tasksync_console.schedule import NextRun
    from tasksync_console.summary import Summary
    from tasksync_console.web.visit import Visit

MISSED_RUNS = 3


def show(visit: Visit) -> Response:
    """The first page."""
    with visit.ledger() as ledger, ledger.reading() as connection:
        summary, doing = summarize(connection), pace(connection, now())
    due = _next_runs()
    return visit.page(
        "overview.html",
        summary=summary,
        pace=doing,
        chart=chart(doing.days),
        next_runs=due,
        overdue=_overdue(due, summary),
        reserve_percent=_reserve(visit),
    )


def _reserve(visit: Visit) -> float:
    """The share of the API calls that is left to others; the usual one where the settings cannot be read."""
    try:
        return float(visit.console.services.config("task").get("api_reserve_percent", DEFAULT_RESERVE_PERCENT))
    except (ConfigError, ValueError):
        return DEFAULT_RESERVE_PERCENT


def _overdue(due: Sequence[NextRun], summary: Summary) -> bool:
    """Whether the newest complete run is older than several intervals of the schedule: something may not run it."""
    intervals = [one.every.total_seconds() for one in due if one.every is not None]
    behind = [reach.behind_seconds for reach in summary.reach.values() if reach.behind_seconds is not None]
    return bool(intervals and behind) and max(behind) > MISSED_RUNS * min(intervals)


def _next_runs() -> list[NextRun]:
    """By meltano.yml; none where it cannot be read."""
    try:
        return next_runs(Project.here().schedules(), now())
    except ConfigError:
        return []
