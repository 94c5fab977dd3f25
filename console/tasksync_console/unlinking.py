"""`tasksync unlink`: leaves cleanly: both records of each pair stay, and nothing on them names the other any more."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import typer

from tasksync_console.address import find_address
from tasksync_console.filters import find_user, ids_of
from tasksync_console.project import Project
from tasksync_console.services import PLUGINS
from tasksync_console.words import clean, many
from tasksync_engine.connecting import sales_connect_destination, salesforce_destination
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger import open_ledger, roster
from tasksync_engine.ledger.links import OPEN
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.unlinking import Unlinked, Unlinking
from tasksync_mappings import MappingError, load_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasksync_engine.destination import Destination
    from tasksync_engine.ledger import Ledger
    from tasksync_mappings import FieldMap, Side

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Left:
    """What became of an `unlink`, or with `dry_run` would.

    Attributes:
        whose: The user whose links were ended; None: everybody's.
        still_on: Users among them who have task sync on: what they make from now on still syncs.
    """

    whose: str | None
    dry_run: bool
    outcome: Unlinked
    still_on: list[str]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        left = [{"reminder_id": one, "task_id": two, "reason": why} for one, two, why in self.outcome.left]
        return {**asdict(self.outcome), "left": left, "user": self.whose, "dry_run": self.dry_run,
                "still_on": self.still_on}  # fmt: skip


def unlink(user: str | None, *, dry_run: bool, sure: bool) -> Left | None:
    """End links with the credentials that the project's plugins have; None where the person said no.

    Args:
        user: Whose links; None: everybody's.
        dry_run: Only look.
        sure: Do not ask.

    Raises:
        EngineError: A run is going on, or a setting is wrong.
        ClientError: A service cannot go on; the same again finishes.
    """
    project = Project.here()
    with open_ledger(find_address().url, create=False) as ledger:
        who, sought, still_on = _scope(ledger, user)
        settings = {side: project.plugin_settings(name) for side, name in PLUGINS.items()}
        fields = _mapping(settings["task"].get("mapping_path"))
        work = Unlinking(ledger, _sides(settings, fields), fields)
        expected = work.look(sought)
        if dry_run or not expected.links:
            return Left(who, dry_run, expected, still_on)
        if not (sure or _agreed(expected)):
            return None
        return Left(who, dry_run, work.carry_out(sought), still_on)


def _scope(ledger: Ledger, user: str | None) -> tuple[str | None, Sought, list[str]]:
    with ledger.reading() as connection:
        if user is None:
            return None, Sought(kinds=[OPEN]), [who.sales_connect_id for who in roster.participants(connection)]
        who = find_user(connection, user)
    return who.sales_connect_id, Sought(kinds=[OPEN], users=ids_of(who)), [who.sales_connect_id] if who.is_on else []


def _mapping(path: str | None) -> FieldMap:
    try:
        return load_mapping(path)
    except MappingError as error:
        raise ConfigError(str(error)) from error


def _sides(settings: Mapping[str, dict[str, Any]], fields: FieldMap) -> dict[Side, Destination]:
    return {
        "task": salesforce_destination(settings["task"])(fields),
        "reminder": sales_connect_destination(settings["reminder"])(fields),
    }


def _agreed(expected: Unlinked) -> bool:
    """Asks; where nobody can answer, says what to do."""
    what = f"{many(expected.links, 'pair')} will never sync again"
    if not sys.stdin.isatty():
        message = f"{what}, which cannot be undone: if that is meant, say --yes; --dry-run only looks."
        raise ConfigError(message)
    return typer.confirm(f"{what}, which cannot be undone. Go on?", err=True)


def in_words(left: Left) -> str:
    """What a person is told: what was done, what remains, and what to do next."""
    done, could = left.outcome, left.dry_run
    if not done.links and not done.left:
        return "There is no open link" + (f" of {clean(left.whose)}." if left.whose else ".")
    verb, emptied = ("would be", "would be") if could else ("was" if done.links == 1 else "were", "was")
    tasks, reminders = many(done.tasks, "task"), many(done.reminders, "reminder")
    lines = [
        f"{many(done.links, 'link')} {verb} ended; both records of each stay as they are.",
        f"The link field {emptied} emptied on {tasks}, and salesforce_task_id on {reminders}.",
    ]
    lines += [f"Left: reminder {one}, task {two}: {clean(why)}." for one, two, why in done.left[:SHOWN]]
    if done.left:
        lines.append(f"{many(len(done.left), 'link')} left in all: the same command tries again.")
    if left.still_on:
        lines.append(
            f"{many(len(left.still_on), 'user')} of them still have task sync on: what they make from now on syncs as "
            "before. `tasksync disable USER` ends that too."
        )
    if left.whose is None and not could and not done.left:
        lines.append(
            "Nothing on either side names the other any more: the field and the permission set can be removed, as "
            "docs/salesforce-setup.md says, and then this ledger."
        )
    return "\n".join(lines)
