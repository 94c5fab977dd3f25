"""The `tasksync` command itself, and what its subcommands share: options, and the open ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tasksync_console.address import find_address

if TYPE_CHECKING:
    from tasksync_engine.ledger import Ledger

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Marketo Sales Connect reminders and Salesforce Tasks: what was synced, what waits, and what to do about it.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="How many to print.")]
User = Annotated[
    str | None, typer.Option("--user", metavar="USER", help="Only this user's: an email, or an id of either side.")
]
Category = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="CATEGORY", help="Only of this category or code; may be given several times."),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only what is not older: 36h, 7d, or a date or time.")
]
OlderThan = Annotated[
    str | None, typer.Option("--older-than", metavar="TIME", help="Only what is older: 36h, 7d, or a date or time.")
]
RecordId = Annotated[str, typer.Argument(metavar="ID", help="A reminder's id, or a task's with 15 or 18 characters.")]


def open_here() -> Ledger:
    """The project's ledger, which must be there."""
    from tasksync_engine.ledger import open_ledger  # noqa: PLC0415 - SQLAlchemy is slow to import

    return open_ledger(find_address().url, create=False)
