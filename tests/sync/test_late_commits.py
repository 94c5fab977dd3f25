"""What a service does not show yet: records that commit late, and stamps of a clock that was set back (§6, §7.1)."""

from __future__ import annotations

from tests.sync.steps import paired


def commit_late(team):
    """Tasks that are pushed from now on show five minutes later."""
    team.sandbox.fault("salesforce", "late_commit", path="composite/sobjects/Task", method="PATCH", seconds=300)


def test_a_task_of_ours_that_does_not_show_yet_is_not_gone(team, meltano):
    """A look at all linked tasks misses it; its reminder stays (§6)."""
    reminder = team.remind()
    commit_late(team)
    meltano.sync()
    team.heal()
    team.later(400)
    meltano.sync()
    assert team.reminder(reminder) is not None


def test_a_deletion_waits_for_a_task_that_does_not_show_yet(team, meltano):
    """It is not taken for gone already: once it shows, it is deleted, and does not come back (§6, §7.1)."""
    paired(team, meltano)
    reminder = team.remind("Second")
    commit_late(team)
    meltano.sync()
    team.heal()
    team.later(10)
    team.delete_reminder(reminder)
    meltano.sync()
    team.later(400)
    meltano.sync()
    meltano.sync()
    assert [row["Subject"] for row in team.tasks()] == ["Call"]
    assert [row["name"] for row in team.reminders()] == ["Call"]


def test_a_clock_that_was_set_back_hides_nothing(team, meltano):
    """What was stamped while the service's clock was behind the bookmark is read as well (§7.1)."""
    paired(team, meltano)
    team.later(7200)
    team.remind("Ahead")
    meltano.sync()
    team.later(0)
    team.remind("Behind")
    meltano.sync()
    meltano.sync()
    team.later(20_000)
    meltano.sync()
    assert sorted(row["Subject"] for row in team.tasks()) == ["Ahead", "Behind", "Call"]
