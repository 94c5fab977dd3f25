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


@app.command()
def reconcile(
    *,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what the rules can mend.")] = False,
    limit: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Read both sides whole, compare every linked pair, and report what differs, is gone, or has a twin.

    Exits with 1 where anything is left that differs or needs a person.
    """
    from tasksync_console import reconciling
    from tasksync_console.printing import print_json

    found = reconciling.run(repair=repair)
    if as_json:
        print_json(reconciling.as_json(found))
    else:
        reconciling.print_found(found, limit)
    if not reconciling.is_in_order(found):
        raise typer.Exit(1)


@app.command()
def adopt(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Link all pairs without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find reminders and tasks that are the same but not linked, and link those that you accept.

    The same are: subject, due date, person and user. Where several are alike, none of them is linked. Exits with 1
    where there are pairs and nobody was there to accept or refuse them.
    """
    import sys

    from tasksync_console import adopting
    from tasksync_console.printing import print_json

    adopted = adopting.run(adopting.chooser(sure=yes, dry_run=dry_run, as_json=as_json))
    if as_json:
        print_json(adopting.as_json(adopted))
    else:
        typer.echo(adopting.in_words(adopted, dry_run=dry_run))
    unanswered = bool(adopted.pairs) and not (yes or dry_run) and (as_json or not sys.stdin.isatty())
    if unanswered:
        raise typer.Exit(1)
