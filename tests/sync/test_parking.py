"""Refused changes are kept whole and retried; the roster's go through when both users are on (sync-rules §1, §7)."""

from __future__ import annotations

import pytest

from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from tasksync_clients import AllowanceExhausted, AuthenticationFailed, Unreachable
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_engine.destinations import SalesConnectDestination
from tests.sync.steps import quiet
from tests.sync.team import salesforce_user


def test_a_refused_create_is_parked_and_owed(team, meltano, ledger):
    """One row's refusal holds up no other; a new version of the record goes through."""
    good, bad = team.remind("Good"), team.remind("Bad")
    team.refuse("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", where={"Subject": "Bad"})
    meltano.sync()
    assert [row["Subject"] for row in team.tasks()] == ["Good"]
    (row,) = ledger("SELECT record_id, code, category, message, retry_at FROM parked")
    assert row == {
        "record_id": bad,
        "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "category": "Access/Validation",
        "message": "refused for the test",
        "retry_at": None,
    }
    team.heal()
    meltano.sync()
    assert len(team.tasks()) == 1 or [row["Subject"] for row in team.tasks()].count("Bad") == 1
    team.edit_reminder(bad, name="Better")
    meltano.sync()
    assert sorted(row["Subject"] for row in team.tasks()) == ["Better", "Good"]
    assert ledger("SELECT * FROM parked") == []
    assert good


def test_an_intermittent_refusal_is_retried_in_the_very_next_run(team, meltano, ledger):
    """Even when the record has left the window that the tap reads again."""
    reminder = team.remind()
    meltano.sync()
    team.edit_reminder(reminder, details="edited")
    team.refuse("salesforce", "UNABLE_TO_LOCK_ROW", where={"Description": "edited"})
    meltano.sync()
    assert [row["category"] for row in ledger("SELECT category FROM parked")] == ["Intermittent"]
    team.heal()
    team.later(3600)
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "edited"
    assert ledger("SELECT * FROM parked") == []


def test_a_parked_field_whose_base_moved_is_not_written(team, meltano):
    """The other side settled it meanwhile; the parked change's other fields still go through."""
    reminder = team.remind(details="old", due_date="2026-12-01")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.edit_reminder(reminder, details="parked", due_date="2026-12-24")
    team.refuse("salesforce", "UNABLE_TO_LOCK_ROW", where={"Description": "parked"})
    meltano.to_salesforce()
    team.heal()
    team.later(3600)
    team.edit_task(task, Description="newer, from Salesforce")
    meltano.to_salesconnect()
    assert team.reminder(reminder)["details"] == "newer, from Salesforce"
    meltano.sync()
    found = team.task_of(reminder)
    assert (found["Description"], found["ActivityDate"]) == ("newer, from Salesforce", "2026-12-24")


def test_a_user_who_is_off_waits(team, meltano, ledger):
    """Off: nothing travels, linked changes are parked with the reason roster. On again: they go through."""
    reminder = team.remind(details="old")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.switch("u1", on=False)
    team.edit_reminder(reminder, details="while off")
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "old"
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["roster"]
    team.later(7200)
    team.edit_task(task, Priority="High")
    meltano.sync()
    assert team.reminder(reminder)["priority"] == "normal"
    team.switch("u1", on=True)
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "while off"
    assert team.reminder(reminder)["priority"] == "high"
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_reassigned_to_a_user_who_is_off(team, meltano, ledger):
    """The pair takes no part until both users are on; then the assignment travels."""
    reminder = team.remind()
    meltano.sync()
    team.edit_reminder(reminder, assignee_id="u3")
    meltano.sync()
    assert team.task_of(reminder)["OwnerId"] == salesforce_user(1)
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["roster"]
    team.switch("u3", on=True)
    meltano.sync()
    assert team.task_of(reminder)["OwnerId"] == salesforce_user(3)
    assert ledger("SELECT * FROM parked") == []


