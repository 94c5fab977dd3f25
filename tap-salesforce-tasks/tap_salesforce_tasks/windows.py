"""A window of many rows: by REST in pages that are in order, or by one query job, which knows no order."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_salesforce_tasks.queries import count, unordered
from tap_salesforce_tasks.schemas import date_times, with_fixed_times
from tasksync_clients.errors import Refused, Unreachable
from tasksync_engine.singer.tap_times import last_time, moment, time_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from tap_salesforce_tasks.streams import SalesforceStream
    from tap_salesforce_tasks.tap import TapSalesforceTasks

    Page = list[dict[str, Any]]

WORTH_COUNTING = timedelta(days=1)
"""A window that begins later than this ago is read by REST without being counted: that saves a call in every run."""


def read_window(
    stream: SalesforceStream, tap: TapSalesforceTasks, conditions: list[str], since: str | None
) -> Iterator[tuple[Page, str | None]]:
    """Pages of tasks that fit, and with a page up to when everything is read once it is written.

    A query job pays where a COUNT finds at least `bulk_threshold` rows. It gives them in no order, so nothing is known
    to be read before its end: only then comes a time, with an empty page.

    Args:
        stream: the tasks.
        tap: its tap.
        conditions: those of the window.
        since: where the window begins, in the fixed format; None for no bound.
    """
    if _is_worth_a_job(tap, conditions, since, tap.client.server_time()):
        try:
            yield from _by_job(stream, tap, conditions)
        except Refused as refusal:
            tap.logger.warning("Salesforce runs no query job (%s): reading by REST.", refusal.code or refusal.status)
        else:
            return
    for page in stream.rows("Task", conditions):
        yield page, last_time(page, "SystemModstamp")


def _is_worth_a_job(tap: TapSalesforceTasks, conditions: Sequence[str], since: str | None, now: datetime) -> bool:
    threshold: int = tap.config["bulk_threshold"]
    if not threshold or (since is not None and now - moment(since) < WORTH_COUNTING):
        return False
    try:
        return tap.client.count(count("Task", conditions), include_deleted=True) >= threshold
    except Unreachable as failure:
        if failure.code != "QUERY_TIMEOUT":
            raise
        return True  # what cannot even be counted in time is many, and a page in order would take no less


def _by_job(
    stream: SalesforceStream, tap: TapSalesforceTasks, conditions: Sequence[str]
) -> Iterator[tuple[Page, str | None]]:
    soql = unordered("Task", stream.schema["properties"], conditions)
    times = date_times(stream.schema)
    latest = ""
    for page in tap.client.bulk.query("Task", soql, include_deleted=True):
        rows = [with_fixed_times(row, times) for row in page]
        for stamped in (row.get("SystemModstamp") for row in rows):
            if isinstance(stamped, str) and stamped > latest and time_or_none(stamped):
                latest = stamped
        yield rows, None
    if latest:
        yield [], latest
