"""Commands on the records of a running sandbox."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.command.control import ask
from tasksync_sandbox.command.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.command.place import Place, Running
    from tasksync_sandbox.seed.team import Size

_PART = 50_000


def running_at(place: Place) -> Running:
    """The sandbox of a data folder.

    Raises:
        CommandError: it does not run.
    """
    running = place.running()
    if running is None:
        msg = f"No sandbox serves {place.data}: run `sandbox up` first."
        raise CommandError(msg)
    return running


def reset(place: Place) -> int:
    """Empty both services."""
    for url in running_at(place).urls:
        ask(url, "POST", "reset", certificate=place.certificate)
    sys.stdout.write("Both services are empty.\n")
    return 0


def seed(place: Place, size: Size, random_seed: int, *, even_if_not_empty: bool) -> int:
    """Load a sample team; a sandbox with reminders or tasks is left as it is, unless told otherwise."""
    from tasksync_sandbox.seed.team import make_team  # noqa: PLC0415  the other commands do not need it

    running = running_at(place)
    held = _records(place, running)
    if not even_if_not_empty and (held.get("reminders") or held.get("Task")):
        sys.stdout.write("There are records already, nothing was loaded (`sandbox seed --add` loads all the same).\n")
        return 0
    now = ask(running.sales_connect_url, "GET", "clock", certificate=place.certificate)["now"]
    team = make_team(size, random_seed, now)
    for name, records in team.objects.items():
        for part in _parts(records):
            ask(running.salesforce_url, "POST", "load", {"objects": {name: part}}, certificate=place.certificate)
    for name, records in team.sales_connect.items():
        for part in _parts(records):
            ask(running.sales_connect_url, "POST", "load", {name: part}, certificate=place.certificate)
    sys.stdout.write(
        f"Loaded {size.users} users, {len(team.sales_connect['people'])} people, "
        f"{size.reminders} reminders and {size.tasks} tasks.\n"
    )
    return 0


def _parts(records: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """What fits into one call."""
    return (records[start : start + _PART] for start in range(0, len(records), _PART))


def _records(place: Place, running: Running) -> dict[str, int]:
    held: dict[str, int] = {}
    for url in running.urls:
        held |= ask(url, "GET", "status", certificate=place.certificate)["records"]
    return held
