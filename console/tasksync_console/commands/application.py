"""The `tasksync` command itself, and the options that its subcommands share."""

from __future__ import annotations

from typing import Annotated

import typer

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
