"""Subcommands that look ahead, and those that carry out what was looked at."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotations
from typing import Annotated

import typer

from tasksync_console.commands.application import AsJson, Limit, app

# ruff: noqa: PLC0415 - see the package


@app.command()
def plan(
    *,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep it in a new file, for `tasksync apply`.")
    ] = None,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Print what a sync of both directions would do now: every create, update, deletion and conflict; write nothing.

    Exits with 1 where a service, the ledger or the project cannot be read, or a run is going on.
    """
    from tasksync_console import planning
    from tasksync_console.address import find_address
    from tasksync_console.planning_text import print_plan
    from tasksync_console.printing import print_json

    if save is not None:
        planning.refuse_taken(save)
    made = planning.make_plan()
    if save is not None:
        planning.save(made, save)
    if as_json:
        print_json(planning.as_json(made))
        return
    address = find_address()
    print_plan(made, f"the ledger {address.shown()} ({address.environment})", limit)
    if save is not None:
        typer.echo(f"\nThe plan is saved in {save}: `tasksync apply {save}` carries it out.")


@app.command()
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A plan that `tasksync plan --save` wrote.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Carry out exactly a saved plan; refuse each row whose reminder or task was changed since.

    Exits with 1 where a row was refused, and where the file is no plan for this ledger, org, tenant and mapping.
    Applying a plan again does what is left of it.
    """
    from tasksync_console import applying
    from tasksync_console.printing import print_json

    applied = applying.carry_out(file)
    if as_json:
        print_json(applying.as_json(applied))
    else:
        applying.print_applied(applied)
    if not applying.is_whole(applied):
        raise typer.Exit(1)
