"""Subcommands that change something: in the ledger, or in a service."""

from __future__ import annotations

from typing import Annotated

import typer

from tasksync_console.address import open_here
from tasksync_console.commands.application import AsJson, Category, OlderThan, Since, User, app

# ruff: noqa: PLC0415 - see the package


@app.command()
def retry(  # noqa: PLR0913 - each is an option
    record_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One reminder or task; without it and without filters: all.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that is parked, said in so many words.")] = False,
    user: User = None,
    category: Category = None,
    since: Since = None,
    older_than: OlderThan = None,
    as_json: AsJson = False,
) -> None:
    """Have parked changes tried again in the next run: all of them, some, or one record's (exit 1: it has none)."""
    from dataclasses import asdict

    from tasksync_console.filters import sought
    from tasksync_console.printing import print_json
    from tasksync_console.retrying import in_words
    from tasksync_console.retrying import retry as request

    filtered = bool(user or category or since or older_than)
    if (record_id is not None) + everything + filtered > 1:
        message = "Say either an ID, or --all, or which ones by --user, --category, --since and --older-than."
        raise typer.BadParameter(message)
    with open_here() as ledger:
        with ledger.reading() as connection:
            wanted = sought(connection, user=user, kinds=category, since=since, older_than=older_than)
        asked = request(ledger, record_id, wanted)
    if as_json:
        print_json(asdict(asked))
    else:
        typer.echo(in_words(asked, record_id, filtered=filtered))
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


UserGiven = Annotated[
    str, typer.Argument(metavar="USER", help="An email address, in any case, or the user's id in Sales Connect.")
]


@app.command()
def enable(user: UserGiven, *, as_json: AsJson = False) -> None:
    """Turn a user's task sync on in Sales Connect, and say what the next run does about it."""
    _switch(user, on=True, as_json=as_json)


@app.command()
def disable(user: UserGiven, *, as_json: AsJson = False) -> None:
    """Turn a user's task sync off in Sales Connect, and say what the next run does about it."""
    _switch(user, on=False, as_json=as_json)


def _switch(user: str, *, on: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from tasksync_console.printing import print_json
    from tasksync_console.switching import in_words, switch

    done = switch(user, on=on)
    if as_json:
        print_json(asdict(done))
    else:
        typer.echo(in_words(done))


@app.command()
def unlink(
    *,
    user: User = None,
    everything: Annotated[bool, typer.Option("--all", help="Every link of this ledger.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """End links for good: the records stay, and nothing on them names the other (exit 1: not all could be ended)."""
    from tasksync_console.printing import print_json
    from tasksync_console.unlinking import in_words
    from tasksync_console.unlinking import unlink as leave

    if everything is (user is not None):
        message = "Say either --user USER or --all."
        raise typer.BadParameter(message)
    left = leave(user, dry_run=dry_run, sure=yes)
    if left is None:
        raise typer.Exit(1)
    if as_json:
        print_json(left.as_json())
    else:
        typer.echo(in_words(left))
    if left.outcome.left:
        raise typer.Exit(1)
