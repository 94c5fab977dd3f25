"""A plan for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.conflicts import DELETION
from tasksync_console.planning import summary
from tasksync_console.printing import print_table, screen
from tasksync_console.words import SERVICES, TARGETS, clean, many, short
from tasksync_engine.diagnostics import diagnose
from tasksync_mappings import other

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from rich.console import Console

    from tasksync_engine.plan import DirectionPlan, Met, Plan, Row, Waiting
    from tasksync_mappings import Side

SHOWN = 50
VERBS = {
    "create": "create {side}",
    "update": "update {side}",
    "delete": "delete {side}",
    "link": "link, as they are the same",
    "settle": "note what stands",
    "close": "close the link: the {side} is gone, or is kept",
    "point": "write the task's id into the reminder",
}


def print_plan(plan: Plan, about: str, limit: int | None) -> None:
    """Print the numbers, and then the rows; people get the first `SHOWN` of each direction unless they say how many."""
    console = screen()
    console.print(f"What a sync would do now with {about}. Nothing was written.\n")
    print_numbers(console, plan.directions)
    for part in plan.directions:
        print_direction(console, part, SHOWN if limit is None else limit)


def print_numbers(console: Console, parts: Sequence[DirectionPlan]) -> None:
    """One column for each direction, one row for each number that is not zero anywhere."""
    told = [summary(part) for part in parts]
    reasons = sorted({reason for numbers in told for reason in numbers["skipped"]})
    names = [name for name in told[0] if name != "skipped"] if told else []
    rows = [(name, *(str(numbers[name]) for numbers in told)) for name in names]
    rows += [
        (f"left out: {reason}", *(str(numbers["skipped"].get(reason, 0)) for numbers in told)) for reason in reasons
    ]
    always = {"creates", "updates", "deletions", "conflicts"}
    kept = [row for row in rows if row[0] in always or set(row[1:]) != {"0"}]
    print_table(console, ("", *(part.direction for part in parts)), kept, whole=3)


def print_direction(console: Console, part: DirectionPlan, most: int) -> None:
    """Print one direction's rows."""
    console.print(f"\n{part.direction}", style="bold")
    if not part.complete:
        console.print("  Its tap did not read to its end, so deletions are not planned. Before the very first sync")
        console.print("  this is so while nobody takes part; otherwise the tap's own messages say why.")
    if part.held:
        side: Any = part.held[0].side
        console.print(f"  The brake would hold {many(len(part.held), 'deletion')} from {SERVICES[side]}: nothing is")
        console.print(f"  deleted until it is allowed ({TARGETS[side]}_ALLOW_MASS_DELETE=true).")
    rows = [row for row in part.rows if row.action != "settle" or row.conflicts]
    lines = [*map(row_in_words, rows), *map(parked_in_words, part.parked), *map(held_in_words, part.held)]
    if not lines:
        console.print("  Nothing to do.")
    for first, *more in lines[:most]:
        console.print(f"  {first}")
        for line in more:
            console.print(f"      {line}")
    if len(lines) > most:
        console.print(f"  ... and {len(lines) - most} more (--limit N shows more, --json all)")


def row_in_words(row: Row) -> list[str]:
    """What a row does to what; then each field, and each conflict."""
    title = f"{VERBS[row.action].format(side=row.to)}: {short(row.name)}{ids_in_words(row)}"
    return [clean(title), *_details(row)]


def _details(row: Row) -> Iterator[str]:
    if row.action == "create":
        for column, value in row.writes.items():
            if value is not None and value != "":
                yield f"{column}: {short(value)}"
    for name, told in row.fields.items():
        yield f"{name}: {short(told['before'])} → {short(told['after'])} ({told['rule']})"
    for conflict in row.conflicts:
        yield conflict_in_words(conflict)


def conflict_in_words(met: Met) -> str:
    """What met what, and which one stands."""
    winner: Side = "task" if met.winner == "task" else "reminder"
    loser = other(winner)
    if met.field == DELETION:
        lost = (met.task if loser == "task" else met.reminder) or {}
        told = ", ".join(f"{key} {short(value, 30)}" for key, value in lost.items())
        return clean(f"conflict: deleted in {SERVICES[winner]}, edited in {SERVICES[loser]}; lost there: {told}")
    return clean(
        f"conflict in {met.field}: Sales Connect {short(met.reminder)}, Salesforce {short(met.task)}; "
        f"{SERVICES[winner]}'s stands"
    )


def ids_in_words(row: Row) -> str:
    """Which reminder and which task, as far as there are both."""
    named = [f"reminder {row.reminder_id}" if row.reminder_id else "", f"task {row.task_id}" if row.task_id else ""]
    return f" ({', '.join(filter(None, named))})"


def parked_in_words(waiting: Waiting) -> list[str]:
    """What would be parked, why, and what to do about it."""
    words = diagnose(waiting.code, waiting.message, waiting.category)
    name = f" {short(waiting.name)}" if waiting.name else ""
    return [clean(f"park {waiting.side} {waiting.record_id}{name}: {waiting.code}"), words.happening, words.remedy]


def held_in_words(waiting: Waiting) -> list[str]:
    """A deletion that the brake would hold."""
    name = f" {short(waiting.name)}" if waiting.name else ""
    return [clean(f"hold the deletion of {waiting.side} {waiting.record_id}{name}")]