def test_a_task_given_to_an_outsider_stays_theirs(team, meltano):
    """Another owner does not travel, and nothing of the pair does until the task comes back."""
    reminder = team.remind()
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.edit_task(task, OwnerId=salesforce_user(3), Description="theirs")
    meltano.sync()
    assert team.reminder(reminder)["assignee_id"] == "u1"
    assert team.reminder(reminder)["details"] is None
    team.edit_task(task, OwnerId=salesforce_user(1))
    meltano.sync()
    assert team.reminder(reminder)["details"] == "theirs"


def test_a_left_out_users_reminders_wait_and_go_through(team, meltano, ledger):
    """Dan has no Salesforce user: said, parked, and pushed once there is one."""
    reminder = team.remind("Dan's", assignee_id="u4")
    meltano.sync()
    assert ledger("SELECT left_out FROM roster WHERE sales_connect_id = 'u4'") == [
        {"left_out": "no active Salesforce user has this email"}
    ]
    assert [(row["record_id"], row["code"]) for row in ledger("SELECT * FROM parked")] == [(reminder, "roster")]
    email = "DAN@example.com"
    user = {"Id": salesforce_user(4), "Email": email, "Username": email, "LastName": "Dan", "IsActive": True}
    team.sandbox.load(salesforce={"User": [user]})
    team.later(7200)
    meltano.sync()
    assert [row["OwnerId"] for row in team.tasks()] == [salesforce_user(4)]
    assert ledger("SELECT * FROM parked") == []


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("direction", ["salesforce", "sales_connect"])
def test_a_lost_answer_doubles_nothing(team, meltano, kind, direction):
    """Whether the write was committed or not."""
    path = "composite/sobjects/Task/" if direction == "salesforce" else "/v1/reminders/batch"
    team.remind()
    team.task()
    team.sandbox.fault(direction, kind, path=path, times=1)
    meltano.sync()
    meltano.sync()
    assert (len(team.tasks()), len(team.reminders())) == (2, 2)
    quiet(team, meltano)


def test_a_run_that_has_to_stop_goes_on_in_the_next(team, meltano):
    """An exhausted allowance stops it with a clear message; nothing is lost or doubled."""
    team.remind()
    team.sandbox.fault("salesforce", "daily_limit")
    with pytest.raises(AllowanceExhausted):
        meltano.sync()
    team.heal()
    meltano.sync()
    assert len(team.tasks()) == 1


def test_wrong_credentials_and_unreachable_services_stop_the_run(team, meltano):
    """Before anything is written."""
    team.remind()
    right = dict(meltano.salesforce)
    meltano.salesforce["client_secret"] = "wrong"
    with pytest.raises(AuthenticationFailed):
        meltano.to_salesforce()
    meltano.salesforce = {**right, "login_url": "http://127.0.0.1:9"}
    with pytest.raises(Unreachable):
        meltano.to_salesforce()
    meltano.salesforce = right
    meltano.to_salesforce()
    assert len(team.tasks()) == 1


def test_an_edit_between_read_and_write_is_decided_again(team, meltano, ledger):
    """Sales Connect's version tells: 412, read again, decide again."""
    reminder = team.remind(details="old")
    meltano.sync()
    team.edit_task(team.task_of(reminder)["Id"], Description="from Salesforce")
    meltano.to_salesforce()

    class Meddled(SalesConnectDestination):
        def update(self, updates):
            if not meddled:
                meddled.append(True)
                team.edit_reminder(reminder, priority="high")
            return super().update(updates)

    class Target(TargetSalesconnect):
        def connector(self):
            return lambda _: Meddled(SalesConnectClient(SalesConnectSettings.from_config(self.config)))

    meddled: list[bool] = []
    lines = meltano.read("to-salesconnect", TapSalesforceTasks, meltano.salesforce, {"users"})
    meltano.write("to-salesconnect", Target, meltano.sales_connect, lines)
    found = team.reminder(reminder)
    assert (found["details"], found["priority"]) == ("from Salesforce", "high")
    assert ledger("SELECT * FROM parked") == []
