"""Runs that end before they know what became of their writes: stopped, killed, or without an answer (sync-rules §7)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tasksync_clients import ClientError
from tests.sync.machine_runs import TO_SALESCONNECT, TO_SALESFORCE
from tests.sync.steps import AFTER_CREATE, dies, end_back_off, paired, quiet
from tests.sync.team import salesforce_user


def test_a_run_that_stops_in_its_retries_keeps_what_is_parked(team, meltano, ledger):
    """An exhausted allowance comes while a parked edit is tried again: it stays parked, and goes over later (§7.2)."""
    reminder, _ = paired(team, meltano)
    team.edit_reminder(reminder, details="edited")
    team.refuse("salesforce", where={"Description": "edited"})
    meltano.sync()
    team.pass_by()
    meltano.sync()
    assert len(ledger("SELECT * FROM parked")) == 1
    end_back_off(meltano)
    team.heal()
    team.sandbox.fault("salesforce", "daily_limit", method="PATCH")
    with suppress(ClientError):
        meltano.to_salesforce()
    team.heal()
    meltano.sync()
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "edited"


def test_an_edit_behind_a_lost_create_is_not_overwritten(team, meltano):
    """A killed run's import shows late, and the task was edited meanwhile: the edit goes over to it (§7.4)."""
    task = team.task("Visit", Description="v1")
    meltano.to_salesforce()
    team.sandbox.fault("sales_connect", "late_commit", path="/v1/reminders/batch", seconds=300, times=1)
    dies(team, meltano, TO_SALESCONNECT, AFTER_CREATE)
    team.heal()
    team.later(60)
    team.edit_task(task, Description="v2")
    meltano.sync()
    team.later(400)
    meltano.sync()
    meltano.sync()
    assert [row["Description"] for row in team.tasks()] == ["v2"]
    assert team.reminder_of(task)["details"] == "v2"


def test_a_run_that_stops_keeps_what_an_earlier_one_had_begun(team, meltano):
    """It found the killed run's reminder and stopped before it could link it: the create's values stay noted (§7.4)."""
    task = team.task("Visit")
    meltano.to_salesforce()
    dies(team, meltano, TO_SALESCONNECT, AFTER_CREATE)
    team.edit_reminder(team.reminder_of(task)["id"], name="Renamed")
    team.task("Another")
    team.sandbox.fault("sales_connect", "status", status=503, method="POST", path="/v1/reminders/batch")
    with suppress(ClientError):
        meltano.to_salesconnect()
    team.heal()
    meltano.sync()
    meltano.sync()
    assert sorted(row["Subject"] for row in team.tasks()) == ["Another", "Renamed"]


def test_a_task_that_a_killed_run_deleted_at_once_does_not_wait_to_be_seen(team, meltano, ledger):
    """The other direction had never read it: it is gone and not invisible, and undeleted it lives (§6, §7.4)."""
    reminder = team.remind()
    meltano.to_salesforce()
    task = team.task_of(reminder)["Id"]
    team.delete_reminder(reminder)
    dies(team, meltano, TO_SALESFORCE, ("after delete", 1))
    meltano.sync()
    assert ledger("SELECT * FROM deletions WHERE state = 'pending'") == []
    team.later(10)
    team.undelete_task(task)
    meltano.sync()
    meltano.sync()
    assert [row["Id"] for row in team.tasks()] == [task]
    assert team.reminder_of(task)


def test_an_owed_create_that_waits_for_the_roster_forgets_no_edit(team, meltano, ledger):
    """It had gone out before its user was left out: what is found later has the create's values as base (§7.4)."""
    reminder = team.remind(details="v1")
    dies(team, meltano, TO_SALESFORCE, AFTER_CREATE)
    twin = {"Id": salesforce_user(7), "Email": "ann@example.com", "Username": "x@x", "LastName": "x", "IsActive": True}
    team.sandbox.load(salesforce={"User": [twin]})  # two Salesforce users with Ann's address: she is left out
    team.later(10)
    team.edit_reminder(reminder, details="v2")
    team.pass_by()
    meltano.sync()
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["roster"]
    team.sandbox.load(salesforce={"User": [{**twin, "IsActive": False}]})
    meltano.sync()
    meltano.sync()
    assert ledger("SELECT code FROM parked") == []
    assert team.task_of(reminder)["Description"] == "v2"


