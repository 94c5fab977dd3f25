"""Runs side by side, each for its own users (sync-rules §7.6)."""

from __future__ import annotations

import pytest

from tasksync_engine.errors import Busy, ConfigError, LedgerError
from tasksync_engine.ledger import claims, open_ledger
from tests.sync.team import salesforce_user

ANN, BOB = salesforce_user(1), salesforce_user(2)


def quiet(team, sharded):
    """Assert that the next syncs write nothing."""
    before = team.writes()
    sharded.sync("1", "2")
    assert team.writes() == before


def test_each_shard_syncs_its_own_users(team, sharded):
    """Both directions, edits and deletions; the other shard's records stay for the other shard."""
    of_ann, of_bob = team.remind("Ann's"), team.remind("Bob's", assignee_id="u2")
    task_of_bob = team.task("Bob's task", OwnerId=BOB)
    sharded.sync("1")
    assert [row["Sales_Connect_Id__c"] for row in team.tasks() if row["Id"] != task_of_bob] == [of_ann]
    assert len(team.reminders()) == 2
    sharded.sync("2")
    assert team.task_of(of_bob)["OwnerId"] == BOB
    imported = team.reminder_of(task_of_bob)["id"]
    quiet(team, sharded)
    team.edit_reminder(of_ann, details="new")
    team.edit_task(team.task_of(of_bob)["Id"], Description="new")
    team.delete_reminder(imported)
    sharded.sync("1", "2")
    assert team.task_of(of_ann)["Description"] == "new"
    assert team.reminder(of_bob)["details"] == "new"
    assert task_of_bob not in [row["Id"] for row in team.tasks()]
    quiet(team, sharded)


@pytest.mark.parametrize("order", [("1", "2"), ("2", "1")])
@pytest.mark.parametrize("side", ["reminder", "task"])
def test_an_assignment_to_a_user_of_another_shard(team, sharded, order, side):
    """It arrives once, whichever shard runs first, with whatever else was edited."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    task = team.task_of(reminder)["Id"]
    if side == "reminder":
        team.edit_reminder(reminder, assignee_id="u2", details="new")
    else:
        team.edit_task(task, OwnerId=BOB, Description="new")
    before = team.writes()
    sharded.sync(*order)
    assert team.writes() == before + 1
    assert (team.reminder(reminder)["assignee_id"], team.reminder(reminder)["details"]) == ("u2", "new")
    assert (team.task_of(reminder)["OwnerId"], team.task_of(reminder)["Description"]) == (BOB, "new")
    sharded.sync(*order)
    assert team.writes() == before + 1
    team.edit_reminder(reminder, details="newer")
    sharded.sync(*order)
    assert team.task_of(reminder)["Description"] == "newer"


def test_a_stale_reading_overwrites_nothing(team, sharded):
    """A shard that read a reminder before another shard settled a newer version decides nothing by it."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="older")
    stale = sharded.read("1", "to-salesforce")
    team.edit_reminder(reminder, assignee_id="u2", details="newest")
    sharded.shard("2").to_salesforce()
    assert team.task_of(reminder)["Description"] == "newest"
    before = team.writes()
    sharded.write("1", "to-salesforce", stale)
    assert team.writes() == before
    assert sharded.sql("SELECT side, record_id FROM rereads") == [("reminder", reminder)]
    sharded.sync("1", "2")
    assert team.writes() == before
    assert team.task_of(reminder)["Description"] == "newest"
    assert sharded.sql("SELECT side, record_id FROM rereads") == []


