"""`tasksync reconcile`: what drifted apart between the two services, and what became of it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tasksync_console import applying, planning
from tasksync_console.address import find_address
from tasksync_console.pipelines import PIPELINES, hand
from tasksync_console.planning_text import SHOWN, held_in_words, parked_in_words, row_in_words
from tasksync_console.printing import screen
from tasksync_console.progress import counting
from tasksync_console.project import Project
from tasksync_console.twins_text import group_in_words
from tasksync_console.words import SERVICES, clean, many, short
from tasksync_engine.ledger import parked
from tasksync_engine.reconciling import Reconciled
from tasksync_engine.reconciling import reconcile as compare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from tasksync_engine.apply import Hand
    from tasksync_engine.comparing import Differing, Twin

HEADINGS = {
    "update": "Pairs that differ",
    "settle": "Pairs whose difference is settled in the ledger alone",
    "create": "Records without a counterpart",
    "link": "Records that name each other and are not linked",
    "delete": "Counterparts of deleted records",
    "close": "Links whose records are gone",
    "point": "Reminders that lack their task's id",
}


def hands() -> tuple[list[Hand], str]:
    """Both directions with the project's credentials, and the ledger's address.

    Raises:
        EngineError: A setting is wrong.
        ClientError: A credential is missing.
    """
    project, address = Project.here(), find_address()
    return [hand(project, pipeline, address.url) for pipeline in PIPELINES], address.url


def shown_on(bars: ExitStack) -> Callable[[str], Callable[[int], None]]:
    """Progress bars, one below the other, for as long as the stack is open."""
    return lambda what: bars.enter_context(counting(what))


def run(*, repair: bool) -> Reconciled:
    """Compare, and mend where that is asked for.

    Raises:
        EngineError: A run is going on, or the ledger, the mapping or a setting cannot be used.
        ClientError: A service cannot go on.
    """
    both, url = hands()
    with ExitStack() as bars:
        return compare(both, url, shown_on(bars), lambda found: repair)  # noqa: ARG005 - whatever was found


def is_in_order(found: Reconciled) -> bool:
    """Whether nothing is left that differs, or that a person has to look at."""
    compared, parts = found.compared, found.plan.directions
    asking = [one for part in parts for one in part.parked if one.code not in parked.WAITING | parked.MEANT]
    left = asking or found.waiting or any(part.held for part in parts) or compared.twins or compared.doubles
    mended = found.mended and applying.is_whole(found.mended)
    return not left and (mended or not found.can_be_mended)


def as_json(found: Reconciled) -> dict[str, Any]:
    """All of it."""
    compared = found.compared
    return {
        "pairs": compared.pairs,
        "in_order": bool(is_in_order(found)),
        "stuck": [_differing_json(one) for one in compared.stuck],
        "waiting": [_differing_json(one) for one in found.waiting],
        "twins": [_twin_json(twin) for twin in compared.twins],
        "doubles": [
            {"reminders": [one.id for one in group.reminders], "tasks": [one.id for one in group.tasks]}
            for group in compared.doubles
        ],
        "directions": planning.as_json(found.plan)["directions"],
        "repaired": applying.as_json(found.mended),
    }


def _differing_json(one: Differing) -> dict[str, Any]:
    ids = {"reminder_id": one.link.reminder_id, "task_id": one.link.task_id}
    return {**ids, "name": one.name, "fields": one.fields}


def _twin_json(twin: Twin) -> dict[str, Any]:
    return {name: getattr(twin, name) for name in ("side", "record_id", "name", "names", "linked")}


def print_found(found: Reconciled, limit: int | None) -> None:
    """Print what was found, by kind, and what became of it."""
    console = screen()
    most = SHOWN if limit is None else limit
    console.print(f"Both sides were read whole, and {many(found.compared.pairs, 'linked pair')} compared.")
    for title, items in _sections(found).items():
        if items:
            console.print(f"\n{title}: {len(items)}", style="bold")
            _print(console, items, most)
    if found.mended:
        console.print("\nRepaired:", style="bold")
        applying.print_applied(found.mended)
    console.print(f"\n{_verdict(found)}")


def _print(console: Console, items: Sequence[Sequence[str]], most: int) -> None:
    for first, *more in items[:most]:
        console.print(f"  {first}")
        for line in more:
            console.print(f"      {line}")
    if len(items) > most:
        console.print(f"  ... and {len(items) - most} more (--limit N shows more, --json all)")


def _sections(found: Reconciled) -> dict[str, list[Sequence[str]]]:
    compared, parts = found.compared, found.plan.directions
    rows: dict[str, list[Sequence[str]]] = {action: [] for action in HEADINGS}
    for row in (row for part in parts for row in part.rows):
        rows[row.action].append(row_in_words(row))
    return {
        "Fields that differ though the ledger takes both values for settled: no sync would carry them": [
            _differing(one) for one in compared.stuck
        ],
        **{heading: rows[action] for action, heading in HEADINGS.items()},
        "Second counterparts of a linked record (delete one of the two, or correct what it names)": [
            _twin(twin) for twin in compared.twins
        ],
        "Unlinked records that look like the same task (`tasksync adopt` links them)": [
            group_in_words(group) for group in compared.doubles
        ],
        "Pairs that differ and wait (`tasksync parked` says why)": [_differing(one) for one in found.waiting],
        "Held by the brake": [held_in_words(one) for part in parts for one in part.held],
        "Cannot go through": [parked_in_words(one) for part in parts for one in part.parked],
    }


def _differing(one: Differing) -> list[str]:
    title = clean(f"{short(one.name)} (reminder {one.link.reminder_id}, task {one.link.task_id})")
    told = [
        f"{name}: Sales Connect {short(reminder)}, Salesforce {short(task)}"
        for name, (reminder, task) in one.fields.items()
    ]
    return [title, *told]


def _twin(twin: Twin) -> list[str]:
    other = "task" if twin.side == "reminder" else "reminder"
    return [
        clean(
            f"{twin.side} {twin.record_id} {short(twin.name)} in {SERVICES[twin.side]} names {other} {twin.names}, "
            f"which is linked to {twin.side} {twin.linked}"
        )
    ]


def _verdict(found: Reconciled) -> str:
    if is_in_order(found):
        return "Both sides agree." if not found.can_be_mended else "Everything that was found is mended."
    if found.can_be_mended and not found.mended:
        return "`tasksync reconcile --repair` mends what the rules can mend; the rest is for a person."
    return "What is left is for a person, or for the next `tasksync reconcile --repair`."
