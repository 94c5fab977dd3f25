"""What the taps of a shard read (sync-rules §7.6)."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest

from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_clients.errors import Unreachable
from tasksync_engine.claims import Claims
from tasksync_engine.ledger import claims
from tests.sync.sharded import DIRECTIONS
from tests.sync.team import salesforce_user

ANN, BOB = salesforce_user(1), salesforce_user(2)
READINGS = {
    "to-salesforce": "tap_salesconnect.reading.ReminderReading",
    "to-salesconnect": "tap_salesforce_tasks.reading.TaskReading",
}
STREAMS = {"to-salesforce": "reminders", "to-salesconnect": "tasks"}


def break_off(*_given):
    """The service is not there any more."""
    message = "gone for the test"
    raise Unreachable(message)


def end(_tap, problem):
    """As a tap ends that could not go on, but for the exit code, which the pipelines of the tests do not take."""
    raise SystemExit(0) from problem


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_reading_that_broke_off_knows_who_had_left(team, sharded, monkeypatch, direction):
    """Its bookmark is past what it did not read of them: should they come back, they are read in full."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    sharded.plan(2, u1="2", u2="2", u4="2")
    if direction == "to-salesforce":
        team.edit_reminder(reminder, details="new")
    else:
        team.edit_task(team.task_of(reminder)["Id"], Description="new")
    team.pass_by(7200)
    monkeypatch.setattr(f"{READINGS[direction]}._left_to_this_run", break_off)
    monkeypatch.setattr("tasksync_engine.singer.tap.SyncTap.stop", end)
    sharded.write("1", direction, sharded.read("1", direction))
    monkeypatch.undo()
    sharded.plan(2, u1="1", u2="2", u4="1")
    sharded.sync("1")
    assert team.task_of(reminder)["Description"] == team.reminder(reminder)["details"] == "new"


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_state_of_another_shard_is_void(team, sharded, direction):
    """So is one of a run for all users."""
    team.remind("Call")
    sharded.whole.sync()
    sharded.sync("1")
    for other in (sharded.shard("1"), sharded.whole):
        sharded.shard("2").states = copy.deepcopy(other.states)
        told = [json.loads(line) for line in sharded.read("2", direction).splitlines()]
        first = next(message for message in told if message["type"] == "STATE")
        mark = first["value"]["bookmarks"][STREAMS[direction]]
        assert mark.keys() == {"ledger", "shard", "reading_since", "complete"}
        assert mark["shard"] == "2"


def test_a_record_that_was_given_away_is_read_for_its_links_sake(team, sharded):
    """The shard that had it carries it over though the other one does not run."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, assignee_id="u2", details="new")
    sharded.sync("1")
    task = team.task_of(reminder)
    assert (task["OwnerId"], task["Description"]) == (BOB, "new")
    team.edit_task(task["Id"], OwnerId=ANN, Description="newer")
    sharded.sync("2")
    assert (team.reminder(reminder)["assignee_id"], team.reminder(reminder)["details"]) == ("u1", "newer")


def test_a_task_that_an_outsider_had_when_it_was_deleted(team, sharded):
    """It takes its reminder along: the first shard has the outsiders' linked records."""
    reminder = team.remind("Call", assignee_id="u2")
    sharded.sync("1", "2")
    task = team.task_of(reminder)["Id"]
    team.edit_task(task, OwnerId=salesforce_user(3))
    team.delete_task(task)
    sharded.sync("1")
    assert team.reminder(reminder) is None


def test_a_shard_hears_of_its_own_purged_task(team, sharded):
    """Nobody can tell whose it was but the ledger: it needs no run of the first shard."""
    reminder = team.remind("Call", assignee_id="u2")
    sharded.sync("1", "2")
    task = team.task_of(reminder)["Id"]
    team.later(600)
    team.delete_task(task)
    team.sandbox.control("salesforce", "POST", "purge", {"ids": [task]})
    team.later(900)  # the list of deletions goes by whole minutes
    sharded.sync("2")
    assert team.reminder(reminder) is None


def test_a_task_whose_user_was_switched_off_before_its_shard_ran(team, sharded):
    """It stays with the shard that has not read it yet: its deletion takes the reminder of somebody else along."""
    sharded.plan(2, u1="2", u2="1", u4="1")
    reminder = team.remind("Call")
    sharded.sync("1", "2")
    task = team.task_of(reminder)["Id"]
    team.refuse("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    team.edit_reminder(reminder, assignee_id="u2")
    sharded.shard("2").to_salesforce()
    team.heal()
    team.delete_task(task)
    sharded.sync("1")
    team.pass_by(7200)
    sharded.sync("1")
    team.switch("u1", on=False)
    sharded.plan(2, u1="2", u2="1", u4="1")
    sharded.sync("2", "1")
    assert team.reminder(reminder) is None


def test_what_is_left_when_a_run_for_all_users_begins_stays_left(team, sharded, monkeypatch):
    """Its tap may have read that before; also where its first batch comes minutes later."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="new")
    lines = sharded.read(None, "to-salesforce")
    left = "INSERT INTO rereads (side, record_id, user_id, noted_at) VALUES ('reminder', %s, 'u1', %s)"
    sharded.sql(left, reminder, f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
    time_of, reread = claims.time_of, Claims.reread

    def minutes_later(of_run, ids):
        monkeypatch.setattr(claims, "time_of", lambda connection: time_of(connection) + timedelta(minutes=5))
        return reread(of_run, ids)

    monkeypatch.setattr(Claims, "reread", minutes_later)
    sharded.whole.write("to-salesforce", TargetSalesforceTasks, sharded.whole.salesforce, lines)
    assert team.task_of(reminder)["Description"] == "new"
    assert sharded.sql("SELECT record_id FROM rereads") == [(reminder,)]
