"""A lost ledger is rebuilt from the pointers on the records, and nothing is doubled or lost (sync-rules §2.3, §2.4)."""

from __future__ import annotations

from tests.sync.steps import paired


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
