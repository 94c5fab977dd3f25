"""Steps that many stories share: a pair that agrees, a run that dies, time that passes, a run that is quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from tasksync_engine.ledger import open_ledger
from tasksync_engine.ledger.schema import parked
from tests.sync.machine_runs import Mishap, Runs, Script

if TYPE_CHECKING:
    from tests.sync.pipelines import Meltano
    from tests.sync.team import Team

AFTER_CREATE = ("after create", 1)


def paired(team: Team, meltano: Meltano, **members: Any) -> tuple[str, str]:
    """A pair that agrees, as (reminder id, task id)."""
    reminder = team.remind(**{"details": "old", **members})
    meltano.sync()
    return reminder, team.task_of(reminder)["Id"]


def quiet(team: Team, meltano: Meltano) -> None:
    """Assert that the next run writes nothing."""
    before = team.writes()
    meltano.sync()
    assert team.writes() == before


def dies(team: Team, meltano: Meltano, direction: str, step: tuple[str, int]) -> None:
    """A run of this direction is killed at this step of its target."""
    runs = Runs(team.sandbox, meltano.ledger_path.parent, meltano.settings)
    runs.states = meltano.states
    script = Script(kill_at=step)
    runs.run(direction, Mishap(script))
    assert script.dead


def end_back_off(meltano: Meltano) -> None:
    """Everything that waits for its time is due."""
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        connection.execute(update(parked).where(parked.c.retry_at.is_not(None)).values(retry_at=parked.c.parked_at))
