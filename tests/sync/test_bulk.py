"""Tasks written with bulk jobs: the outcome is that of collections, and no job of a dead run writes behind us."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tasksync_clients import ClientError
from tests.sync.machine_runs import TO_SALESFORCE
from tests.sync.steps import dies, end_back_off, paired, quiet, subjects

if TYPE_CHECKING:
    from tests.sync.pipelines import Meltano
    from tests.sync.team import Team

JOBS = "/jobs/ingest"
REQUESTS = {
    "POST": JOBS + "$",
    "PUT": "/batches",
    "PATCH": JOBS,
    "GET": JOBS + "/750[^/]*$",
    "GET results": "/successfulResults",
}


@pytest.fixture(params=["bulk", "collections"])
def either(meltano: Meltano, request: pytest.FixtureRequest) -> str:
    """Each way to write many rows."""
    meltano.salesforce["write_mode"] = request.param
    return str(request.param)


@pytest.fixture
def bulk(meltano: Meltano) -> None:
    """Every write of tasks is a job."""
    meltano.salesforce["write_mode"] = "bulk"
    meltano.salesforce["bulk_timeout"] = 10


def jobs(team: Team) -> int:
    """How many ingest jobs were created."""
    calls = team.sandbox.calls("salesforce")["by_endpoint"]
    return int(calls.get("POST /services/data/v{version}/jobs/ingest", 0))


def noted(ledger) -> list[str]:
    """The jobs that the ledger takes for writing."""
    rows = ledger("SELECT value FROM meta WHERE key = 'bulk_jobs'")
    return list(json.loads(rows[0]["value"])) if rows else []


def remind_all(team: Team, count: int = 5) -> list[str]:
    """Some reminders."""
    return [team.remind(f"Call {number}", details=f"details {number}") for number in range(count)]


def agree(team: Team, meltano: Meltano, reminders: list[str]) -> None:
    """Assert that each reminder has its one task, and that the next run writes nothing."""
    meltano.sync()
    end_back_off(meltano)
    meltano.sync()
    assert sorted(row["Sales_Connect_Id__c"] for row in team.tasks()) == sorted(reminders)
    for reminder in reminders:
        found, task = team.reminder(reminder), team.task_of(reminder)
        assert (task["Subject"], task["Description"]) == (found["name"], found["details"])
    quiet(team, meltano)


def test_a_whole_life(team, meltano, either):
    """Tasks are made, changed, emptied, completed, reopened and deleted, and the next run is quiet, either way."""
    reminders = remind_all(team)
    meltano.sync()
    assert subjects(team) == [f"Call {number}" for number in range(5)]
    for number, reminder in enumerate(reminders):
        team.edit_reminder(reminder, status="completed", details=None if number % 2 else "#N/A", due_date="2026-12-01")
    team.later(10)
    meltano.sync()
    assert [(row["Status"], row["Description"]) for row in sorted(team.tasks(), key=lambda row: row["Subject"])] == [
        ("Completed", None if number % 2 else "#N/A") for number in range(5)
    ]
    for reminder in reminders:
        team.edit_reminder(reminder, status="open", due_date=None)
    team.later(20)
    meltano.sync()
    assert {(row["Status"], row["ActivityDate"]) for row in team.tasks()} == {("Not Started", None)}
    for reminder in reminders:
        team.delete_reminder(reminder)
    team.later(30)
    meltano.sync()
    assert team.tasks() == []
    quiet(team, meltano)
    assert jobs(team) == (4 if either == "bulk" else 0)


def test_auto_takes_a_job_for_many_creates_alone(team, meltano):
    """From `bulk_threshold` creates on one job makes them; edits, which could overwrite a person, never wait in one."""
    meltano.salesforce["bulk_threshold"] = 4
    reminders = remind_all(team, 3)
    meltano.to_salesforce()
    assert jobs(team) == 0
    reminders += remind_all(team, 4)
    meltano.to_salesforce()
    assert jobs(team) == 1
    team.later(10)
    for reminder in reminders:
        team.edit_reminder(reminder, details="edited")
    agree(team, meltano, reminders)
    assert jobs(team) == 1


def test_auto_gathers_once_it_has_much_to_create(team, meltano):
    """The first batches of a long run go out at once, the rest with one job."""
    load(team, 9000)
    meltano.to_salesforce()
    assert jobs(team) == 1
    assert len(team.sandbox.writes("salesforce")) == 9000


@pytest.mark.usefixtures("either")
def test_refused_rows_are_parked_and_the_others_go(team, meltano, ledger):
    """A refused create and a refused edit wait with their reason, and go over once nothing refuses them (§7.2)."""
    reminders = remind_all(team)
    team.refuse("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", where={"Subject": "Call 2"})
    meltano.sync()
    assert subjects(team) == ["Call 0", "Call 1", "Call 3", "Call 4"]
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    team.heal()
    team.later(10)
    for reminder in reminders:
        team.edit_reminder(reminder, details="edited")
    team.refuse("salesforce", "ENTITY_IS_LOCKED", where={"Subject": "Call 3"})
    meltano.sync()
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["ENTITY_IS_LOCKED"]
    team.heal()
    team.edit_reminder(reminders[3], details="edited again")
    agree(team, meltano, reminders)


@pytest.mark.usefixtures("bulk")
@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_rows_that_a_job_did_not_come_to_go_in_the_next_run(team, meltano, state, ledger):
    """A job that ends half-way leaves its other rows parked as passing: the next run writes them, and none twice."""
    reminders = remind_all(team)
    team.sandbox.fault("salesforce", "job_end", path=JOBS, state=state, size=2, times=1)
    meltano.to_salesforce()
    assert len(team.tasks()) == 2
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["FAILED_WRITE"] * 3
    meltano.to_salesforce()
    assert len(team.tasks()) == 5
    assert noted(ledger) == []
    agree(team, meltano, reminders)


@pytest.mark.usefixtures("bulk")
@pytest.mark.parametrize("kind", ["drop_after", "status_after"])
@pytest.mark.parametrize("what", REQUESTS)
def test_a_lost_answer_doubles_and_loses_nothing(team, meltano, what, kind):
    """Whichever request of a job fails once, the run carries on with that job, and each task is made once."""
    reminders = remind_all(team)
    team.sandbox.fault("salesforce", kind, method=what.split()[0], path=REQUESTS[what], times=1)
    meltano.to_salesforce()
    assert len(team.tasks()) == 5
    team.heal()
    agree(team, meltano, reminders)


@pytest.mark.usefixtures("bulk")
@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("what", REQUESTS)
def test_a_job_that_cannot_be_followed_is_found_by_the_next_run(team, meltano, ledger, what, kind):
    """Whichever request of a job is never answered: the run stops, and the next one finds what the job did (§7.4)."""
    reminders = remind_all(team)
    team.sandbox.fault("salesforce", kind, method=what.split()[0], path=REQUESTS[what])
    with pytest.raises(ClientError):
        meltano.to_salesforce()
    assert len(noted(ledger)) == (0 if what in {"POST", "GET results"} else 1)
    team.heal()
    team.edit_reminder(reminders[0], details="edited meanwhile")
    agree(team, meltano, reminders)
    assert noted(ledger) == []


@pytest.mark.usefixtures("bulk")
@pytest.mark.parametrize("edit", ["create", "update"])
def test_a_job_of_a_dead_run_is_waited_for(team, meltano, ledger, edit):
    """The next run decides only when the job writes no more: a late row cannot undo what was edited since (§7.4)."""
    reminder = team.remind("Call", details="v1") if edit == "create" else paired(team, meltano, details="v0")[0]
    if edit == "update":
        team.edit_reminder(reminder, details="v1")
    team.sandbox.fault("salesforce", "slow_job", path=JOBS, seconds=4, times=1)
    team.sandbox.fault("salesforce", "daily_limit", method="GET", path=JOBS)
    with pytest.raises(ClientError):
        meltano.to_salesforce()
    (job,) = noted(ledger)
    team.heal()
    team.edit_reminder(reminder, details="v2")
    meltano.to_salesforce()
    assert noted(ledger) == []
    while team.data("GET", f"jobs/ingest/{job}").json()["state"] != "JobComplete":
        time.sleep(0.1)
    assert team.task_of(reminder)["Description"] == "v2"
    agree(team, meltano, [reminder])


@pytest.mark.usefixtures("bulk")
def test_a_job_that_nobody_closed_is_aborted(team, meltano, ledger):
    """A run that died between the upload and the close leaves an Open job, which the next run aborts."""
    reminders = remind_all(team)
    team.sandbox.fault("salesforce", "drop_before", method="PATCH", path=JOBS)
    with pytest.raises(ClientError):
        meltano.to_salesforce()
    (job,) = noted(ledger)
    team.heal()
    agree(team, meltano, reminders)
    assert team.data("GET", f"jobs/ingest/{job}").json()["state"] == "Aborted"


@pytest.mark.usefixtures("bulk")
def test_a_job_that_still_writes_holds_up_the_run(team, meltano, ledger):
    """While nobody can tell whether an earlier job writes, nothing is decided: the run stops and keeps the note."""
    reminders = remind_all(team)
    team.sandbox.fault("salesforce", "drop_before", method="PATCH", path=JOBS)
    with pytest.raises(ClientError):
        meltano.to_salesforce()
    team.heal()
    team.sandbox.fault("salesforce", "drop_before", path=JOBS)
    with pytest.raises(ClientError):
        meltano.to_salesforce()
    assert len(noted(ledger)) == 1
    assert team.tasks() == []
    team.heal()
    agree(team, meltano, reminders)


@pytest.mark.usefixtures("bulk")
@pytest.mark.parametrize("number", range(1, 9))
def test_a_run_killed_at_any_commit_loses_nothing(team, meltano, number):
    """A run may die at each transaction of the ledger, those that note its jobs included (§7.4)."""
    reminders = remind_all(team)
    with suppress(AssertionError):  # there may be fewer steps
        dies(team, meltano, TO_SALESFORCE, ("commit", number))
    agree(team, meltano, reminders)


@pytest.mark.usefixtures("bulk")
@pytest.mark.parametrize("step", ["before create", "after create"])
def test_a_run_killed_around_its_job_loses_nothing(team, meltano, step):
    """A run may die before its job is made and after it has ended (§7.4)."""
    reminders = remind_all(team)
    dies(team, meltano, TO_SALESFORCE, (step, 1))
    agree(team, meltano, reminders)


@pytest.mark.usefixtures("bulk")
def test_batches_are_gathered_for_one_job(team, meltano):
    """Several batches of the tap go out with one job, and STATE goes out behind it."""
    load(team, 4100)
    meltano.sync()
    assert jobs(team) == 1
    assert len(team.sandbox.writes("salesforce")) == 4100
    quiet(team, meltano)


@pytest.mark.usefixtures("bulk")
def test_no_state_goes_out_before_its_records_are_settled(team, meltano):
    """Where the job of gathered batches cannot be followed, no STATE has passed any of their records."""
    load(team, 4100)
    team.sandbox.fault("salesforce", "daily_limit", method="GET", path=JOBS)
    with pytest.raises(ClientError):
        meltano.to_salesforce()
    state = meltano.states.get("to-salesforce", {"bookmarks": {}})
    assert "replication_key_value" not in state["bookmarks"].get("reminders", {})
    team.heal()
    meltano.to_salesforce()
    assert len(team.sandbox.writes("salesforce")) == 4100
    quiet(team, meltano)


def load(team: Team, count: int) -> None:
    """Load many new reminders of Ann."""
    stamp = team.stamp(team.enabled_at)
    reminders = [
        {
            "id": f"many{number}",
            "type": "call",
            "name": f"Call {number}",
            "assignee_id": "u1",
            "created_at": stamp,
            "updated_at": stamp,
        }
        for number in range(count)
    ]
    team.sandbox.load(sales_connect={"reminders": reminders})
