"""`tasksync undo`: a run that takes back what another run wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_engine.engine import Engine
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger import runs
from tasksync_engine.taking_back import Outcome, TakingBack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from tasksync_engine.destination import Destination
    from tasksync_engine.settings import EngineSettings
    from tasksync_mappings import FieldMap


def find_run(connection: Connection, run_id: int) -> Mapping[str, Any]:
    """The run that is to be undone.

    Raises:
        ConfigError: There is none, or it is none that can be undone.
    """
    run = runs.numbered(connection, run_id)
    if run is None:
        message = f"There is no run {run_id} in this ledger: `tasksync explain ID` names the runs that wrote a record."
        raise ConfigError(message)
    if run["direction"] == runs.UNDO:
        message = (
            f"Run {run_id} is itself an undo, and cannot be undone: `tasksync retry ID` carries over again what "
            "it took back."
        )
        raise ConfigError(message)
    if run["dry_run"]:
        message = f"Run {run_id} was a dry run: it wrote nothing."
        raise ConfigError(message)
    return run


def undo(
    settings: EngineSettings,
    connect: Callable[[FieldMap], Destination],
    run_id: int,
    agree: Callable[[Outcome], bool] = lambda expected: True,  # noqa: ARG005 - whoever asks nobody agrees
) -> tuple[int, Outcome] | None:
    """Take back what a run wrote, as a run of its own.

    Args:
        settings: The engine's settings.
        connect: Makes the side that the run had written to, given the field map.
        run_id: The run.
        agree: Asked with what is to be expected, before anything is written.

    Returns:
        The number of its own run, and what became of it; None where `agree` said no.

    Raises:
        EngineError: The run cannot be undone, or another one is going on.
        ClientError: The destination cannot go on; the same undo again finishes.
    """
    engine = Engine(settings, connect, runs.UNDO)
    with engine.opened() as context:
        with context.ledger.reading() as connection:
            find_run(connection, run_id)
        undoing = TakingBack(context, run_id)
        if not agree(undoing.look()):
            context.counts["declined"] = 1
            return None
        outcome = undoing.carry_out()
        context.counts["complete"] = 1
    return context.run_id, outcome
