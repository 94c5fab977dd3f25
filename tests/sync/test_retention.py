"""History, conflicts and runs are kept as long as the settings say, and what is needed longer stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger import looking_back, open_ledger
from tasksync_engine.ledger.runs import Event, write_history
from tasksync_engine.settings import EngineSettings
from tests.sync.steps import paired, quiet

TABLES = ("history", "conflicts", "runs", "plan")


def age(meltano, days: int) -> None:
    """All that the ledger tells of the past happened this many days earlier."""
    moved = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        for table, columns in (("history", ("at",)), ("conflicts", ("at",)), ("runs", ("started_at", "ended_at"))):
            for column in columns:
                connection.exec_driver_sql(f"UPDATE {table} SET {column} = '{moved}'")  # noqa: S608 - the test's own


def conflicting(team, meltano) -> tuple[str, str]:
    """A pair with a history, a conflict, and the plan of a dry run."""
    reminder, task = paired(team, meltano)
    team.edit_reminder(reminder, details="here")
    team.edit_task(task, Description="there")
    meltano.settings["dry_run"] = True
    meltano.to_salesforce()
    meltano.settings["dry_run"] = False
    meltano.sync()
    return reminder, task


@pytest.fixture
def counts(ledger):
    """How many rows each table of the past holds."""

    def read() -> dict[str, int]:
        return {table: ledger(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in TABLES}  # noqa: S608

    return read


def test_what_is_older_goes_and_the_rest_stays(team, meltano, counts, ledger):
    """At the end of a complete run; links, bases and the sync itself are untouched."""
    reminder, _ = conflicting(team, meltano)
    assert all(counts().values())
    age(meltano, 366)
    team.remind("New")
    meltano.sync()
    assert [
        row["reminder_id"] for row in ledger("SELECT reminder_id FROM history") if row["reminder_id"] == reminder
    ] == []
    assert ledger("SELECT * FROM conflicts") == []
    assert len(ledger("SELECT * FROM links WHERE state = 'open'")) == 2
    quiet(team, meltano)


def test_what_is_younger_stays(team, meltano, counts):
    """To the day."""
    conflicting(team, meltano)
    age(meltano, 364)
    before = counts()
    meltano.sync()
    after = counts()
    assert {table: after[table] for table in ("history", "conflicts", "plan")} == {
        table: before[table] for table in ("history", "conflicts", "plan")
    }


def test_zero_keeps_for_ever(team, meltano, counts):
    """However old."""
    meltano.settings["history_days"] = 0
    conflicting(team, meltano)
    age(meltano, 5000)
    before = counts()
    meltano.sync()
    assert counts()["history"] >= before["history"]
    assert counts()["conflicts"] == before["conflicts"]
    assert counts()["plan"] == before["plan"]


def test_the_last_run_of_each_direction_stays(team, meltano, ledger):
    """A direction that has not run for years is still told about; and the last plan stays readable."""
    conflicting(team, meltano)
    age(meltano, 5000)
    meltano.to_salesforce()
    left = ledger("SELECT direction, dry_run, count(*) AS n FROM runs GROUP BY direction, dry_run")
    assert {(row["direction"], row["dry_run"]) for row in left} == {("to-salesforce", 0), ("to-salesconnect", 0)}
    assert sum(row["n"] for row in left) == 2


def test_an_incomplete_run_forgets_nothing(team, meltano, counts):
    """It has not shown that all is well."""
    conflicting(team, meltano)
    age(meltano, 5000)
    before = counts()
    meltano.write("to-salesforce", TargetSalesforceTasks, meltano.salesforce, b"")
    assert counts()["history"] == before["history"]


def test_a_dry_run_forgets_nothing(team, meltano, counts):
    """It writes nothing, and takes nothing away either."""
    conflicting(team, meltano)
    age(meltano, 5000)
    before = counts()
    meltano.settings["dry_run"] = True
    meltano.sync()
    assert counts()["history"] == before["history"]


def test_it_goes_in_pieces(team, meltano, counts):
    """More than one transaction's worth goes over several: a first run with a long past is not held up by it."""
    paired(team, meltano)
    events = [Event("update", "r", "t", {"to": "task"})] * (2 * looking_back.PIECE + 1)
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        write_history(connection, 1, datetime.now(UTC), events)
    age(meltano, 366)
    meltano.to_salesforce()
    assert counts()["history"] == 0


@pytest.mark.parametrize("days", [-1, 1, 30, "soon", "inf", "nan"])
def test_a_history_too_short_is_refused(days):
    """Shorter than what is looked back over for decisions it must not be."""
    with pytest.raises(ConfigError, match="history_days"):
        EngineSettings.from_config({"ledger_url": "sqlite:////tmp/ledger.db", "history_days": days})


@pytest.mark.parametrize("minutes", [0, -1, 10_081, "soon"])
def test_a_window_that_cannot_be_looked_back_over_is_refused(minutes):
    """Nothing at all, or more than a week."""
    with pytest.raises(ConfigError, match="max_writes_window_minutes"):
        EngineSettings.from_config({"ledger_url": "sqlite:////tmp/ledger.db", "max_writes_window_minutes": minutes})
