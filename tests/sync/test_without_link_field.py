"""An org without the link field, where nothing goes wrong: `link.task_field: null` in the mapping (sync-rules §2.5)."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tasksync_clients import ClientError
from tests.sync.steps import paired, pointers, quiet, subjects

pytestmark = pytest.mark.usefixtures("without_link_field")


def test_both_directions(team, meltano, ledger):
    """A pushed reminder gets its task's id from the other direction's run, and the next run writes nothing."""
    reminder, task = team.remind("Push", details="note"), team.task("Pull")
    meltano.to_salesforce()
    assert subjects(team) == ["Pull", "Push"]
    assert team.reminder(reminder)["salesforce_task_id"] is None
    meltano.to_salesconnect()
    assert sorted(row["name"] for row in team.reminders()) == ["Pull", "Push"]
    assert pointers(team) == sorted(row["Id"] for row in team.tasks())
    assert team.reminder_of(task)["name"] == "Pull"
    assert ledger("SELECT DISTINCT pointer_owed FROM links") == [{"pointer_owed": 0}]
    assert ledger("SELECT * FROM intents") == []
    quiet(team, meltano)


def test_pointers_that_are_refused_are_one_line(team, meltano, caplog):
    """However many they are: five are named."""
    for number in range(8):
        team.remind(f"Push {number}")
    meltano.to_salesforce()
    team.refuse("sales_connect", "forbidden")
    meltano.to_salesconnect()
    (line,) = [record.getMessage() for record in caplog.records if "id of their task" in record.getMessage()]
    assert line.startswith("8 reminders did not get the id of their task; the next run tries again. The first: rem_")
    assert line.count("(task ") == 5


def test_a_pointer_costs_nothing_more(team, meltano):
    """What was written to the reminder comes back as an echo; a quiet sync looks nothing up."""
    for number in range(3):
        team.remind(f"Call {number}")
    meltano.sync()
    team.sandbox.forget_calls()
    meltano.sync()
    assert team.sandbox.calls("salesforce")["total"] <= 4
    assert not [call for call in team.sandbox.calls("sales_connect")["by_endpoint"] if "batch" in call]


def test_edits_go_both_ways(team, meltano):
    """The link is the ledger's."""
    reminder, task = paired(team, meltano)
    team.edit_reminder(reminder, details="from Sales Connect")
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "from Sales Connect"
    team.edit_task(task, Status="Completed")
    meltano.sync()
    assert team.reminder(reminder)["status"] == "completed"
    quiet(team, meltano)


def test_deletions_go_both_ways(team, meltano):
    """And nothing comes back."""
    reminder, _ = paired(team, meltano, name="A")
    _, task = paired(team, meltano, name="B")
    team.delete_reminder(reminder)
    team.delete_task(task)
    meltano.sync()
    assert (team.tasks(), team.reminders()) == ([], [])
    quiet(team, meltano)


def test_a_plan_writes_nothing(team, meltano, ledger):
    """The pointers that would be written are in it."""
    team.remind()
    meltano.to_salesforce()
    meltano.settings["dry_run"] = True
    before = team.writes()
    meltano.to_salesconnect()
    assert team.writes() == before
    assert ledger("SELECT action FROM plan") == [{"action": "point"}]
    meltano.settings["dry_run"] = False
    meltano.to_salesconnect()
    assert pointers(team) == [row["Id"] for row in team.tasks()]


# Pointers.


def test_a_lost_ledger_is_rebuilt_from_the_pointers(team, meltano, ledger):
    """Nothing is written, nothing doubled."""
    for number in range(4):
        team.remind(f"Call {number}")
        team.task(f"Visit {number}")
    meltano.sync()
    before, links = team.writes(), ledger("SELECT reminder_id, task_id FROM links ORDER BY task_id")
    meltano.lose_ledger()
    meltano.sync()
    assert ledger("SELECT reminder_id, task_id FROM links ORDER BY task_id") == links
    assert ledger("SELECT DISTINCT pointer_owed FROM links") == [{"pointer_owed": 0}]
    assert team.writes() == before


def test_a_lost_answer_to_a_pointer(team, meltano, ledger):
    """The next run sees that it was written."""
    team.remind()
    meltano.to_salesforce()
    team.sandbox.fault("sales_connect", "drop_after", path="/v1/reminders/batch", times=6)
    with suppress(ClientError):
        meltano.to_salesconnect()
    team.heal()
    assert pointers(team) == [row["Id"] for row in team.tasks()]
    team.sandbox.forget_calls()
    quiet(team, meltano)
    assert not [call for call in team.sandbox.calls("sales_connect")["by_endpoint"] if "batch" in call]
    assert ledger("SELECT DISTINCT pointer_owed FROM links") == [{"pointer_owed": 0}]


def test_a_pointer_that_another_reminder_holds_stays_owed(team, meltano, ledger, caplog):
    """It is said in every run, holds up nothing, and is written once that reminder is deleted."""
    reminder = team.remind()
    meltano.to_salesforce()
    (task,) = team.tasks()
    holder = team.remind("Holder", assignee_id="u3", salesforce_task_id=task["Id"])
    meltano.to_salesconnect()
    assert f"reminder {holder} has it" in caplog.text
    assert team.reminder(reminder)["salesforce_task_id"] is None
    assert ledger("SELECT pointer_owed FROM links") == [{"pointer_owed": 1}]
    quiet(team, meltano)
    team.delete_reminder(holder)
    meltano.sync()
    assert team.reminder(reminder)["salesforce_task_id"] == task["Id"]
    assert len(team.tasks()) == 1
    quiet(team, meltano)


def test_a_reminder_that_is_gone_gets_no_pointer(team, meltano, ledger):
    """Its tombstone closes the link, and nothing is owed any more."""
    reminder = team.remind()
    meltano.to_salesforce()
    team.delete_reminder(reminder)
    meltano.to_salesconnect()
    meltano.sync()
    assert (team.tasks(), team.reminders()) == ([], [])
    assert ledger("SELECT state FROM links") == [{"state": "closed"}]
    quiet(team, meltano)


def test_a_pointer_waits_for_its_user(team, meltano):
    """Reminders of users who are off are not written to."""
    reminder = team.remind()
    meltano.to_salesforce()
    team.switch("u1", on=False)
    meltano.to_salesforce()
    meltano.to_salesconnect()
    assert team.reminder(reminder)["salesforce_task_id"] is None
    team.switch("u1", on=True)
    meltano.sync()
    assert team.reminder(reminder)["salesforce_task_id"] == team.tasks()[0]["Id"]
    quiet(team, meltano)
