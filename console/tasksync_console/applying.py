"""`tasksync apply`: carries out a saved plan, and says what became of each row."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from tasksync_console.address import find_address
from tasksync_console.pipelines import PIPELINES, hand
from tasksync_console.planning_text import VERBS, ids_in_words
from tasksync_console.printing import screen
from tasksync_console.project import Project
from tasksync_console.words import clean, many, short
from tasksync_engine.apply import Applied, apply
from tasksync_engine.errors import ConfigError
from tasksync_engine.plan import decode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tasksync_engine.plan import Row

SHOWN = 50
DONE = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "link": "linked",
    "settle": "settled in the ledger",
    "close": "unlinked",
    "point": "given their task's id",
}


def carry_out(path: Path) -> list[Applied]:
    """Carry out the plan of a file with the project's credentials.

    Raises:
        EngineError: The file is no plan of this project, a run is going on, or a setting is wrong.
        ClientError: A service cannot go on; the same plan again finishes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The plan {path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}."
        raise ConfigError(message) from error
    plan = decode(text, str(path))
    project, address = Project.here(), find_address()
    return apply(plan, [hand(project, pipeline, address.url) for pipeline in PIPELINES], address.url)


def is_whole(applied: Sequence[Applied]) -> bool:
    """Whether nothing was refused."""
    return not any(part.outcome.refused or part.outcome.parked for part in applied)


def as_json(applied: Sequence[Applied]) -> list[dict[str, Any]]:
    """All of it."""
    return [
        {
            "direction": part.direction,
            "run": part.run_id,
            "done": dict(Counter(row.action for row in part.outcome.done)),
            "nothing_left": len(part.outcome.before),
            "refused": [_told(row, reason) for row, reason in part.outcome.refused],
            "parked": [_told(row, code) for row, code in part.outcome.parked],
        }
        for part in applied
    ]


def _told(row: Row, reason: str) -> dict[str, Any]:
    return {**msgspec.to_builtins(row), "reason": reason}


def print_applied(applied: Sequence[Applied]) -> None:
    """Print what was done, and each row that was not, by its reason."""
    console = screen()
    if not any(_rows(part) for part in applied):
        console.print("The plan has nothing to do.")
    for part in applied:
        outcome = part.outcome
        if not _rows(part):
            continue
        done = Counter(row.action for row in outcome.done)
        told = [f"{number} {DONE[action]}" for action, number in sorted(done.items())]
        told += [f"{many(len(outcome.before), 'row')} had nothing left to do"] if outcome.before else []
        console.print(f"{part.direction} (run {part.run_id}): {', '.join(told) or 'nothing was done'}.")
        groups: dict[str, list[Row]] = defaultdict(list)
        for row, reason in outcome.refused:
            groups[f"Refused, because {reason}:"].append(row)
        for row, code in outcome.parked:
            groups[f"Parked with {code} (`tasksync parked` says what to do):"].append(row)
        for reason, rows in sorted(groups.items()):
            console.print(clean(reason))
            for row in rows[:SHOWN]:
                console.print(clean(f"  {VERBS[row.action].format(side=row.to)}: {short(row.name)}{ids_in_words(row)}"))
            if len(rows) > SHOWN:
                console.print(f"  and {len(rows) - SHOWN} more (--json shows all)")
    if not is_whole(applied):
        console.print("What was refused is as it was: the next sync decides it, or a new plan.")


def _rows(part: Applied) -> int:
    outcome = part.outcome
    return len(outcome.done) + len(outcome.before) + len(outcome.refused) + len(outcome.parked)
