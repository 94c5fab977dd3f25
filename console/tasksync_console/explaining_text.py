"""`tasksync explain` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.decisions_text import print_decisions, print_now
from tasksync_console.listing import print_parked_change
from tasksync_console.printing import print_table, screen
from tasksync_console.services import values_of
from tasksync_console.words import SERVICES, clean, moment, short
from tasksync_engine.ledger import deletions, links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from tasksync_console.explaining import Explanation
    from tasksync_console.explaining_now import Now
    from tasksync_engine.ledger.links import Link

LINK_STATES = {
    links.OPEN: "open",
    links.CLOSED: "closed by a deletion",
    links.KEPT: "closed; neither record gets a new counterpart",
}
DELETION_STATES = {
    deletions.PENDING: "goes over in the next complete run",
    deletions.HELD: "held by the brake; `tasksync check` says what to do",
    deletions.PARKED: "could not go through; see what is parked",
    deletions.DONE: "was seen, and met no counterpart to delete",
}


def print_explanation(found: Explanation, now: Now | None) -> None:
    """Print all of it; sections without contents are left out. `now`: what both services say, where they were asked."""
    console = screen()
    console.print(short(found.name) if found.name else found.ids[0], style="bold")
    for link in found.links:
        _print_link(console, link, now)
    for told in found.users:
        console.print(f"  {clean(told)}")
    for change in found.parked:
        console.print("\nParked:")
        print_parked_change(console, change, None)
    for deletion in found.deletions:
        when = moment(deletion.deleted_at) or "at an unknown time"
        console.print(
            f"\nDeleted in {SERVICES[deletion.side]}, {when}: the deletion {DELETION_STATES[deletion.state]}."
        )
    for intent in found.intents:
        console.print(
            f"\nA counterpart of the {intent.side} {clean(intent.record_id)} was on its way and its answer never came: "
            "the next run looks for it."
        )
    if now is not None:
        print_now(console, now, linked=any(link.state == links.OPEN for link in found.links))
    _print_conflicts(console, found)
    print_decisions(console, found.history)


def print_unknown(given: str, reasons: Sequence[str], now: Now | None) -> None:
    """Say that the ledger does not know a record, and why; where the services cannot tell, what could be the reason."""
    console = screen()
    console.print(f"The ledger knows nothing of {clean(given)}.")
    if now is not None:
        print_now(console, now, linked=False)
    if now is None or not now.why:
        console.print("What could be the reason:")
        for reason in reasons:
            console.print(f"  - {clean(reason)}")


def _print_link(console: Console, link: Link, now: Now | None) -> None:
    pair = clean(f"reminder {link.reminder_id}, task {link.task_id}")
    console.print(f"\nLink {link.id}: {pair}; {link.origin}, {LINK_STATES.get(link.state, link.state)}")
    if not link.base:
        console.print("  It has no base yet: the next change on either side is compared with what both hold then.")
    reminder = now.reminders.one(link.reminder_id) if now else None
    task = now.tasks.one(link.task_id) if now else None
    if reminder is None and task is None:
        held = [(field, short(pair.reminder), short(pair.task)) for field, pair in link.base.items()]
        if held:
            print_table(console, ("base", "Sales Connect", "Salesforce"), held, whole=1)
        return
    here, there = (values_of(one, now.fields) if one and now else {} for one in (reminder, task))
    fields = list(dict.fromkeys([*link.base, *here, *there]))
    rows = [
        (
            field,
            short(link.base[field].reminder) if field in link.base else "-",
            short(link.base[field].task) if field in link.base else "-",
            short(here[field]) if field in here else "?",
            short(there[field]) if field in there else "?",
        )
        for field in fields
    ]
    columns = ("field", "base: Sales Connect", "base: Salesforce", "now: Sales Connect", "now: Salesforce")
    print_table(console, columns, rows, whole=1)


def _print_conflicts(console: Console, found: Explanation) -> None:
    if found.conflicts:
        console.print("\nConflicts:")
    for row in found.conflicts:
        console.print(f"  {moment(row.at)}  run {row.run_id}  {clean(row.in_words())}")
