"""The rules that span both directions: one base per link, conflicts, names, one run at a time (sync-rules §5, §7)."""

from __future__ import annotations

import pytest

from tasksync_engine.errors import Busy
from tasksync_engine.ledger import lock, open_ledger
from tests.sync.steps import paired, quiet


def test_edits_of_different_fields_both_survive(team, meltano, ledger):
    """The same task edited on both sides in different fields is no conflict."""
    reminder, task = paired(team, meltano)
    team.edit_reminder(reminder, due_date="2026-12-24")
    team.edit_task(task, Description="from Salesforce", Status="Completed")
    meltano.sync()
    assert team.task_of(reminder)["ActivityDate"] == "2026-12-24"
    found = team.reminder(reminder)
    assert (found["details"], found["status"]) == ("from Salesforce", "completed")
    assert ledger("SELECT * FROM conflicts") == []


@pytest.mark.parametrize("later_side", ["reminder", "task"])
@pytest.mark.parametrize("policy", ["newest", "salesforce", "salesconnect"])
def test_a_conflict_is_decided_by_policy_and_recorded_once(team, meltano, ledger, later_side, policy):
    """Both sides hold the winner after one sync, and one record says who lost what."""
    reminder, task = paired(team, meltano)
    meltano.settings["conflict_policy"] = policy
    edits = {
        "reminder": lambda: team.edit_reminder(reminder, details="from Sales Connect"),
        "task": lambda: team.edit_task(task, Description="from Salesforce"),
    }
    first = "task" if later_side == "reminder" else "reminder"
    team.later(5)
    edits[first]()
    team.later(10)
    edits[later_side]()
    meltano.sync()
    winner = {"newest": later_side, "salesforce": "task", "salesconnect": "reminder"}[policy]
    expected = {"reminder": "from Sales Connect", "task": "from Salesforce"}[winner]
    assert team.reminder(reminder)["details"] == expected
    assert team.task_of(reminder)["Description"] == expected
    (conflict,) = ledger("SELECT field, base, reminder_value, task_value, winner FROM conflicts")
    assert conflict == {
        "field": "details",
        "base": '["old","old"]',
        "reminder_value": '"from Sales Connect"',
        "task_value": '"from Salesforce"',
        "winner": winner,
    }
    quiet(team, meltano)
    assert len(ledger("SELECT * FROM conflicts")) == 1


def test_the_same_edit_on_both_sides_is_no_conflict(team, meltano, ledger):
    """Equal changes agree."""
    reminder, task = paired(team, meltano)
    team.edit_reminder(reminder, details="same")
    team.edit_task(task, Description="same")
    quiet(team, meltano)
    assert ledger("SELECT * FROM conflicts") == []


@pytest.mark.parametrize(
    ("template", "subject"), [("{{activity_type}}: {{activity_subject}}", "Call: New"), ("Fixed", "Fixed")]
)
def test_a_name_edit_travels_if_the_template_carries_it(team, meltano, template, subject):
    """With {{activity_subject}} the Subject follows; without, it stays as it is."""
    team.sandbox.load(sales_connect={"settings": {"activity_detail_customization": template}})
    reminder, _ = paired(team, meltano, name="Old")
    team.edit_reminder(reminder, name="New")
    meltano.sync()
    assert team.task_of(reminder)["Subject"] == subject
    quiet(team, meltano)


def test_a_name_edit_over_a_subject_edit_wins_and_is_recorded(team, meltano, ledger):
    """The name travels one way."""
    reminder, task = paired(team, meltano)
    team.edit_task(task, Subject="Theirs")
    meltano.sync()
    assert team.reminder(reminder)["name"] == "Call"
    team.edit_reminder(reminder, name="Ours")
    meltano.sync()
    assert team.task_of(reminder)["Subject"] == "Ours"
    (conflict,) = ledger("SELECT field, winner FROM conflicts")
    assert conflict == {"field": "name", "winner": "reminder"}


def test_a_reassignment_travels(team, meltano):
    """From one participant to another, in both directions."""
    reminder, task = paired(team, meltano)
    team.edit_reminder(reminder, assignee_id="u2")
    meltano.sync()
    owner = team.task_of(reminder)["OwnerId"]
    team.edit_reminder(reminder, details="still travels")
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "still travels"
    team.edit_task(task, Priority="High")
    meltano.sync()
    found = team.reminder(reminder)
    assert (found["assignee_id"], found["priority"]) == ("u2", "high")
    assert owner == team.task_of(reminder)["OwnerId"]


def test_two_runs_at_once_are_refused(team, meltano):
    """The second one says so and stops; the first one's lock goes with it."""
    team.remind()
    with (
        open_ledger(meltano.ledger_url) as opened,
        lock.hold(opened.engine, "run"),
        pytest.raises(Busy, match="Another tasksync process"),
    ):
        meltano.to_salesforce()
    meltano.to_salesforce()
    assert len(team.tasks()) == 1
