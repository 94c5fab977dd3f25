"""What a shard's run makes of a record that it has read before another run went on with it (sync-rules §7.6)."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from tasksync_engine import owed_changes
from tasksync_engine.errors import Busy
from tests.sync.team import salesforce_user

ANN, BOB = salesforce_user(1), salesforce_user(2)


class Killed(BaseException):
    """The process is gone."""


def die(*_given, **_named):
    """Instead of what a killed process does not do any more."""
    raise Killed


def leave_as_killed(engine, _=None):
    """Instead of the end of a run: a killed one notes nothing, and its lock goes."""
    engine._open.close()  # noqa: SLF001 - as the end of its process would


def test_a_second_tap_of_a_shard_hides_nothing(team, sharded):
    """A run begun by mistake beside another one of its shard ends at the lock, but its tap has begun to read."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="older")
    stale = sharded.read("1", "to-salesforce")
    team.edit_reminder(reminder, assignee_id="u2", details="newest")
    sharded.shard("2").to_salesforce()
    before = team.writes()
    sharded.read("1", "to-salesforce")
    sharded.write("1", "to-salesforce", stale)
    assert team.writes() == before
    assert team.task_of(reminder)["Description"] == "newest"


@pytest.mark.parametrize("undone", ["claims.Claims.release", "settlement.Settlement.write"])
def test_a_stale_reading_of_what_a_killed_shard_had_overwrites_nothing(team, sharded, monkeypatch, undone):
    """Its claims are void, but it may have written, and even settled, a newer version."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="older")
    stale = sharded.read("1", "to-salesforce")
    team.edit_reminder(reminder, assignee_id="u2", details="newest")
    monkeypatch.setattr(f"tasksync_engine.{undone}", die)
    with pytest.raises(Killed):
        sharded.shard("2").to_salesforce()
    monkeypatch.undo()
    assert team.task_of(reminder)["Description"] == "newest"
    before = team.writes()
    sharded.write("1", "to-salesforce", stale)
    assert team.writes() == before
    sharded.sync("1", "2")
    assert team.writes() == before
    assert team.task_of(reminder)["Description"] == "newest"


def test_what_a_killed_shard_had_is_not_fresh_for_its_next_run_having_begun(team, sharded, monkeypatch):
    """That one gives its claims up before it gets to what they were for."""
    reminder, other = team.remind("Call", details="old"), team.remind("Visit", assignee_id="u2")
    sharded.sync("1", "2")
    begun = sharded.read("2", "to-salesforce")
    assert reminder.encode() not in begun
    assert other.encode() in begun
    team.edit_reminder(reminder, details="older")
    stale = sharded.read("1", "to-salesforce")
    team.edit_reminder(reminder, assignee_id="u2", details="newest")
    monkeypatch.setattr("tasksync_engine.settlement.Settlement.write", die)
    monkeypatch.setattr("tasksync_engine.claims.Claims.at_work", lambda _: nullcontext())
    with pytest.raises(Killed):
        sharded.shard("2").to_salesforce()
    monkeypatch.undo()
    sharded.write("2", "to-salesforce", begun)
    before = team.writes()
    sharded.write("1", "to-salesforce", stale)
    assert team.writes() == before
    assert team.task_of(reminder)["Description"] == "newest"


def test_a_stale_reading_replaces_nothing_that_is_parked(team, sharded):
    """What another shard has parked of a newer version is still owed."""
    sharded.sync("1", "2")
    reminder = team.remind("Call", assignee_id="u3")
    stale = sharded.read("1", "to-salesforce")
    team.edit_reminder(reminder, assignee_id="u2")
    team.refuse("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    sharded.shard("2").to_salesforce()
    team.heal()
    team.pass_by(7200)
    sharded.shard("2").to_salesforce()  # its bookmark is past that version now
    sharded.write("1", "to-salesforce", stale)
    assert sharded.sql("SELECT user_id, code FROM parked") == [("u2", "FIELD_CUSTOM_VALIDATION_EXCEPTION")]


def test_a_stale_reading_that_is_no_record_replaces_nothing_that_is_parked(team, sharded):
    """Nor does it end the run of a shard that meets it at the same moment as another one: all of them read it."""
    sharded.sync("1", "2")
    reminder = team.remind("Call")
    stale = sharded.read("1", "to-salesforce").replace(b'"status":"open"', b'"status":5')
    team.edit_reminder(reminder, assignee_id="u2")
    team.refuse("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    sharded.shard("2").to_salesforce()
    team.heal()
    sharded.write("1", "to-salesforce", stale)
    assert sharded.sql("SELECT user_id, code FROM parked") == [("u2", "FIELD_CUSTOM_VALIDATION_EXCEPTION")]
    assert sharded.sql("SELECT record_id FROM rereads") == [(reminder,)]
    sharded.sql("UPDATE parked SET retry_at = '2020-01-01T00:00:00.000000Z'")
    sharded.sync("1", "2")
    assert team.task_of(reminder)["OwnerId"] == BOB
    assert sharded.sql("SELECT record_id FROM rereads") == []


def test_a_reading_from_before_a_plan_is_not_used(team, sharded):
    """Whoever has its users now has read what is newer, and leaves no trace where that needed no write."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="older")
    stale = sharded.read("1", "to-salesforce")
    team.edit_reminder(reminder, details="old")
    sharded.plan(2, u1="2", u2="2", u4="1")
    sharded.sync("2")
    team.pass_by(7200)
    sharded.sync("2")
    with pytest.raises(Busy, match="plan"):
        sharded.write("1", "to-salesforce", stale)
    sharded.sync("1", "2")
    assert team.task_of(reminder)["Description"] == team.reminder(reminder)["details"] == "old"


