"""A ledger of the first version opens under this one with everything kept, and is synced on."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from typing import Any

import pytest
from alembic import command
from sqlalchemy import MetaData, text

from tasksync_engine.ledger import links, migrate, open_ledger, parked, runs
from tasksync_engine.ledger.database import connect
from tasksync_engine.undoing import Left
from tests.sync.pipelines import Meltano
from tests.sync.steps import quiet
from tests.sync.team import Team, salesforce_user
from tests.sync.ways import Way

AT = "2026-11-20T08:36:00.000000Z"
MADE = "2026-01-02T03:04:05.000000Z"


@pytest.fixture
def team(sandbox):
    """Ann and Bob."""
    return Team(sandbox)


@pytest.fixture
def meltano(sandbox, address, tmp_path):
    """Both pipelines, with a ledger in either database."""
    return Meltano(sandbox, tmp_path, ledger_url=address)


def rows_of_0001(reminder: str, task: str) -> dict[str, list[dict[str, Any]]]:
    """At least one row for every table of the first version, as its own code wrote them, for a pair of this org."""
    base = {
        "name": ["Call", "Call"],
        "status": ["open", "Not Started"],
        "priority": ["normal", "Normal"],
        "due_date": [None, None],
        "details": ["old ☎", "old ☎"],
        "assignee": ["u1", salesforce_user(1)],
    }
    pair = {"reminder_id": reminder, "task_id": task}
    ended = {"state": "closed", "base": "{}", "origin": "imported", "created_at": MADE, "closed_at": AT}
    tombstone = {"id": "rem_gone", "deleted_at": AT, "updated_at": AT}
    ahead = {"side": "task", "base": base | {"details": ["killed", "killed"]}, "stamp": "2026-11-20T08:36:00+00:00"}
    return {
        "meta": [{"key": "ledger_id", "value": "the-first"}, {"key": "subject_template", "value": ""}],
        "roster": [
            {"sales_connect_id": "u1", "email": "ann@example.com", "salesforce_id": salesforce_user(1), "is_on": True}
            | {"enabled_at": MADE},
            {"sales_connect_id": "u4", "is_on": True, "enabled_at": MADE, "left_out": "no active Salesforce user"},
        ],
        "links": [
            {**pair, "state": "open", "base": json.dumps(base), "reminder_user": "u1", "task_user": salesforce_user(1)}
            | {"origin": "pushed", "created_at": MADE, "ahead": json.dumps(ahead)},
            {"reminder_id": "rem_old", "task_id": "00T000000000001AAA", "task_stamp": AT, **ended},
            {"reminder_id": "rem_kept", "task_id": "00T000000000002AAA", **ended, "state": "kept"},
        ],
        "parked": [
            {"side": "reminder", "record_id": "rem_parked", "code": "ENTITY_IS_LOCKED", "category": "Access/Validation"}
            | {"message": "locked", "payload": '{"id":"rem_parked"}', "base": "{}", "attempts": 2, "parked_at": AT}
            | {"run_id": 1, "reported": True}
        ],
        "deletions": [
            {
                "side": "reminder",
                "record_id": "rem_gone",
                "state": "done",
                "deleted_at": AT,
                "noted_at": AT,
                "run_id": 1,
            }
            | {"tombstone": json.dumps(tombstone)}
        ],
        "intents": [
            {"side": "task", "record_id": "00T000000000003AAA", "key": "k", "base": "{}", "besides": "[]"}
            | {"noted_at": AT}
        ],
        "conflicts": [
            {"run_id": 1, "at": AT, **pair, "field": "details", "base": '["a","a"]', "reminder_value": '"b"'}
            | {"task_value": '"c"', "winner": "task"}
        ],
        "history": [
            {"run_id": 1, "at": AT, **pair, "action": "update"}
            | {"detail": json.dumps({"to": "task", "fields": {"details": {"rule": "changed", "after": "old ☎"}}})}
        ],
        "runs": [
            {"id": 1, "direction": "to-salesforce", "dry_run": False, "started_at": AT, "ended_at": AT, "outcome": "ok"}
            | {"complete": True, "counts": '{"read":3}', "api_calls": 4, "seconds": 1.5}
        ],
        "plan": [{"run_id": 1, "action": "create", "reminder_id": reminder, "detail": "{}"}],
    }


def make_0001(url: str, content: dict[str, list[dict[str, Any]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Make a ledger of the first version with these rows, and return them as the database holds them."""
    engine = connect(url)
    config = migrate._config()  # noqa: SLF001 - Alembic's configuration lies there
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    tables = MetaData()
    tables.reflect(engine)
    found = {}
    with engine.begin() as connection:
        for name, rows in content.items():
            for row in rows:
                connection.execute(tables.tables[name].insert().values(row))
            found[name] = [tuple(row) for row in connection.execute(tables.tables[name].select())]
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT setval(pg_get_serial_sequence('runs', 'id'), 1)"))
    assert tables.tables.keys() == content.keys() | {"alembic_version"}
    engine.dispose()
    return found


