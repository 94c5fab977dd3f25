"""Subcommands that only look."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tasksync_console.address import find_address
from tasksync_console.commands.application import AsJson, Limit, RecordId, app, open_here

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
    from tasksync_console.summary import summarize

    address = find_address()
    with open_here() as ledger:
        with ledger.reading() as connection:
            summary = summarize(connection)
        owners = {"org_id": ledger.get("org_id"), "account_id": ledger.get("account_id")}
        about = {"id": ledger.id, "address": address.shown(), "environment": address.environment, **owners}
    if as_json:
        from dataclasses import asdict

        from tasksync_console.printing import print_json

        print_json({"ledger": about, **asdict(summary)})
        return
    from tasksync_console.summary_text import print_summary

    print_summary(summary, f"Ledger {address.shown()} ({address.environment})")


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Exit 1 for a stopped run, a held brake, or newly parked changes that need a person; conflicts only warn."""
    from tasksync_console.checking import check as run_check

    with open_here() as ledger:
        passed = run_check(ledger, as_json=as_json)
    if not passed:
        raise typer.Exit(1)


@app.command()
def links(
    *,
    state: Annotated[Shown, typer.Option(help="Which links.")] = Shown.OPEN,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Print which reminder is paired with which task, the newest first."""
    from tasksync_console.listing import print_links

    states = [shown.value for shown in Shown if shown is not Shown.ALL] if state is Shown.ALL else [state.value]
    with open_here() as ledger:
        print_links(ledger, states, limit=limit, as_json=as_json)


@app.command()
def explain(record_id: RecordId, *, as_json: AsJson = False) -> None:
    """Print all that is known of one reminder or task; of an unknown one, what could be the reason (exit 1)."""
    from tasksync_console.explaining import explain as gather
    from tasksync_console.explaining import reasons
    from tasksync_console.explaining_text import print_explanation, print_unknown
    from tasksync_console.printing import print_json

    with open_here() as ledger, ledger.reading() as connection:
        found = gather(connection, record_id)
        why = [] if found.is_known else reasons(connection, record_id)
    if as_json:
        print_json({**found.as_json(), "reasons": why})
    elif found.is_known:
        print_explanation(found)
    else:
        print_unknown(record_id, why)
    if not found.is_known:
        raise typer.Exit(1)


@app.command()
def conflicts(*, limit: Limit = None, as_json: AsJson = False) -> None:
    """Print every recorded conflict: both values, and which one stands."""
    from tasksync_console.listing import print_conflicts

    with open_here() as ledger:
        print_conflicts(ledger, limit=limit, as_json=as_json)


@app.command()
def parked(*, limit: Limit = None, as_json: AsJson = False) -> None:
    """Print the changes that could not go through: why, and what to do about it."""
    from tasksync_console.listing import print_parked

    with open_here() as ledger:
        print_parked(ledger, limit=limit, as_json=as_json)
