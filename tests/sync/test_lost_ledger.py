"""A lost ledger is rebuilt from the pointers on the records, and nothing is doubled or lost (sync-rules §2.3, §2.4)."""

from __future__ import annotations

from tests.sync.machine_runs import Script
from tests.sync.steps import meanwhile, paired


def test_a_lost_ledger_is_rebuilt_without_a_duplicate(team, meltano, ledger):
    """Every pair is found again from the one pointer that each has; nothing is written."""
    for number in range(5):
        team.remind(f"Call {number}", details="x" * 33_000 if number == 0 else "note")
        team.task(f"Visit {number}", Status="In Progress")
    meltano.sync()
    before, links = team.writes(), ledger("SELECT reminder_id, task_id FROM links ORDER BY task_id")
    assert len(links) == 10
    meltano.lose_ledger()
    meltano.sync()
    assert ledger("SELECT reminder_id, task_id FROM links ORDER BY task_id") == links
    assert team.writes() == before


def test_deletions_and_edits_survive_a_lost_ledger(team, meltano):
    """What was deleted on one side while the ledger was lost is deleted on the other, and edits travel."""
    reminder, task = paired(team, meltano)
    _, other_task = paired(team, meltano, name="Other")
    edited, _ = paired(team, meltano, name="Edited")
    meltano.lose_ledger()
    team.later(20)
    team.delete_reminder(reminder)
    team.delete_task(other_task)
    team.edit_reminder(edited, details="new")
    meltano.sync()
    assert [row["Subject"] for row in team.tasks()] == ["Edited"]
    assert [row["name"] for row in team.reminders()] == ["Edited"]
    assert team.task_of(edited)["Description"] == "new"
    assert task


def test_keep_keeps_after_a_lost_ledger(team, meltano):
    """A living record without a base counts as changed since its counterpart's deletion (§2.3, §6)."""
    meltano.settings["delete_conflict_policy"] = "keep"
    reminder, task = paired(team, meltano)
    team.later(10)
    team.edit_task(task, Description="precious")
    team.later(20)
    team.delete_reminder(reminder)
    meltano.sync()
    assert len(team.tasks()) == 1
    meltano.lose_ledger()
    meltano.sync()
    meltano.sync()
    assert [row["Description"] for row in team.tasks()] == ["precious"]


def test_a_task_that_comes_back_stays_although_its_create_is_refused(team, meltano):
    """It was changed after its reminder's deletion: what its refused create has noted deletes nothing (§2.3, §6)."""
    reminder, task = paired(team, meltano)
    team.later(20)
    team.delete_reminder(reminder)
    team.later(40)
    team.edit_task(task, Description="precious")
    meltano.lose_ledger()
    team.refuse("sales_connect", status=500, code="internal")
    meltano.sync()
    assert [row["Id"] for row in team.tasks()] == [task]
    team.heal()
    meltano.sync()
    meltano.sync()
    assert [row["Description"] for row in team.tasks()] == ["precious"]
    assert team.reminder_of(task)["details"] == "precious"


def test_an_edit_while_a_batch_makes_its_new_tasks_is_met(team, meltano, ledger):
    """What is found again is read behind the creates, which may take minutes: nothing is written over unsaid (§9)."""
    reminder, task = paired(team, meltano)
    meltano.lose_ledger()
    team.later(5)
    team.edit_reminder(reminder, details="older")
    team.remind("New")

    def edit() -> None:
        team.later(60)
        team.edit_task(task, Description="newer")

    meanwhile(team, meltano, "to-salesforce", Script(do_at=("after create", 1), action=edit))
    assert sorted(row["Description"] or "" for row in team.tasks()) == ["", "newer"]
    (conflict,) = ledger("SELECT task_value, winner FROM conflicts WHERE field = 'details'")
    assert conflict == {"task_value": '"newer"', "winner": "task"}
    meltano.sync()
    assert team.reminder(reminder)["details"] == "newer"