def test_what_is_left_is_read_whatever_its_stamp(team, sharded):
    """The next run takes what was left to it, though its bookmark is long past."""
    reminder = team.remind("Call", details="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="new")
    stale = sharded.read("1", "to-salesforce")
    with open_ledger(sharded.ledger_url) as other, other.running("2"), other.transaction() as connection:
        assert not claims.take(connection, "reminder", [reminder], "2").held
        connection.commit()
        sharded.write("1", "to-salesforce", stale)
    assert team.task_of(reminder)["Description"] == "old"
    sharded.sql("DELETE FROM claims")
    team.pass_by(7200)
    sharded.sync("1")
    assert team.task_of(reminder)["Description"] == "new"
    assert sharded.sql("SELECT record_id FROM rereads") == []


def test_a_user_who_moves_loses_nothing(team, sharded):
    """What was edited before, and was not read by the shard that had them, is read by the one that has them now."""
    reminder, gone = team.remind("Call", details="old"), team.remind("Gone")
    task = team.task("Visit", Description="old")
    sharded.sync("1", "2")
    team.edit_reminder(reminder, details="new")
    team.edit_task(task, Description="new")
    team.delete_reminder(gone)
    team.pass_by(7200)
    sharded.sync("2")  # its bookmarks are past all of it now
    before = team.writes()
    sharded.plan(2, u1="2", u2="2", u4="2")
    sharded.sync("2")
    assert team.task_of(reminder)["Description"] == "new"
    assert team.reminder_of(task)["details"] == "new"
    assert team.writes() == before + 3
    quiet(team, sharded)
    # Back again, with edits that the shard which had them did not read.
    team.edit_reminder(reminder, details="newer")
    team.pass_by(14_400)
    sharded.sync("1")
    sharded.plan(2, u1="1", u2="2", u4="1")
    sharded.sync("1")
    assert team.task_of(reminder)["Description"] == "newer"
    quiet(team, sharded)


def test_a_run_for_all_users_excludes_shards_and_the_other_way_round(team, sharded):
    """Two shards go side by side; the same shard twice, a plan or a run for all beside a shard do not."""
    with open_ledger(sharded.ledger_url) as one, one.running("1"):
        with open_ledger(sharded.ledger_url) as two, two.running("2"):
            pass
        with open_ledger(sharded.ledger_url) as again, pytest.raises(Busy, match=r"shard\.1 lock"), again.running("1"):
            pass
        with pytest.raises(Busy):
            sharded.whole.sync()
        with pytest.raises(Busy):
            sharded.plan(2)
    with open_ledger(sharded.ledger_url) as whole, whole.running():
        with pytest.raises(Busy):
            sharded.sync("1")
        with open_ledger(sharded.ledger_url) as again, pytest.raises(Busy), again.running():
            pass
    team.remind("Call")
    sharded.whole.sync()
    assert len(team.tasks()) == 1


def test_shards_and_runs_for_all_users_take_turns(team, sharded):
    """Whoever runs reads what the others have left, and doubles nothing."""
    reminders = [team.remind(f"Call {number}", assignee_id=f"u{number % 2 + 1}") for number in range(4)]
    sharded.sync("1")
    sharded.whole.sync()
    sharded.sync("2", "1")
    assert sorted(row["Sales_Connect_Id__c"] for row in team.tasks()) == sorted(reminders)
    team.edit_reminder(reminders[0], details="new")
    sharded.whole.sync()
    assert team.task_of(reminders[0])["Description"] == "new"
    quiet(team, sharded)


def test_a_killed_shards_claims_are_no_claims(team, sharded):
    """What a run held that died is free for whoever runs next, and has read it since."""
    reminder = team.remind("Call")
    sharded.sync("1", "2")
    sharded.sql("UPDATE claims SET shard = '2' WHERE record_id = %s", reminder)
    team.edit_reminder(reminder, details="new")
    sharded.sync("1", "1")
    assert team.task_of(reminder)["Description"] == "new"
    # But not while a bulk job of it may still be writing.
    sharded.sql("UPDATE claims SET shard = '2' WHERE record_id = %s", reminder)
    sharded.sql("INSERT INTO meta (key, value) VALUES ('bulk_jobs:2', '[\"750\"]')")
    team.edit_reminder(reminder, details="newer")
    sharded.sync("1")
    assert team.task_of(reminder)["Description"] == "new"
    sharded.sql("DELETE FROM meta WHERE key = 'bulk_jobs:2'")
    sharded.sync("1", "1")
    assert team.task_of(reminder)["Description"] == "newer"


def test_the_first_shard_has_whoever_belongs_to_none(team, sharded):
    """A linked record given to somebody who takes no part is parked once, and goes through when it comes back."""
    reminder = team.remind("Call", details="old", assignee_id="u2")
    sharded.sync("1", "2")
    task = team.task_of(reminder)["Id"]
    team.edit_reminder(reminder, assignee_id="u3", details="new")
    sharded.sync("2", "1")
    assert sharded.sql("SELECT record_id, code FROM parked") == [(reminder, "roster")]
    team.edit_reminder(reminder, assignee_id="u2")
    sharded.sync("1", "2")
    assert team.task_of(reminder)["Description"] == "new"
    team.delete_task(task)
    sharded.sync("1", "2")
    assert team.reminder(reminder) is None
    quiet(team, sharded)


def test_a_purged_task_of_another_shards_user(team, sharded):
    """Nobody can tell whose it was: it still takes its reminder along, once."""
    reminder = team.remind("Call", assignee_id="u2")
    sharded.sync("1", "2")
    task = team.task_of(reminder)["Id"]
    team.later(600)
    team.delete_task(task)
    team.sandbox.control("salesforce", "POST", "purge", {"ids": [task]})
    team.later(900)  # the list of deletions goes by whole minutes
    sharded.sync("1", "2")
    assert team.reminder(reminder) is None
    quiet(team, sharded)


def test_the_brake_counts_a_shards_own(team, sharded):
    """A shard's mass deletion is held, and the other shard's single one goes through."""
    mine = [team.remind(f"Call {number}") for number in range(24)]
    other = [team.remind(f"Visit {number}", assignee_id="u2") for number in range(5)]
    sharded.sync("1", "2")
    for reminder in mine[:22]:
        team.delete_reminder(reminder)
    team.delete_reminder(other[0])
    sharded.sync("1", "2")
    assert len(team.tasks()) == 24 + 4
    assert sharded.sql("SELECT state, count(*) FROM deletions GROUP BY state") == [("held", 22)]
    sharded.shard("1").settings["allow_mass_delete"] = True
    sharded.sync("1", "2")
    assert len(team.tasks()) == 2 + 4


def test_what_shards_need(team, sharded, meltano, tmp_path):
    """A ledger in PostgreSQL, a plan with that name, the link field, a tap of the same shard, and no dry run."""
    meltano.settings = {"shard": "1"}
    with pytest.raises(LedgerError, match="PostgreSQL"):
        meltano.sync()
    with pytest.raises(ConfigError, match="no shard '7': it has 1, 2"):
        sharded.sync("7")
    team.remind("Call")
    lines = sharded.read(None, "to-salesforce")
    with pytest.raises(ConfigError, match="given to the target alone"):
        sharded.write("1", "to-salesforce", lines)
    sharded.shard("1").settings["dry_run"] = True
    with pytest.raises(ConfigError, match="do not go together"):
        sharded.sync("1")
    del sharded.shard("1").settings["dry_run"]
    sharded.shard("1").without_link_field(tmp_path)
    sharded.shard("1").read_settings = {direction: {"shard": "1"} for direction in ("to-salesforce", "to-salesconnect")}
    with pytest.raises(ConfigError, match="need the link field"):
        sharded.sync("1")