@pytest.fixture
def first(team, meltano):
    """A ledger of the first version for a pair that a killed run had written to; returns (rows, reminder, task)."""
    reminder = team.remind(details="old ☎")
    task = team.task("Call", Description="old ☎", Sales_Connect_Id__c=reminder)
    return make_0001(meltano.ledger_url, rows_of_0001(reminder, task)), reminder, task


def test_every_row_is_kept(first, meltano):
    """Of every table, in every column that it had; what is new has its default."""
    before, reminder, _ = first
    with open_ledger(meltano.ledger_url) as ledger:
        assert ledger.id == "the-first"
        tables = MetaData()
        tables.reflect(ledger.engine)
        with ledger.engine.connect() as connection:
            version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            after = {
                name: [tuple(row)[: len(rows[0])] for row in connection.execute(tables.tables[name].select())]
                for name, rows in before.items()
            }
        assert version == migrate.HEAD
        assert after == before
        with ledger.reading() as connection:
            (link,) = links.of_records(connection, "reminder", [reminder])[reminder]
            assert link.base["details"].task == "old ☎"
            assert link.ahead is not None
            assert [change.attempts for change in parked.everything(connection)] == [2]
            assert [row["action"] for row in runs.history_of(connection, reminder)] == ["update"]


def test_it_is_synced_on(first, team, meltano):
    """The bookmarks that go with it stay true; edits of either side go over, and nothing is doubled."""
    _, reminder, task = first
    meltano.sync()
    assert [row["Id"] for row in team.tasks()] == [task]
    team.edit_reminder(reminder, details="new")
    team.edit_task(task, Priority="High")
    made = team.remind("New")
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "new"
    assert team.reminder(reminder)["priority"] == "high"
    assert team.task_of(made)["Subject"] == "New"
    quiet(team, meltano)
    assert meltano.states["to-salesforce"]["bookmarks"]["reminders"]["ledger"] == "the-first"
    with open_ledger(meltano.ledger_url) as ledger, ledger.reading() as connection:
        assert links.count_open(connection) == 2


def test_its_runs_are_not_undone(first, team, meltano):
    """Their history does not hold what was there before: that is said, and nothing is written."""
    _, reminder, task = first
    meltano.sync()
    before = team.writes()
    (left,) = Way(team, meltano, "reminder", (reminder, task)).undo(1).left
    assert (left.field, left.reason) == ("details", Left.NO_HISTORY.value)
    assert team.writes() == before


def test_a_migrated_file_is_its_owners_alone_and_written_ahead(tmp_path):
    """As a new one is."""
    path = tmp_path / "ledger.db"
    make_0001(f"sqlite:///{path}", rows_of_0001("rem_1", "00T000000000004AAA"))
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.put("key", "value")
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
