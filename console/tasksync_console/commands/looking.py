"""Subcommands that only look."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import Annotated

import typer

from tasksync_console.address import find_address, open_here
from tasksync_console.commands.application import (
    AsJson,
    Category,
    Limit,
    OlderThan,
    RecordId,
    Since,
    User,
    app,
)

# ruff: noqa: PLC0415 - see the package


class Shown(StrEnum):
    """Which links to print."""

    OPEN = "open"
    CLOSED = "closed"
    KEPT = "kept"
    ALL = "all"


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Print the last runs, who takes part, what is waiting, and what needs a person."""
    from tasksync_console.bookmarks import bookmarks
    from tasksync_console.project import Project
    from tasksync_console.summary import summarize
    from tasksync_console.words import DIRECTIONS
    from tasksync_engine.ledger import overview

    address = find_address()
    with open_here() as ledger:
        with ledger.reading() as connection:
            summary = summarize(connection)
            shards = {
                direction: [run["shard"] for run in overview.last_runs(connection, direction) if run["shard"]]
                for direction in DIRECTIONS
            }
        owners = {"org_id": ledger.get("org_id"), "account_id": ledger.get("account_id")}
        about = {"id": ledger.id, "address": address.shown(), "environment": address.environment, **owners}
        marks = bookmarks(Project.here(), ledger.id, shards)
    if as_json:
        from dataclasses import asdict

        from tasksync_console.printing import print_json

        told = {direction: asdict(mark) for direction, mark in marks.items()}
        print_json({"ledger": about, **asdict(summary), "bookmarks": told})
        return
    from tasksync_console.summary_text import print_summary

    print_summary(summary, marks, f"Ledger {address.shown()} ({address.environment})")


@app.command()
def check(
    *,
    notify: Annotated[
        str | None,
        typer.Option(
            "--notify",
            metavar="URL",
            help="Tell this web hook what fails, once for each change; or TASKSYNC_NOTIFY_URL, which nobody sees.",
        ),
    ] = None,
    prometheus: Annotated[
        Path | None,
        typer.Option("--prometheus", metavar="FILE", help="Write metrics for node_exporter; or TASKSYNC_METRICS_FILE."),
    ] = None,
    job_failed: Annotated[
        int,
        typer.Option("--job-failed", metavar="CODE", help="The exit code of a job that got to no check of its own."),
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Exit 1 for a failed job, a stopped run, a held brake, or newly parked changes for a person; conflicts only warn.

    A hook that cannot be told, and a file that cannot be written, are told on standard error and change no exit code.
    """
    from tasksync_console.checking import check_here

    if not check_here(notify, prometheus, job_failed=job_failed, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def links(  # noqa: PLR0913 - each is an option
    *,
    state: Annotated[Shown, typer.Option(help="Which links.")] = Shown.OPEN,
    user: User = None,
    since: Since = None,
    older_than: OlderThan = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Print which reminder is paired with which task, the newest first."""
    from tasksync_console.filters import sought
    from tasksync_console.listing import print_links

    states = None if state is Shown.ALL else [state.value]
    with open_here() as ledger:
        with ledger.reading() as connection:
            wanted = sought(connection, user=user, kinds=states, since=since, older_than=older_than)
        print_links(ledger, wanted, limit=limit, as_json=as_json)


@app.command()
def explain(
    record_id: RecordId,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither service, only the ledger.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print all that is known of one reminder or task, and why it did or did not sync (exit 1: the ledger has none)."""
    from tasksync_console.explaining import explain as gather
    from tasksync_console.explaining import reasons
    from tasksync_console.explaining_now import look
    from tasksync_console.explaining_text import print_explanation, print_unknown
    from tasksync_console.printing import print_json
    from tasksync_console.project import Project

    with open_here() as ledger:
        with ledger.reading() as connection:
            found = gather(connection, record_id)
            possible = [] if found.is_known else reasons(connection, record_id)
        now = None if offline else look(ledger, Project.here(), found)
    if as_json:
        print_json({**found.as_json(), "reasons": possible, "now": now and now.as_json()})
    elif found.is_known:
        print_explanation(found, now)
    else:
        print_unknown(record_id, possible, now)
    if not found.is_known:
        raise typer.Exit(1)


@app.command()
def conflicts(  # noqa: PLR0913 - each is an option
    *,
    user: User = None,
    field: Annotated[
        list[str] | None,
        typer.Option("--field", metavar="FIELD", help="Only of this field, or `deletion`; may be given several times."),
    ] = None,
    since: Since = None,
    older_than: OlderThan = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Print the recorded conflicts, the newest first: both values, and which one stands."""
    from tasksync_console.filters import sought
    from tasksync_console.listing import print_conflicts

    with open_here() as ledger:
        with ledger.reading() as connection:
            wanted = sought(connection, user=user, kinds=field, since=since, older_than=older_than)
        print_conflicts(ledger, wanted, limit=limit, as_json=as_json)


@app.command()
def parked(  # noqa: PLR0913 - each is an option
    *,
    user: User = None,
    category: Category = None,
    since: Since = None,
    older_than: OlderThan = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Print the changes that could not go through, the oldest first: why, and what to do about it."""
    from tasksync_console.filters import sought
    from tasksync_console.listing import print_parked

    with open_here() as ledger:
        with ledger.reading() as connection:
            wanted = sought(connection, user=user, kinds=category, since=since, older_than=older_than)
        print_parked(ledger, wanted, limit=limit, as_json=as_json)
