"""What a run does with each stream of its tap."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tasksync_engine.errors import ConfigError
from tasksync_engine.users import participants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tasksync_engine.engine import Engine
    from tasksync_mappings import Side

SYNCED: Mapping[Side, str] = {"task": "reminders", "reminder": "tasks"}
"""The stream that a direction brings over, by the side that it writes to."""

NO_ROSTER = (
    "Nobody takes part yet, so nothing was written and the bookmark stays where it is: run `to-salesforce` first. "
    "It fills the ledger's roster."
)


def begin(engine: Engine, stream: str, records: Sequence[Mapping[str, Any]]) -> Callable[[], None]:
    """As `take`, in two steps; the first one may go on while what came before is written.

    Raises:
        EngineError: As for `take`.
        StopRun: As for `take`.
    """
    nobody = not engine.context.participation.by_reminder_user
    if stream != SYNCED[engine.context.destination.side] or nobody or not engine.ahead.is_possible:
        return partial(take, engine, stream, records)
    return engine.begin(records)


def take(engine: Engine, stream: str, records: Sequence[Mapping[str, Any]]) -> None:
    """Take some of a stream's records: settings, all users at once, or what is brought over; others say nothing.

    Raises:
        EngineError: The ledger is another tenant's, the settings cannot be used, or tasks come though nobody takes
            part yet: a tap that does not know the roster would pass them, and never read them again.
        StopRun: The destination cannot go on; what was carried out before is settled.
    """
    destination = engine.context.destination
    if stream == SYNCED[destination.side]:
        if destination.side == "reminder" and not engine.context.participation.by_reminder_user:
            raise ConfigError(NO_ROSTER)
        engine.process(records)
    elif destination.side == "task" and stream == "salesforce_settings":
        for record in records:
            engine.take_settings(record)
    elif destination.side == "task" and stream == "users":
        engine.take_users(participants(records), destination.active_users)
