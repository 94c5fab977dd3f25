"""The `tasksync` command: each subcommand reads its arguments, opens the ledger and leaves the work to its module."""

from __future__ import annotations

import contextlib
import io
import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from tasksync_console.address import find_address
from tasksync_engine.errors import EngineError

if TYPE_CHECKING:
    from tasksync_engine.ledger import Ledger

# Imports inside the commands: `tasksync check` ends every sync, and should not wait for what only others need.
# ruff: noqa: PLC0415

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Marketo Sales Connect reminders and Salesforce Tasks: what was synced, what waits, and what to do about it.",
)
ledger_app = typer.Typer(no_args_is_help=True, help="Where the ledger is, which one it is, and copies of it.")
app.add_typer(ledger_app, name="ledger")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="How many to print.")]
RecordId = Annotated[str, typer.Argument(metavar="ID", help="A reminder's id, or a task's with 15 or 18 characters.")]


class Shown(StrEnum):
    """Which links to print."""

    OPEN = "open"
    CLOSED = "closed"
    KEPT = "kept"
    ALL = "all"


def _open() -> Ledger:
    from tasksync_engine.ledger import open_ledger

    return open_ledger(find_address().url, create=False)


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Print the last runs, who takes part, what is waiting, and what needs a person."""
    from tasksync_console.summary import summarize

    address = find_address()
    with _open() as ledger:
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

    with _open() as ledger:
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
    with _open() as ledger:
        print_links(ledger, states, limit=limit, as_json=as_json)


@app.command()
def explain(record_id: RecordId, *, as_json: AsJson = False) -> None:
    """Print all that is known of one reminder or task; of an unknown one, what could be the reason (exit 1)."""
    from tasksync_console.explaining import explain as gather
    from tasksync_console.explaining import reasons
    from tasksync_console.explaining_text import print_explanation, print_unknown
    from tasksync_console.printing import print_json

    with _open() as ledger, ledger.reading() as connection:
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

    with _open() as ledger:
        print_conflicts(ledger, limit=limit, as_json=as_json)


@app.command()
def parked(*, limit: Limit = None, as_json: AsJson = False) -> None:
    """Print the changes that could not go through: why, and what to do about it."""
    from tasksync_console.listing import print_parked

    with _open() as ledger:
        print_parked(ledger, limit=limit, as_json=as_json)


@app.command()
def retry(
    record_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One reminder or task; without it: all.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Have parked changes tried again in the next run: all of them, or one record's."""
    from dataclasses import asdict

    from tasksync_console.printing import print_json
    from tasksync_console.retrying import in_words
    from tasksync_console.retrying import retry as request

    with _open() as ledger:
        asked = request(ledger, record_id)
    if as_json:
        print_json(asdict(asked))
    else:
        typer.echo(in_words(asked, record_id))
    if record_id is not None and not asked.due:
        raise typer.Exit(1)


@app.command()
def undo(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The run's number, as `tasksync explain` shows it.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete what the run had made without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take back what one run wrote, where nobody has changed it since; say what is left, and why."""
    from tasksync_console.printing import print_json
    from tasksync_console.undoing import in_words, take_back

    undone = take_back(run, dry_run=dry_run, sure=yes)
    if undone is None:
        raise typer.Exit(1)
    if as_json:
        print_json(undone.as_json())
    else:
        typer.echo(in_words(undone))


@ledger_app.command("path")
def ledger_path() -> None:
    """Print the ledger's file, or its address without the password."""
    typer.echo(find_address().shown())


@ledger_app.command("id")
def ledger_id() -> None:
    """Print the ledger's own id, which the taps' states carry."""
    with _open() as ledger:
        typer.echo(ledger.id)


@ledger_app.command("copy")
def ledger_copy(
    to_url: Annotated[
        str,
        typer.Argument(
            metavar="TO_URL",
            envvar="TASKSYNC_COPY_TO",
            help="An empty database: any SQLAlchemy URL. The variable keeps its password out of the process list.",
        ),
    ],
    *,
    as_backup: Annotated[
        bool, typer.Option("--as-backup", help="Go on with the present ledger, not the copy.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Copy the whole ledger into another database, which is the ledger from then on."""
    from tasksync_console.moving import copied_in_words
    from tasksync_console.printing import print_json
    from tasksync_engine.ledger.moving import copy

    with _open() as ledger:
        copied = copy(ledger, to_url, as_backup=as_backup)
    if as_json:
        print_json({"address": copied.address, "rows": copied.rows, "as_backup": as_backup})
    else:
        typer.echo(copied_in_words(copied, as_backup=as_backup))


@ledger_app.command("backup")
def ledger_backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Write the ledger into a file, also while a run is going on."""
    from tasksync_engine.ledger.moving import backup

    with _open() as ledger:
        backup(ledger, file)
    typer.echo(f"The ledger is backed up in {file}. `tasksync ledger restore` puts it back.")


@ledger_app.command("restore")
def ledger_restore(file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")]) -> None:
    """Put a backup in the ledger's place; the next sync reads everything again."""
    from tasksync_console.moving import restored_in_words
    from tasksync_engine.ledger.moving import restore

    typer.echo(restored_in_words(restore(find_address().url, file)))


@ledger_app.command("renew")
def ledger_renew() -> None:
    """Give the ledger a new id after it was restored by other means: the next sync reads everything again."""
    from tasksync_console.moving import READ_AGAIN
    from tasksync_engine.ledger.moving import renew

    with _open() as ledger:
        renew(ledger)
        typer.echo(f"The ledger's id is {ledger.id} now. {READ_AGAIN}")


def main() -> None:
    """Run the command; a problem is told in its own words, with exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter gets a question mark, not a crash
    from tasksync_clients.errors import ClientError

    try:
        app()
    except (EngineError, ClientError) as error:
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"tasksync: {error}\n")
        raise SystemExit(1) from None
