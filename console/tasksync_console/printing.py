"""Printing: JSON for programs, Rich for people."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from tasksync_console.words import clean, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

WIDE = 200
"""Columns where there is no terminal that says how many it has."""


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON
    """Print JSON in ASCII, which takes every text that an API sends, lone surrogates included."""
    sys.stdout.write(json.dumps(value, indent=2, default=plain) + "\n")


def screen() -> Console:
    """Where text for people goes; whatever comes from a record is printed as it is, never as markup."""
    from rich.console import Console  # noqa: PLC0415 - only commands that print for people need it

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, WIDE)
    return console


def print_table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: int) -> None:
    """Print rows below each other; the first `whole` columns, ids for example, are never broken over lines."""
    from rich.table import Table  # noqa: PLC0415 - see screen
    from rich.text import Text  # noqa: PLC0415 - see screen

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, no_wrap=place < whole, overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    console.print(table, soft_wrap=False)
