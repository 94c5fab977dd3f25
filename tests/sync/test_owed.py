"""What is owed goes through once it can, and goes with what it was owed to (sync-rules §5-§7)."""

from __future__ import annotations

from tests.sync.steps import end_back_off, paired
from tests.sync.team import salesforce_user


def test_the_winner_of_a_conflict_goes_over_after_a_refusal(team, meltano, ledger):
    """The ledger says that the reminder won: its refused write is not given up for that (§5, §7.2, §7.5)."""
    reminder, task = paired(team, meltano)
    team.later(10)
    team.edit_task(task, Description="from Salesforce")
    team.later(20)
    team.edit_reminder(reminder, details="from Sales Connect")
    team.pass_by()
    team.refuse("salesforce", where={"Description": "from Sales Connect"})
    meltano.sync()
    team.heal()
    meltano.sync()
    meltano.sync()
    assert [row["winner"] for row in ledger("SELECT winner FROM conflicts")] == ["reminder"]
    assert ledger("SELECT * FROM parked") == []
    assert team.reminder(reminder)["details"] == "from Sales Connect"
    assert team.task_of(reminder)["Description"] == "from Sales Connect"


def test_an_owed_import_of_a_task_that_left_is_dropped(team, meltano):
    """It went to an outsider and was deleted there: Ann gets no reminder from what it once was (§1.1, §7.2)."""
    task = team.task("Visit")
    team.refuse("sales_connect", status=500, code="internal")
    meltano.sync()
    team.heal()
    team.later(30)
    team.edit_task(task, OwnerId=salesforce_user(3), Description="not Ann's business")
    team.delete_task(task)
    meltano.sync()
    assert team.reminders() == []


def test_what_waits_for_the_roster_goes_through_in_one_direction_alone(team, meltano, ledger):
    """A task that was pushed, and that nobody has read back, does not keep its reminder's edit waiting (§1.3)."""
    reminder = team.remind()
    meltano.to_salesforce()
    team.switch("u1", on=False)
    team.edit_reminder(reminder, details="new")
    meltano.to_salesforce()
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["roster"]
    team.later(60)
    team.switch("u1", on=True)
    meltano.to_salesforce()
    meltano.to_salesforce()
    assert team.task_of(reminder)["Description"] == "new"


def test_a_refused_deletion_backs_off(team, meltano, ledger):
    """It is counted from its first refusal on, and tried less and less often (§7.2)."""
    reminder, _ = paired(team, meltano)
    team.delete_reminder(reminder)
    team.sandbox.fault("salesforce", "row_error", method="DELETE", code="UNABLE_TO_LOCK_ROW")
    meltano.sync()
    first = ledger("SELECT parked_at FROM parked")
    meltano.sync()
    meltano.sync()
    (row,) = ledger("SELECT attempts, parked_at, retry_at FROM parked")
    assert row["attempts"] > 1
    assert row["retry_at"] > row["parked_at"]
    assert [{"parked_at": row["parked_at"]}] == first


def test_what_a_refused_deletion_takes_along_is_recorded_once(team, meltano, ledger):
    """However often it is tried (§5, §6)."""
    reminder, task = paired(team, meltano)
    team.edit_task(task, Description="precious")
    team.delete_reminder(reminder)
    team.sandbox.fault("salesforce", "row_error", method="DELETE", code="UNABLE_TO_LOCK_ROW")
    meltano.sync()
    meltano.sync()
    team.heal()
    end_back_off(meltano)
    meltano.sync()
    assert team.tasks() == []
    assert len(ledger("SELECT * FROM conflicts")) == 1


def test_a_parked_deletion_goes_with_its_link(team, meltano, ledger):
    """The other side's deletion closes the link: nothing of either record is parked or pending then (§7.2)."""
    reminder, task = paired(team, meltano)
    team.delete_reminder(reminder)
    team.sandbox.fault("salesforce", "row_error", method="DELETE", code="ENTITY_IS_LOCKED")
    meltano.sync()
    team.heal()
    team.delete_task(task)
    meltano.sync()
    meltano.sync()
    assert ledger("SELECT * FROM parked") == []
    assert ledger("SELECT side, state FROM deletions") == []


def test_a_held_deletion_goes_with_its_link(team, meltano, ledger):
    """Once both records are gone, the brake holds nothing any more, and `check` has nothing to tell (§6)."""
    meltano.settings |= {"max_delete_count": 0, "max_delete_percent": 0}
    reminder, task = paired(team, meltano)
    team.delete_task(task)
    meltano.sync()
    team.delete_reminder(reminder)
    meltano.sync()
    meltano.settings["allow_mass_delete"] = True
    meltano.sync()
    assert ledger("SELECT state FROM links") == [{"state": "closed"}]
    assert ledger("SELECT record_id, state FROM deletions WHERE state = 'held'") == []
