"""A record that another automation keeps in motion is parked until a person lets it go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.engine import Engine

from tasksync_console.retrying import retry
from tasksync_engine.ledger import open_ledger
from tasksync_engine.ledger.schema import history
from tests.sync.steps import paired, quiet


class Robots:
    """An automation on either side: each answers every write of the connector's with an edit of its own."""

    def __init__(self, team, reminder: str, task: str) -> None:
        self._team, self._reminder, self._task = team, reminder, task
        self._answered = self._counts()

    def _counts(self) -> tuple[int, int]:
        task_writes = self._team.sandbox.writes("salesforce")
        reminder_writes = self._team.sandbox.writes("sales_connect")
        return (
            sum("/composite/" in write["call"] and write["id"] == self._task for write in task_writes),
            sum(write["call"].endswith("/batch") and write["id"] == self._reminder for write in reminder_writes),
        )

    def answer(self) -> None:
        """Edit what the connector has written since."""
        before, self._answered = self._answered, self._counts()
        if self._answered[0] > before[0]:
            self._team.edit_task(self._task, Description=f"robot {self._answered[0]}")
        if self._answered[1] > before[1]:
            self._team.edit_reminder(self._reminder, details=f"automat {self._answered[1]}")

    @property
    def writes(self) -> tuple[int, int]:
        """How often the connector has written the task and the reminder."""
        return self._counts()


@pytest.fixture
def loop(team, meltano):
    """A pair that two automations keep in motion, with few writes allowed."""
    meltano.settings["max_writes_per_record"] = 4
    reminder, task = paired(team, meltano)
    robots = Robots(team, reminder, task)
    team.edit_reminder(reminder, details="begin")
    for _ in range(8):
        run(team, meltano, robots)
    return reminder, task, robots


def run(team, meltano, robots) -> None:
    """Each direction, with time for the automations behind it."""
    for direction in (meltano.to_salesforce, meltano.to_salesconnect):
        direction()
        team.later(team_clock(team) + 5)
        robots.answer()


def team_clock(team) -> float:
    """How far the services' clock is ahead."""
    return team.sandbox.control("salesforce", "GET", "clock")["offset_seconds"]


def two_hours_pass(meltano) -> None:
    """All that was written so far was written two hours ago."""
    with open_ledger(meltano.ledger_url) as opened, opened.transaction() as connection:
        connection.execute(update(history).values(at=datetime.now(UTC) - timedelta(hours=2)))


def let_go(meltano, record: str) -> None:
    """`tasksync retry` for one record."""
    with open_ledger(meltano.ledger_url) as ledger:
        assert retry(ledger, record).due


def test_a_loop_ends_after_the_allowed_writes(team, meltano, loop, ledger):
    """The create counts as the task's first write; what is parked needs a person, and is kept whole."""
    reminder, _, robots = loop
    assert robots.writes == (4, 3)
    parked = ledger("SELECT side, record_id, code, payload, retry_at FROM parked WHERE code = 'runaway'")
    assert {row["record_id"] for row in parked} <= set(loop[:2])
    assert parked
    assert all(row["retry_at"] is None for row in parked)
    assert any("automat" in row["payload"] or "robot" in row["payload"] for row in parked)
    quiet(team, meltano)
    assert team.reminder(reminder) is not None


def test_a_newer_version_waits_in_its_place(team, meltano, loop, ledger):
    """Also long afterwards, when the writes are out of the window: only a person ends the wait."""
    reminder, _, robots = loop
    before = robots.writes
    two_hours_pass(meltano)
    team.edit_reminder(reminder, details="by hand")
    meltano.sync()
    assert robots.writes[0] == before[0]
    (row,) = ledger("SELECT code, payload FROM parked WHERE side = 'reminder'")
    assert row["code"] == "runaway"
    assert "by hand" in row["payload"]


def test_retry_lets_it_go_and_counts_anew(team, meltano, loop):
    """The task is written again, until the writes of its reminder, which nobody let go on, are too many."""
    reminder, _, robots = loop
    before = robots.writes
    let_go(meltano, reminder)
    for _ in range(8):
        run(team, meltano, robots)
    after = robots.writes
    assert after == (before[0] + 2, 4)


def test_a_retried_record_agrees_again(team, meltano, loop, ledger):
    """Once the automations are off, one retry brings both sides together."""
    reminder, _, _ = loop
    let_go(meltano, reminder)
    meltano.sync()
    meltano.sync()
    assert team.reminder(reminder)["details"] == team.task_of(reminder)["Description"]
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_other_records_are_not_held_up(team, meltano, loop):
    """Of one batch, only the runaway stays behind."""
    other = team.remind("Other", details="calm")
    team.edit_reminder(loop[0], details="again")
    meltano.sync()
    assert team.task_of(other)["Description"] == "calm"


def test_writes_outside_the_window_do_not_count(team, meltano):
    """Many edits in a long time are no loop."""
    meltano.settings |= {"max_writes_per_record": 2, "max_writes_window_minutes": 30}
    reminder, _ = paired(team, meltano)
    for number in range(5):
        two_hours_pass(meltano)
        team.edit_reminder(reminder, details=f"edit {number}")
        meltano.sync()
        assert team.task_of(reminder)["Description"] == f"edit {number}"


def test_zero_turns_the_guard_off(team, meltano, ledger):
    """However often a record is written."""
    meltano.settings["max_writes_per_record"] = 0
    reminder, _ = paired(team, meltano)
    for number in range(25):
        team.edit_reminder(reminder, details=f"edit {number}")
        meltano.to_salesforce()
    assert team.task_of(reminder)["Description"] == "edit 24"
    assert ledger("SELECT * FROM parked") == []


def test_a_record_made_over_and_over_is_held_too(team, meltano, ledger):
    """A task that somebody deletes and undeletes gets a new reminder each time, up to the number."""
    meltano.settings["max_writes_per_record"] = 3
    task = team.task()
    meltano.sync()
    for _ in range(4):
        team.delete_task(task)
        meltano.sync()
        team.later(team_clock(team) + 5)
        team.undelete_task(task)
        meltano.sync()
    made = ledger("SELECT count(*) AS number FROM history WHERE action = 'create' AND side = 'reminder'")
    assert made[0]["number"] <= 3
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["runaway"]


def test_the_guard_costs_one_statement_a_batch(team, meltano):
    """Whatever the number of records that are about to be written."""
    reminders = [team.remind(f"Call {number}") for number in range(30)]
    meltano.sync()
    for reminder in reminders:
        team.edit_reminder(reminder, details="edited")
    asked: list[str] = []

    def note(connection, cursor, statement, *more):
        del connection, cursor, more
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        meltano.to_salesforce()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert sum("FROM history" in statement for statement in asked if statement.startswith("SELECT")) == 1
