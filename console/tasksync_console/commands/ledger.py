"""`tasksync ledger …`: where it is, which one it is, and copies of it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import Annotated

import typer

from tasksync_console.address import find_address, open_here
from tasksync_console.commands.application import AsJson, app

# ruff: noqa: PLC0415 - see the package

ledger_app = typer.Typer(no_args_is_help=True, help="Where the ledger is, which one it is, and copies of it.")
app.add_typer(ledger_app, name="ledger")


@ledger_app.command("path")
def ledger_path() -> None:
    """Print the ledger's file, or its address without the password."""
    typer.echo(find_address().shown())


@ledger_app.command("id")
def ledger_id() -> None:
    """Print the ledger's own id, which the taps' states carry."""
    with open_here() as ledger:
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

    with open_here() as ledger:
        copied = copy(ledger, to_url, as_backup=as_backup)
    if as_json:
        print_json({"address": copied.address, "rows": copied.rows, "as_backup": as_backup})
    else:
        typer.echo(copied_in_words(copied, as_backup=as_backup))


@ledger_app.command("backup")
def ledger_backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]) -> None:
    """Write the ledger into a file, also while a run is going on."""
    from tasksync_engine.ledger.moving import backup

    with open_here() as ledger:
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

    with open_here() as ledger:
        renew(ledger)
        typer.echo(f"The ledger's id is {ledger.id} now. {READ_AGAIN}")
