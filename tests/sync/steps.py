"""Steps that many stories share: a pair that agrees, a run that dies, time that passes, a run that is quiet."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from tasksync_clients import ClientError
from tasksync_engine.engine import Engine
from tasksync_engine.ledger import open_ledger
from tasksync_engine.ledger.parked import request_retry
from tasksync_engine.ledger.schema import parked
from tasksync_engine.ledger.store import now
from tasksync_engine.settings import EngineSettings
from tests.sync.machine_runs import Mishap, Runs, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    script = Script(kill_at=step)
    meanwhile(team, meltano, direction, script)
    assert script.dead


def meanwhile(team: Team, meltano: Meltano, direction: str, script: Script) -> None:
    """A run of this direction, to whose target this happens."""
    runs = Runs(team.sandbox, meltano.ledger_path.parent, meltano.settings)
    runs.states, runs.read_settings = meltano.states, meltano.read_settings
    runs.run(direction, Mishap(script))


def end_back_off(meltano: Meltano) -> None:
    """Everything that waits for its time is due."""
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        connection.execute(update(parked).where(parked.c.retry_at.is_not(None)).values(retry_at=parked.c.parked_at))


def lose_creates(team: Team, meltano: Meltano, kind: str = "drop_after") -> None:
    """A run whose creates' answers are lost after the work was done, or (`drop_before`) that never arrive."""
    team.sandbox.fault("salesforce", kind, method="POST", path="composite/sobjects$", times=1)
    with pytest.raises(ClientError):
        meltano.to_salesforce()
    team.heal()


def ask_to_retry(meltano: Meltano, record_id: str) -> None:
    """What `tasksync retry ID` does."""
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        request_retry(connection, now(), record_id)


def subjects(team: Team) -> list[str]:
    """Of all tasks, sorted."""
    return sorted(row["Subject"] for row in team.tasks())


def pointers(team: Team) -> list[str]:
    """The tasks that the living reminders name, sorted."""
    return sorted(row["salesforce_task_id"] or "" for row in team.reminders())


def pass_over(team: Team, meltano: Meltano) -> None:
    """Time goes by, and the bookmarks go past everything that there is."""
    team.later(7300)
    passed = team.stamp(datetime.now(UTC) + timedelta(seconds=5000))
    for direction, stream in (("to-salesforce", "reminders"), ("to-salesconnect", "tasks")):
        meltano.states[direction]["bookmarks"][stream] |= {"replication_key_value": passed, "read_at": passed}
    before = team.writes()
    meltano.sync()
    assert team.writes() == before


@contextmanager
def begun(meltano: Meltano, target_type: Any, config: dict[str, Any]) -> Iterator[Engine]:
    """A run of one direction, that ends without having been complete."""
    target = target_type(config={**config, "ledger_url": meltano.ledger_url, **meltano.settings})
    engine = Engine(EngineSettings.from_config(dict(target.config)), target.connector())
    engine.open()
    try:
        yield engine
    finally:
        engine.close()
