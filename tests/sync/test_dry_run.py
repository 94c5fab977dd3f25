"""A dry run of one target decides as a real run would, and stores what it would have done."""

from __future__ import annotations

import json

import pytest

from tests.sync.steps import paired


@pytest.fixture
def dry(meltano):
    """From now on the targets write nothing."""

    def begin():
        meltano.settings["dry_run"] = True

    return begin


def planned(ledger):
    """What the last dry run would have done."""
    rows = ledger("SELECT * FROM plan WHERE run_id = (SELECT max(run_id) FROM plan) ORDER BY id")
    return [(row["action"], row["reminder_id"], row["task_id"], json.loads(row["detail"])) for row in rows]


def test_what_would_be_made_has_no_id_yet(team, meltano, ledger, dry):
    """Its values are told."""
    reminder = team.remind("New")
    dry()
    meltano.to_salesforce()
    ((action, reminder_id, task_id, detail),) = planned(ledger)
    assert (action, reminder_id, task_id, detail["values"]["Subject"]) == ("create", reminder, None, "New")
    assert ledger("SELECT * FROM links") == ledger("SELECT * FROM intents") == []


@pytest.mark.parametrize("winner", ["salesforce", "salesconnect"])
def test_a_conflict_is_told_once(team, meltano, ledger, dry, winner):
    """Whichever side wins; it is not recorded."""
    reminder, task = paired(team, meltano)
    team.edit_reminder(reminder, details="ours")
    team.edit_task(task, Description="theirs")
    meltano.settings["conflict_policy"] = winner
    dry()
    meltano.to_salesforce()
    met = [detail for action, *_, detail in planned(ledger) if action == "conflict"]
    side = "task" if winner == "salesforce" else "reminder"
    assert met == [{"field": "details", "reminder": "ours", "task": "theirs", "winner": side}]
    assert ledger("SELECT * FROM conflicts") == []
    assert team.tasks()[0]["Description"] == "theirs"


def test_a_deletion_is_told(team, meltano, ledger, dry):
    """And the link stays open."""
    reminder, task = paired(team, meltano)
    team.delete_reminder(reminder)
    dry()
    meltano.to_salesforce()
    assert [row[:3] for row in planned(ledger)] == [("delete", reminder, task)]
    assert [row["state"] for row in ledger("SELECT state FROM links")] == ["open"]
    assert len(team.tasks()) == 1
