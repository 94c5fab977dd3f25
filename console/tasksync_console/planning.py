"""`tasksync plan`: what the next sync of both directions would do."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import msgspec

from tasksync_console.address import find_address
from tasksync_console.pipelines import PIPELINES, target_settings
from tasksync_console.progress import counting
from tasksync_console.project import Project
from tasksync_console.tapping import from_meltano
from tasksync_engine.errors import ConfigError
from tasksync_engine.plan import encode
from tasksync_engine.rehearsing import Way, rehearse

if TYPE_CHECKING:
    from pathlib import Path

    from tasksync_engine.plan import DirectionPlan, Plan

SKIPPED = "skipped: "
COUNTED = {"create": "creates", "update": "updates", "delete": "deletions", "link": "found pairs", "point": "pointers"}
"""What the summary calls a row's action; the others write to no service."""


def make_plan() -> Plan:
    """Rehearse both directions with the project's settings and bookmarks.

    Raises:
        EngineError: A run is going on, or the ledger, the mapping or a setting cannot be used.
        ClientError: A service cannot be read.
    """
    project, address = Project.here(), find_address()
    with ExitStack() as bars:
        ways = []
        for pipeline in PIPELINES:
            settings, config = target_settings(project, pipeline, address.url)
            progress = bars.enter_context(counting(f"Reading {pipeline.tap}"))
            connect, read = pipeline.connect(config), from_meltano(project, pipeline, progress)
            ways.append(Way(pipeline.direction, settings, connect, read))
        return rehearse(ways, address.url)


def save(plan: Plan, path: Path) -> None:
    """Write a plan into a new file, readable by its owner alone: it holds names and notes.

    Raises:
        ConfigError: The file is there already, or cannot be written.
    """
    try:
        path.touch(0o600, exist_ok=False)
        path.write_text(encode(plan), encoding="utf-8")
    except FileExistsError as error:
        raise _taken(path) from error
    except OSError as error:
        message = f"The file {path} cannot be written: {error.strerror}."
        raise ConfigError(message) from error


def refuse_taken(path: Path) -> None:
    """Find out before the long work that its result could not be kept.

    Raises:
        ConfigError: There is such a file.
    """
    if path.exists():
        raise _taken(path)


def _taken(path: Path) -> ConfigError:
    return ConfigError(f"The file {path} exists already: name a new one.")


def summary(part: DirectionPlan) -> dict[str, Any]:
    """One direction in numbers."""
    actions = [row.action for row in part.rows]
    return {
        **{name: actions.count(action) for action, name in COUNTED.items()},
        "conflicts": sum(len(row.conflicts) for row in part.rows),
        "parked": len(part.parked),
        "held": len(part.held),
        "skipped": {
            what.removeprefix(SKIPPED): number for what, number in part.counts.items() if what.startswith(SKIPPED)
        },
    }


def as_json(plan: Plan) -> dict[str, Any]:
    """All of it, with the numbers."""
    told: dict[str, Any] = msgspec.to_builtins(plan)
    for part, numbers in zip(told["directions"], map(summary, plan.directions), strict=True):
        part["summary"] = numbers
    return told
