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
    from starlette.responses import Response

    from tasksync_console.schedule import NextRun
    from tasksync_console.web.visit import Visit


def show(visit: Visit) -> Response:
    """The first page."""
    with visit.ledger() as ledger, ledger.reading() as connection:
        summary, doing = summarize(connection), pace(connection, now())
    return visit.page(
        "overview.html",
        summary=summary,
        pace=doing,
        chart=chart(doing.days),
        next_runs=_next_runs(),
        reserve_percent=_reserve(visit),
    )


def _reserve(visit: Visit) -> float:
    """The share of the API calls that is left to others; the usual one where the settings cannot be read."""
    try:
        return float(visit.console.services.config("task").get("api_reserve_percent", DEFAULT_RESERVE_PERCENT))
    except (ConfigError, ValueError):
        return DEFAULT_RESERVE_PERCENT


def _next_runs() -> list[NextRun]:
    """By meltano.yml; none where it cannot be read."""
    try:
        return next_runs(Project.here().schedules(), now())
    except ConfigError:
        return []