def test_a_reading_from_before_a_run_for_all_users_is_not_used(team, sharded):
    """That run leaves no claims, and may have carried over what is newer."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="older")
    stale = sharded.read("1", "to-salesforce")
    team.edit_reminder(reminder, details="newest")
    sharded.whole.sync()
    before = team.writes()
    with pytest.raises(Busy, match="run for all users"):
        sharded.write("1", "to-salesforce", stale)
    assert team.writes() == before
    sharded.sync("1", "2")
    assert team.task_of(reminder)["Description"] == team.reminder(reminder)["details"] == "newest"
    assert team.writes() == before


@pytest.mark.parametrize("killed", [False, True])
def test_a_reading_for_all_users_from_before_a_shards_run_is_not_used(team, sharded, monkeypatch, killed):
    """That run looks at no claims, and the shard may have carried over what is newer, however it ended."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    sharded.whole.sync()
    team.edit_reminder(reminder, details="older")
    stale = sharded.read(None, "to-salesforce")
    team.edit_reminder(reminder, details="newest")
    if killed:
        monkeypatch.setattr("tasksync_engine.engine.Engine.close", leave_as_killed)
    sharded.shard("1").to_salesforce()
    monkeypatch.undo()
    before = team.writes()
    with pytest.raises(Busy, match="A shard's run went on"):
        sharded.write(None, "to-salesforce", stale)
    assert team.writes() == before
    sharded.whole.sync()
    assert team.task_of(reminder)["Description"] == team.reminder(reminder)["details"] == "newest"
    assert team.writes() == before


def test_a_parked_change_that_another_shard_has_replaced_is_not_tried(team, sharded, monkeypatch):
    """It was due when this run looked, and is out of date when its turn comes."""
    sharded.sync("1", "2")
    team.refuse("salesforce")
    reminder = team.remind("Call", details="older")
    sharded.shard("1").to_salesforce()
    stale = sharded.read("1", "to-salesforce")
    first = owed_changes.before_the_deletions

    def meanwhile(context, owed):
        assert owed.work
        monkeypatch.undo()
        team.edit_reminder(reminder, assignee_id="u2", details="newest")
        sharded.shard("2").to_salesforce()
        team.heal()
        return first(context, owed)

    monkeypatch.setattr("tasksync_engine.finishing.owed_changes.before_the_deletions", meanwhile)
    sharded.write("1", "to-salesforce", stale)
    assert team.tasks() == []
    assert sharded.sql("SELECT user_id, code FROM parked") == [("u2", "UNABLE_TO_LOCK_ROW")]
    sharded.sync("2")
    assert team.task_of(reminder)["Description"] == "newest"


def test_a_shard_keeps_what_its_bulk_job_may_still_write(team, sharded):
    """Also when a next run of it has nothing to do, and so has not looked at what became of the job."""
    reminder = team.remind("Call", assignee_id="u2", details="old")
    sharded.sync("1", "2")
    sharded.sql("UPDATE claims SET shard = '2' WHERE record_id = %s", reminder)
    sharded.sql("INSERT INTO meta (key, value) VALUES ('bulk_jobs:2', '[\"750\"]')")
    sharded.shard("2").to_salesforce()
    team.edit_reminder(reminder, assignee_id="u1", details="new")
    sharded.shard("1").to_salesforce()
    assert team.task_of(reminder)["Description"] == "old"
    sharded.sql("DELETE FROM meta WHERE key = 'bulk_jobs:2'")
    sharded.sync("1", "2")
    assert team.task_of(reminder)["Description"] == "new"


def test_what_a_shard_has_begun_is_remembered_while_it_does_not_run(team, sharded, monkeypatch):
    """Other shards forget what is old; not what one that was killed since has not settled."""
    sharded.sync("1", "2")
    reminder = team.remind("Call", assignee_id="u2", details="old")
    monkeypatch.setattr("tasksync_engine.settlement.Settlement.write", die)
    with pytest.raises(Killed):
        sharded.shard("2").to_salesforce()
    monkeypatch.undo()
    sharded.sql("UPDATE intents SET noted_at = '2020-01-01T00:00:00.000000Z'")
    sharded.sql("UPDATE runs SET started_at = '2020-01-01T00:00:00.000000Z' WHERE shard = '2'")
    team.edit_task(team.task_of(reminder)["Id"], Description="new")
    team.later(60)
    team.edit_reminder(reminder, due_date="2030-01-01")
    sharded.sync("1")
    sharded.sync("2")
    assert team.reminder(reminder)["details"] == team.task_of(reminder)["Description"] == "new"
    assert team.task_of(reminder)["ActivityDate"] == "2030-01-01"
    sharded.sync("1", "2")
    assert sharded.sql("SELECT * FROM intents") == []
