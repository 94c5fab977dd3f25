"""Subcommands that change something: in the ledger, or in a service."""

from __future__ import annotations

from typing import Annotated

import typer

from tasksync_console.commands.application import AsJson, app, open_here

# ruff: noqa: PLC0415 - see the package


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

    with open_here() as ledger:
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
