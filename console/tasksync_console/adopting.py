"""`tasksync adopt`: links unlinked twins that a person accepts."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import typer

from tasksync_console.planning_text import SHOWN
from tasksync_console.printing import screen
from tasksync_console.reconciling import hands, shown_on
from tasksync_console.twins_text import group_in_words
from tasksync_console.words import many
from tasksync_engine.adopting import Adopted, adopt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_engine.twins import Group


def run(choose: Callable[[Adopted], Sequence[Group]]) -> Adopted:
    """Find twins with the project's credentials, and link those that are chosen.

    Raises:
        EngineError: A run is going on, or the ledger, the mapping or a setting cannot be used.
        ClientError: A service cannot be read.
    """
    both, url = hands()
    with ExitStack() as bars:

        def chosen(found: Adopted) -> Sequence[Group]:
            bars.close()  # a bar would be in the way of a question
            return choose(found)

        return adopt(both, url, shown_on(bars), chosen)


def chooser(*, sure: bool, dry_run: bool, as_json: bool) -> Callable[[Adopted], Sequence[Group]]:
    """Previews the pairs, and asks about them where somebody can answer."""

    def choose(found: Adopted) -> Sequence[Group]:
        if not as_json:
            print_found(found)
        if dry_run or not found.pairs:
            return []
        if sure:
            return found.pairs
        if as_json or not sys.stdin.isatty():
            return []
        return _asked(found.pairs)

    return choose


def _asked(pairs: Sequence[Group]) -> Sequence[Group]:
    answer = typer.prompt(f"Link all {len(pairs)}? (yes, no, or each: one by one)", default="no", err=True)
    if answer.strip().lower() in {"y", "yes", "all"}:
        return pairs
    if answer.strip().lower() not in {"e", "each", "one"}:
        return []
    return [pair for pair in pairs if typer.confirm(f"Link {group_in_words(pair)[0]}?", err=True)]


def print_found(found: Adopted) -> None:
    """Preview what was found."""
    console = screen()
    if not found.pairs and not found.ambiguous:
        console.print("No unlinked reminder looks like an unlinked task.")
    if found.pairs:
        console.print(f"{many(len(found.pairs), 'pair')} with the same subject, due date, person and user:")
        for group in found.pairs[:SHOWN]:
            console.print(f"  {group_in_words(group)[0]}")
        if len(found.pairs) > SHOWN:
            console.print(f"  ... and {len(found.pairs) - SHOWN} more (--json shows all)")
    if found.ambiguous:
        console.print("Not linked by this command, as nobody can tell which is whose:")
        for group in found.ambiguous[:SHOWN]:
            first, *more = group_in_words(group)
            console.print(f"  {first}")
            for line in more:
                console.print(f"      {line}")


def in_words(adopted: Adopted, *, dry_run: bool) -> str:
    """What became of it."""
    if dry_run:
        return "Nothing was linked: this was a dry run."
    if adopted.linked or adopted.moved:
        linked = f"{many(len(adopted.linked), 'pair')} linked (run {adopted.run_id})"
        told = f"{linked}; the next sync compares their fields."
        return told + (f" {many(len(adopted.moved), 'pair')} changed meanwhile and left." if adopted.moved else "")
    if adopted.pairs:
        return "Nothing was linked: say --yes to link these pairs, or answer at a terminal."
    return "Nothing was linked."


def as_json(adopted: Adopted) -> dict[str, Any]:
    """All of it."""
    kinds = ("pairs", "ambiguous", "linked", "moved")
    told = {kind: [_told(group) for group in getattr(adopted, kind)] for kind in kinds}
    return {**told, "run": adopted.run_id}


def _told(group: Group) -> dict[str, Any]:
    first = group.reminders[0]
    return {
        "name": first.name,
        "due_date": first.due,
        "reminders": [one.id for one in group.reminders],
        "tasks": [one.id for one in group.tasks],
    }
