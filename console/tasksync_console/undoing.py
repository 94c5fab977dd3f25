"""`tasksync undo`: takes back what one run wrote, where nobody has changed it since."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from tasksync_console.address import find_address
from tasksync_console.names import Names
from tasksync_console.pipelines import target_settings, writing_as
from tasksync_console.project import Project
from tasksync_console.words import SERVICES, clean, many, short
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger import open_ledger
from tasksync_engine.undo import find_run, undo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_engine.ledger import Ledger
    from tasksync_engine.taking_back import Leftover, Outcome
    from tasksync_mappings import Side

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of an undo, or with `dry_run` would.

    Attributes:
        run: The run that was undone.
        undo_run: The number of the undo's own run.
        side: Whose records were written: `reminder` or `task`.
    """

    run: int
    undo_run: int
    side: Side
    dry_run: bool
    outcome: Outcome
    names: dict[str, str]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "run": self.run,
            "undo_run": self.undo_run,
            "dry_run": self.dry_run,
            "put_back": self.outcome.put_back,
            "deleted": self.outcome.deleted,
            "left": [{**asdict(left), "name": self.names.get(left.reminder_id)} for left in self.outcome.left],
        }


def take_back(run_id: int, *, dry_run: bool, sure: bool) -> Undone | None:
    """Undo a run with the credentials that the project's plugins have; None where the person said no.

    Raises:
        EngineError: The run cannot be undone, another one is going on, or a setting is wrong.
        ClientError: The service cannot go on.
    """
    address = find_address()
    with open_ledger(address.url, create=False) as ledger, ledger.reading() as connection:
        direction = find_run(connection, run_id)["direction"]
    pipeline = writing_as(direction)
    side = pipeline.side
    settings, config = target_settings(Project.here(), pipeline, address.url)
    agree = _asker(side, sure=sure or dry_run)
    done = undo(replace(settings, dry_run=dry_run), pipeline.connect(config), run_id, agree)
    if done is None:
        return None
    with open_ledger(address.url, create=False) as ledger:
        return Undone(run_id, done[0], side, dry_run, done[1], _names(ledger, done[1].left))


def _asker(side: Side, *, sure: bool) -> Callable[[Outcome], bool]:
    """Asks before records are deleted; where nobody can answer, says what to do."""

    def agree(expected: Outcome) -> bool:
        if sure or not expected.deleted:
            return True
        records = f"{many(expected.deleted, side)} in {SERVICES[side]}"
        if not sys.stdin.isatty():
            message = f"This would delete {records}, which that run had made: if that is meant, say --yes."
            raise ConfigError(message)
        return typer.confirm(f"This deletes {records}, which that run had made. Go on?", err=True)

    return agree


def _names(ledger: Ledger, left: Sequence[Leftover]) -> dict[str, str]:
    with ledger.reading() as connection:
        known = Names(connection, [(item.reminder_id, item.task_id) for item in left])
    told = {item.reminder_id: known.of((item.reminder_id, item.task_id)) for item in left}
    return {record_id: name for record_id, name in told.items() if name}


def in_words(undone: Undone) -> str:
    """What a person is told."""
    side, outcome = undone.side, undone.outcome
    could = "would get" if undone.dry_run else "got"
    lines = []
    if outcome.put_back:
        lines.append(f"{many(outcome.put_back, side)} in {SERVICES[side]} {could} earlier values back.")
    if outcome.deleted:
        verb = "would be" if undone.dry_run else ("was" if outcome.deleted == 1 else "were")
        lines.append(f"{many(outcome.deleted, side)} that run {undone.run} had made {verb} deleted.")
    if not lines:
        lines.append(f"Nothing of run {undone.run} {'would be' if undone.dry_run else 'was'} taken back.")
    if outcome.put_back and not undone.dry_run:
        lines.append("Their changes are parked as undone: `tasksync retry ID` or a new edit carries them over again.")
    lines += _left(undone)
    return "\n".join(lines)


def _left(undone: Undone) -> list[str]:
    groups: dict[str, list[Leftover]] = defaultdict(list)
    for left in undone.outcome.left:
        groups[left.reason].append(left)
    lines = []
    for reason, group in sorted(groups.items()):
        lines.append(f"Left, because {clean(reason)}:")
        for left in group[:SHOWN]:
            name = undone.names.get(left.reminder_id)
            what = f"{left.action}{f' of {left.field}' if left.field else ''}"
            named = f" {short(name)}" if name else ""
            lines.append(clean(f"{what}: reminder {left.reminder_id}, task {left.task_id}{named}"))
        if len(group) > SHOWN:
            lines.append(f"and {len(group) - SHOWN} more (--json shows all)")
    return lines