@pytest.mark.parametrize("direction", ["to-salesconnect", "to-salesforce"])
def test_a_lost_answer_does_not_lose_the_conflict(team, meltano, ledger, direction):
    """The write is found done, and who was overwritten has been recorded, once (§5)."""
    reminder, task = paired(team, meltano)
    team.later(10)
    team.edit_reminder(reminder, details="from Sales Connect")
    team.later(20)
    team.edit_task(task, Description="from Salesforce")
    if direction == "to-salesconnect":  # one lost answer: the repeated batch meets its own new version, 412
        team.sandbox.fault("sales_connect", "drop_after", path="/v1/reminders/batch", times=1)
        meltano.to_salesconnect()
    else:
        meltano.settings["conflict_policy"] = "salesconnect"
        team.sandbox.fault("salesforce", "drop_after", method="PATCH", path="composite/sobjects", times=5)
        with suppress(ClientError):
            meltano.to_salesforce()
        team.heal()
    meltano.sync()
    assert team.reminder(reminder)["details"] == team.task_of(reminder)["Description"]
    assert len(ledger("SELECT * FROM conflicts")) == 1


def test_a_lost_answer_does_not_lose_what_a_deletion_took_along(team, meltano, ledger):
    """The task is found gone in the next run, and the edit that went with it has been recorded (§6)."""
    reminder, task = paired(team, meltano)
    team.edit_task(task, Description="precious")
    team.delete_reminder(reminder)
    team.sandbox.fault("salesforce", "drop_after", method="DELETE", path="composite/sobjects", times=5)
    with suppress(ClientError):
        meltano.to_salesforce()
    team.heal()
    meltano.sync()
    assert team.tasks() == []
    assert len(ledger("SELECT * FROM conflicts")) == 1


def _owner(team, task):
    return next(row["OwnerId"] for row in team.tasks() if row["Id"] == task)


def test_what_went_out_to_a_pair_that_a_dead_run_had_made_is_noted(team, meltano):
    """The first write to such a pair is as unknown, if its run dies, as any: nobody is overwritten behind it."""
    task = team.task("Visit")
    meltano.to_salesforce()
    dies(team, meltano, "to-salesconnect", AFTER_CREATE)
    (reminder,) = [one["id"] for one in team.reminders()]
    team.edit_reminder(reminder, assignee_id="u2")
    dies(team, meltano, "to-salesforce", ("after update", 1))
    assert _owner(team, task) == salesforce_user(2)
    team.edit_reminder(reminder, assignee_id="u1")
    meltano.to_salesconnect()
    assert team.reminder(reminder)["assignee_id"] == "u1"
    meltano.sync()
    assert _owner(team, task) == salesforce_user(1)
    quiet(team, meltano)


def test_a_write_of_the_other_direction_leaves_in_doubt_what_was(team, meltano, ledger):
    """A person sets back what a dead run had written, and edits more: the edit goes over, and the rest is told."""
    reminder, task = paired(team, meltano)
    team.later(10)
    team.edit_task(task, Status="Completed")
    dies(team, meltano, TO_SALESCONNECT, ("after update", 1))
    assert team.reminder(reminder)["status"] == "completed"
    team.later(20)
    team.edit_reminder(reminder, status="open", details="new")
    meltano.to_salesforce()
    assert team.task_of(reminder)["Description"] == "new"
    meltano.to_salesconnect()
    assert [row["field"] for row in ledger("SELECT * FROM conflicts")] == ["status"]
    meltano.sync()
    quiet(team, meltano)


def test_a_task_that_lives_again_behind_two_dead_runs_is_not_doubled(team, meltano):
    """One run had deleted its reminder, the next one made it a new one; neither lived to say so (§6, §7.4)."""
    _, task = paired(team, meltano)
    team.delete_task(task)
    dies(team, meltano, TO_SALESCONNECT, ("after delete", 1))
    assert team.reminders() == []
    team.later(60)
    team.undelete_task(task)
    dies(team, meltano, TO_SALESCONNECT, AFTER_CREATE)
    assert len(team.reminders()) == 1
    meltano.to_salesforce()
    assert len(team.tasks()) == 1
    meltano.sync()
    assert (len(team.reminders()), len(team.tasks())) == (1, 1)
    quiet(team, meltano)
