"""`tasksync explain` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_console.listing import print_parked_change
from tasksync_console.printing import print_table, screen
from tasksync_console.summary import changes_in
from tasksync_console.words import SERVICES, clean, moment, short
from tasksync_engine.ledger import deletions, links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from tasksync_console.explaining import Explanation
    from tasksync_engine.ledger.links import Link

_LINKS = {
    links.OPEN: "open",
    links.CLOSED: "closed by a deletion",
    links.KEPT: "closed; neither record gets a new counterpart",
}
_DELETIONS = {
    deletions.PENDING: "goes over in the next complete run",
    deletions.HELD: "held by the brake; `tasksync check` says what to do",
    deletions.PARKED: "could not go through; see what is parked",
    deletions.DONE: "was seen, and met no counterpart to delete",
}


def print_explanation(found: Explanation) -> None:
    """Print all of it; sections without contents are left out."""
    console = screen()
    console.print(short(found.name) if found.name else found.ids[0], style="bold")
    for link in found.links:
        _print_link(console, link)
    for told in found.users:
        console.print(f"  {clean(told)}")
    for change in found.parked:
        console.print("\nParked:")
        print_parked_change(console, change, None)
    for deletion in found.deletions:
        when = moment(deletion.deleted_at) or "at an unknown time"
        console.print(f"\nDeleted in {SERVICES[deletion.side]}, {when}: the deletion {_DELETIONS[deletion.state]}.")
    for intent in found.intents:
        console.print(
            f"\nA counterpart of the {intent.side} {clean(intent.record_id)} was on its way and its answer never came: "
            "the next run looks for it."
        )
    _print_conflicts(console, found)
    _print_history(console, found.history)


def print_unknown(given: str, reasons: Sequence[str]) -> None:
    """Say that the ledger does not know a record, and what could be the reason."""
    console = screen()
    console.print(f"The ledger knows nothing of {clean(given)}. What could be the reason:")
    for reason in reasons:
        console.print(f"  - {clean(reason)}")


def _print_link(console: Console, link: Link) -> None:
    pair = clean(f"reminder {link.reminder_id}, task {link.task_id}")
    console.print(f"\nLink {link.id}: {pair}; {link.origin}, {_LINKS.get(link.state, link.state)}")
    if not link.base:
        console.print("  It has no base yet: the next change on either side is compared with what both hold then.")
        return
    rows = [(field, short(held.reminder), short(held.task)) for field, held in link.base.items()]
    print_table(console, ("base", "Sales Connect", "Salesforce"), rows, whole=1)


def _print_conflicts(console: Console, found: Explanation) -> None:
    if found.conflicts:
        console.print("\nConflicts:")
    for row in found.conflicts:
        console.print(f"  {moment(row.at)}  run {row.run_id}  {clean(row.in_words())}")


def _print_history(console: Console, history: Sequence[Mapping[str, Any]]) -> None:
    if history:
        console.print("\nHistory:")
    for row in history:
        console.print(f"  {moment(row['at'])}  run {row['run_id']}  {clean(_told(row))}")


def _told(row: Mapping[str, Any]) -> str:
    detail: Mapping[str, Any] = row["detail"] or {}
    where = f" in {SERVICES[detail['to']]}" if detail.get("to") in SERVICES else ""
    changes = changes_in(detail)
    if changes:
        told = [f"{field} {short(before)} → {short(after)}" for field, (before, after) in changes.items()]
        told += [f"also {column} {short(value, 40)}" for column, value in detail.get("also", {}).items()]
        return f"{row['action']}{where}: {', '.join(told)}{_undoes(detail)}"
    if detail.get("values"):
        told = [f"{column} {short(value, 40)}" for column, value in detail["values"].items()]
        return f"{row['action']}{where}: {', '.join(told)}"
    more = detail.get("outcome") or detail.get("origin")
    return f"{row['action']}{where}: {more}" if more else f"{row['action']}{where}{_undoes(detail)}"


def _undoes(detail: Mapping[str, Any]) -> str:
    return f" (run {detail['undoes']})" if "undoes" in detail else ""
