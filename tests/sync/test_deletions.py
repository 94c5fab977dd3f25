"""Deletions, both ways: policies, undelete, the brake, purges and gaps (sync-rules §6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tap_salesconnect.tap import TapSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tests.sync.steps import paired, quiet


def test_a_deleted_task_takes_its_reminder(team, meltano):
    """From Salesforce to Sales Connect."""
    _, task = paired(team, meltano)
    team.delete_task(task)
    meltano.sync()
    assert team.reminders() == []
    quiet(team, meltano)


def test_a_task_purged_from_the_recycle_bin_takes_its_reminder(team, meltano):
    """The deleted-records resource still tells of it."""
    _, task = paired(team, meltano)
    team.delete_task(task)
    team.sandbox.control("salesforce", "POST", "purge", {"ids": [task]})
    team.later(120)
    meltano.sync()
    assert team.reminders() == []


@pytest.mark.parametrize("policy", ["delete", "keep"])
@pytest.mark.parametrize("deleted", ["reminder", "task"])
def test_a_deletion_meets_an_edit(team, meltano, ledger, policy, deleted):
    """`delete` takes the edit with it and records the loss; `keep` leaves the record, without a new counterpart."""
    reminder, task = paired(team, meltano)
    meltano.settings["delete_conflict_policy"] = policy
    if deleted == "reminder":
        team.edit_task(task, Description="precious")
        team.delete_reminder(reminder)
    else:
        team.edit_reminder(reminder, details="precious")
        team.delete_task(task)
    meltano.sync()
    meltano.sync()
    living = [*team.tasks(), *team.reminders()]
    if policy == "delete":
        assert living == []
        (conflict,) = ledger("SELECT * FROM conflicts")
        assert conflict["winner"] == deleted
        assert "precious" in str(conflict["task_value"] or conflict["reminder_value"])
    else:
        assert len(living) == 1
        quiet(team, meltano)
        team.later(30)
        if deleted == "reminder":
            team.edit_task(task, Description="again")
        else:
            team.edit_reminder(reminder, details="again")
        meltano.sync()
        assert len([*team.tasks(), *team.reminders()]) == 1


def test_deleted_on_both_sides_closes_the_link(team, meltano, ledger):
    """Nothing is left to write."""
    reminder, task = paired(team, meltano)
    team.delete_task(task)
    team.delete_reminder(reminder)
    quiet(team, meltano)
    assert [row["state"] for row in ledger("SELECT state FROM links")] == ["closed"]


def test_an_undeleted_task_gets_a_new_reminder(team, meltano):
    """Only a task comes back; its old reminder stays deleted."""
    reminder, task = paired(team, meltano)
    team.delete_task(task)
    meltano.sync()
    team.later(5)
    team.undelete_task(task)
    meltano.sync()
    new = team.reminder_of(task)
    assert new["id"] != reminder
    assert new["details"] == "old"
    quiet(team, meltano)
    team.edit_reminder(new["id"], details="travels")
    meltano.sync()
    assert [row["Description"] for row in team.tasks()] == ["travels"]


def test_a_task_undeleted_after_its_reminders_deletion_comes_back(team, meltano):
    """The deletion came from Sales Connect; whoever undeletes the task means to have it."""
    reminder, task = paired(team, meltano)
    team.delete_reminder(reminder)
    meltano.sync()
    team.later(5)
    team.undelete_task(task)
    meltano.sync()
    assert team.reminder_of(task)["id"] != reminder
    quiet(team, meltano)


def test_undeleted_before_the_run_nothing_happens(team, meltano):
    """The link and its base stand."""
    _, task = paired(team, meltano)
    team.delete_task(task)
    team.undelete_task(task)
    quiet(team, meltano)
    assert len(team.reminders()) == 1


def test_the_brake_holds_mass_deletions(team, meltano, ledger):
    """More than the number and the share: none is deleted, all else is done, and they stay until allowed."""
    meltano.settings |= {"max_delete_count": 2, "max_delete_percent": 25}
    reminders = [team.remind(f"Call {number}") for number in range(6)]
    meltano.sync()
    for reminder in reminders[:3]:
        team.delete_reminder(reminder)
    team.edit_reminder(reminders[3], details="goes on")
    meltano.sync()
    assert len(team.tasks()) == 6
    assert team.task_of(reminders[3])["Description"] == "goes on"
    assert [row["state"] for row in ledger("SELECT state FROM deletions")] == ["held"] * 3
    meltano.sync()
    assert len(team.tasks()) == 6
    meltano.settings["allow_mass_delete"] = True
    meltano.sync()
    assert len(team.tasks()) == 3
    quiet(team, meltano)


def test_a_held_deletion_is_dropped_when_the_task_lives_again(team, meltano, ledger):
    """The link and its base stand."""
    meltano.settings |= {"max_delete_count": 0, "max_delete_percent": 0}
    reminder, task = paired(team, meltano)
    team.delete_task(task)
    meltano.sync()
    assert ledger("SELECT state FROM deletions WHERE side = 'task'") == [{"state": "held"}]
    team.later(5)
    team.undelete_task(task)
    team.edit_task(task, Description="alive")
    meltano.sync()
    assert team.reminder(reminder)["details"] == "alive"
    assert ledger("SELECT * FROM deletions") == []


def test_an_edit_whose_task_is_gone_waits(team, meltano, ledger):
    """It is parked until the tombstone closes the link."""
    reminder, task = paired(team, meltano)
    meltano.settings["delete_conflict_policy"] = "keep"
    team.delete_task(task)
    team.edit_reminder(reminder, details="edited")
    meltano.to_salesforce()
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["gone"]
    meltano.to_salesconnect()
    assert ledger("SELECT * FROM parked") == []


def test_an_edit_goes_through_when_the_task_lives_again(team, meltano, ledger):
    """Deleted and undeleted between two reads of Salesforce: the parked edit is not forgotten."""
    reminder, task = paired(team, meltano)
    team.delete_task(task)
    team.edit_reminder(reminder, details="edited")
    meltano.to_salesforce()
    team.undelete_task(task)
    meltano.to_salesconnect()
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "edited"
    assert ledger("SELECT * FROM parked") == []


def test_incomplete_input_leaves_deletions_pending(team, meltano, ledger):
    """A tap that died says nothing about what is gone: deletions wait for the mark of completeness."""
    reminder, _ = paired(team, meltano)
    team.delete_reminder(reminder)
    lines = meltano.read("to-salesforce", TapSalesconnect, meltano.sales_connect, {"people"}).splitlines(keepends=True)
    meltano.write("to-salesforce", TargetSalesforceTasks, meltano.salesforce, b"".join(lines[:-1]))
    assert len(team.tasks()) == 1
    assert ledger("SELECT state FROM deletions") == [{"state": "pending"}]
    meltano.sync()
    assert team.tasks() == []


@pytest.mark.parametrize("purged", [False, True])
def test_after_a_long_gap_linked_ids_are_compared(team, meltano, purged):
    """More than 15 days off: Salesforce tells no more, so every linked id is looked up."""
    _, task = paired(team, meltano)
    team.delete_task(task)
    if purged:
        team.sandbox.control("salesforce", "POST", "purge", {"ids": [task]})
    team.later(20 * 86_400)
    meltano.sync()
    assert team.reminders() == []


def test_a_deletion_while_sync_was_off_is_carried_out(team, meltano):
    """Off when the task was deleted, on again later (sync-rules §2.6)."""
    _, task = paired(team, meltano)
    team.switch("u1", on=False)
    meltano.sync()
    team.delete_task(task)
    meltano.sync()
    assert len(team.reminders()) == 1
    team.switch("u1", on=True)
    meltano.sync()
    assert team.reminders() == []


def test_more_deletions_than_a_piece_are_counted_together(team, meltano):
    """The brake looks at all that a run would delete, and holds all of it or none."""
    number = 2100
    reminders = [{**_reminder(team, n), "created_at": team.stamp(datetime.now(UTC))} for n in range(number)]
    team.sandbox.load(sales_connect={"reminders": reminders})
    meltano.sync()
    assert team.count_tasks() == number
    gone = {"deleted_at": team.stamp(datetime.now(UTC)), "updated_at": team.stamp(datetime.now(UTC))}
    team.sandbox.load(sales_connect={"reminders": [{"id": one["id"], **gone} for one in reminders[:-1]]})
    meltano.sync()
    assert team.count_tasks() == number
    meltano.settings = {"allow_mass_delete": True}
    meltano.sync()
    assert team.count_tasks() == 1


def test_the_brake_counts_what_would_be_deleted_and_not_what_is_pending(team, meltano):
    """Tasks that are gone already need no deletion: the tombstones close their links, and hold up nothing."""
    reminders = [team.remind(f"Call {n}") for n in range(12)]
    meltano.sync()
    meltano.settings = {"max_delete_count": 5}
    pairs = [(reminder, team.task_of(reminder)["Id"]) for reminder in reminders[:9]]
    for reminder, _ in pairs:
        team.delete_reminder(reminder)
    for _, task in pairs[1:]:
        team.delete_task(task)
    meltano.to_salesforce()
    assert len(team.tasks()) == 3


def _reminder(team, number):
    now = team.stamp(datetime.now(UTC))
    return {
        "id": f"rem_many_{number}",
        "name": f"Call {number}",
        "type": "call",
        "assignee_id": "u1",
        "updated_at": now,
    }
