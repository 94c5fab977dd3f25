"""`tasksync links`, `conflicts` and `parked`: one row per thing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tasksync_console.conflicts import conflict_rows
from tasksync_console.names import Names, name_in, name_of
from tasksync_console.printing import print_json, print_table, screen
from tasksync_console.words import clean, many, moment, short
from tasksync_engine.diagnostics import diagnose
from tasksync_engine.ledger import overview, parked
from tasksync_engine.ledger.overview import Sought

if TYPE_CHECKING:
    from rich.console import Console

    from tasksync_engine.ledger import Ledger
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked

SHOWN = 50


def most(limit: int | None, *, as_json: bool) -> int | None:
    """As many rows as somebody asked for; otherwise all of them for programs, and `SHOWN` for people."""
    return limit if as_json or limit is not None else SHOWN


def print_links(ledger: Ledger, sought: Sought, *, limit: int | None, as_json: bool) -> None:
    """Print links, the newest first."""
    with ledger.reading() as connection:
        found, total = overview.find_links(connection, sought, most(limit, as_json=as_json))
    if as_json:
        print_json([_link_json(link) for link in found])
        return
    console = screen()
    if found:
        rows = [(link.reminder_id, link.task_id, link.state, link.origin, short(name_of(link))) for link in found]
        print_table(console, ("reminder", "task", "state", "origin", "name"), rows, whole=4)
    else:
        console.print("There are no such links.")
    _say_rest(console, total - len(found))


def _link_json(link: Link) -> dict[str, Any]:
    return {
        "id": link.id,
        "reminder_id": link.reminder_id,
        "task_id": link.task_id,
        "state": link.state,
        "origin": link.origin,
        "name": name_of(link),
        "reminder_user": link.reminder_user,
        "task_user": link.task_user,
    }


def print_conflicts(ledger: Ledger, sought: Sought, *, limit: int | None, as_json: bool) -> None:
    """Print recorded conflicts, the newest first."""
    with ledger.reading() as connection:
        found, total = overview.find_conflicts(connection, sought, most(limit, as_json=as_json))
        rows = conflict_rows(connection, found)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    console = screen()
    if not rows:
        console.print("There are no conflicts." if sought == Sought() else "There are no such conflicts.")
    for row in rows:
        named = short(row.name) if row.name else "(no name)"
        pair = clean(f"{named} ({row.reminder_id}, {row.task_id})")
        console.print(f"{moment(row.at)}  run {row.run_id}  {pair}")
        console.print(f"  {clean(row.in_words())}")
    _say_rest(console, total - len(rows))


def print_parked(ledger: Ledger, sought: Sought, *, limit: int | None, as_json: bool) -> None:
    """Print what is parked, the oldest first, with what it means and what to do."""
    with ledger.reading() as connection:
        found, total = overview.find_parked(connection, sought, most(limit, as_json=as_json))
        names = Names(connection, [_ids(change) for change in found])
    if as_json:
        print_json([parked_json(change, names.of(_ids(change), change.payload)) for change in found])
        return
    console = screen()
    if not found:
        console.print("Nothing is parked." if sought == Sought() else "Nothing of that is parked.")
    for change in found:
        print_parked_change(console, change, names.of(_ids(change), change.payload))
    _say_rest(console, total - len(found))


def _ids(change: Parked) -> tuple[str | None, str | None]:
    return (change.record_id, None) if change.side == "reminder" else (None, change.record_id)


def parked_json(change: Parked, name: str | None) -> dict[str, Any]:
    """A parked change without its payload, and with what its code means."""
    words = diagnose(change.code, change.message, change.category)
    return {
        "side": change.side,
        "record_id": change.record_id,
        "name": name,
        "code": change.code,
        "category": change.category,
        "message": change.message,
        "happening": words.happening,
        "remedy": words.remedy,
        "attempts": change.attempts,
        "parked_at": change.parked_at,
        "retry_at": change.retry_at,
        "needs_person": change.needs_person,
        "reported": change.reported,
    }


def print_parked_change(console: Console, change: Parked, name: str | None) -> None:
    """Print one parked change."""
    words = diagnose(change.code, change.message, change.category)
    named = name or name_in(change.payload)
    title = f"{change.side} {change.record_id}{f' {short(named)}' if named else ''}"
    console.print(clean(f"{title}: {change.code} ({change.category})"), style="bold")
    console.print(f"  since {moment(change.parked_at)}, tried {many(change.attempts, 'time')}; {next_step(change)}")
    if change.message:
        console.print(f"  message: {short(change.message, 500)}")
    console.print(f"  {words.happening}")
    console.print(f"  {words.remedy}")


_NEXT = {
    parked.UNDONE: "undone; goes over again when the record changes, or by `tasksync retry {id}`",
    parked.ALLOWANCE: "goes out once API calls are free",
    parked.INVALID_RECORD: "waits until the record changes",
    parked.RUNAWAY: "waits for `tasksync retry {id}`, whatever changes meanwhile",
}


def next_step(change: Parked) -> str:
    """When a parked change is tried again, or what it waits for."""
    if change.retry_at is not None:
        return f"due at {moment(change.retry_at)}"
    if change.code in _NEXT:
        return _NEXT[change.code].format(id=change.record_id)
    if not change.needs_person:
        return "waits for the other record or user"
    return f"waits until the record changes, or for `tasksync retry {change.record_id}`"


def _say_rest(console: Console, rest: int) -> None:
    if rest > 0:
        console.print(f"... and {rest} more (--limit N shows more, --json all)")
