"""`tasksync shards …`: the roster cut into parts that are synced side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from tasksync_console.address import open_here
from tasksync_console.commands.application import AsJson, app

# ruff: noqa: PLC0415 - see the package

shards_app = typer.Typer(
    invoke_without_command=True, help="The roster cut into parts, each synced by a run of its own; PostgreSQL only."
)
app.add_typer(shards_app, name="shards")


@shards_app.callback()
def shards(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Print the shards of the plan there is, with their users and what was done for them lately."""
    from tasksync_console.printing import print_json
    from tasksync_console.sharding import as_json as as_rows
    from tasksync_console.sharding import present, print_plan

    if context.invoked_subcommand is not None:
        return
    with open_here() as ledger:
        found = present(ledger)
    if as_json:
        print_json(as_rows(found))
    else:
        print_plan(found)


@shards_app.command("plan")
def shards_plan(
    *,
    count: Annotated[
        int | None,
        typer.Option("--count", min=1, max=10_000, help="How many; without it, as many as there are."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Renew the roster from Sales Connect and cut it into shards of about the same work; no run may be going on."""
    from tasksync_console.printing import print_json
    from tasksync_console.sharding import as_json as as_rows
    from tasksync_console.sharding import cut, print_plan

    made = cut(count)
    if as_json:
        print_json(as_rows(made))
    else:
        print_plan(made)


@shards_app.command("run")
def shards_run(
    shard: Annotated[str, typer.Argument(metavar="SHARD", help="Its name: 1, 2, and so on.")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also where Meltano takes a run that was killed for one that goes on.")
    ] = False,
) -> None:
    """Sync one shard by `meltano run`, in a Meltano folder of its own; ends with Meltano's exit code."""
    from tasksync_console.sharding import run

    raise typer.Exit(run(shard, force=force))
