"""Large windows of tap-salesforce-tasks: read with a Bulk API 2.0 query job."""

import json
import subprocess

import pytest

from tap_salesforce_tasks.tap import TapSalesforceTasks

from .records import ANN, BOB, ago, salesforce_user, task, task_id
from .runs import Output, run, run_command, start_command

BULK = {"bulk_threshold": 10}
JOBS = "/jobs/query"


@pytest.fixture
def load(sandbox):
    """Loads tasks into Salesforce."""
    sandbox.load(salesforce={"User": [salesforce_user(ANN, "ann"), salesforce_user(BOB, "bob")]})

    def load(*tasks):
        sandbox.load(salesforce={"Task": list(tasks)})

    return load


@pytest.fixture
def read(sandbox, salesforce_settings):
    """Runs the tap on the tasks, and counts its query jobs."""

    def read(state=None, **settings):
        sandbox.forget_calls()
        output = run(TapSalesforceTasks, salesforce_settings | settings, state, streams=("tasks",))
        calls = sandbox.calls("salesforce")
        output.calls = calls["total"]
        output.jobs = calls["by_endpoint"].get("POST /services/data/v{version}/jobs/query", 0)
        return output

    return read


def many(count, first=0):
    """Tasks of different times, kinds and owners."""
    return [
        task(
            number,
            ago(days=40, seconds=-number),
            BOB if number % 3 else ANN,
            Description=None if number % 2 else f'a, "{number}"\nb',
            ActivityDate="2026-01-02" if number % 5 else None,
            Status="Completed" if number % 7 == 0 else "Not Started",
            IsDeleted=number % 11 == 0,
            IsArchived=number % 13 == 0,
            CallDurationInSeconds=number % 4 or None,
        )
        for number in range(first, first + count)
    ]


def by_id(output):
    """The records by id."""
    return {row["Id"]: row for row in output.records["tasks"]}


def test_both_ways_give_the_same_records(load, read):
    """A query job gives exactly the records that REST gives, each once, whatever their values are."""
    load(*many(60))
    extra = ["CallDurationInSeconds", "ReminderDateTime", "IsReminderSet"]
    rest, bulk = read(bulk_threshold=0, extra_fields=extra), read(**BULK, extra_fields=extra)
    assert (rest.jobs, bulk.jobs) == (0, 1)
    assert by_id(bulk) == by_id(rest)
    assert len(bulk.records["tasks"]) == 60
    assert any(row["CallDurationInSeconds"] == 3 for row in bulk.records["tasks"])


def test_the_state_is_the_same_in_the_end(load, read):
    """After a query job the bookmark is the newest of all its records, and the next run goes on by REST."""
    load(*many(60))
    rest, bulk = read(bulk_threshold=0), read(**BULK)
    varying = {"read_at", "deleted_until"}
    states = [
        {name: value for name, value in one.bookmark("tasks").items() if name not in varying} for one in (rest, bulk)
    ]
    assert states[0] == states[1]
    load(task(100, ago(minutes=1)))
    second = read(bulk.state, **BULK)
    assert second.jobs == 0
    assert second.ids("tasks") == [task_id(100)]


def test_few_rows_are_read_by_rest(load, read):
    """Below the threshold a COUNT is all that a query job costs."""
    load(*many(9))
    assert read(**BULK).jobs == 0
    load(*many(1, first=9))
    assert read(**BULK).jobs == 1


def test_a_short_window_is_not_counted(load, read):
    """A run that follows another within a day costs no call for a COUNT."""
    load(*many(5), *(task(100 + number, ago(minutes=1)) for number in range(20)))
    first = read(bulk_threshold=0)
    rest, bulk = read(first.state, bulk_threshold=0), read(first.state, **BULK)
    assert (bulk.calls, bulk.jobs) == (rest.calls, 0)


def test_the_bookmark_moves_when_the_job_is_fully_read(load, read):
    """No STATE before the last record knows of any of them: a job's records have no order."""
    load(*many(4500))
    output = read(**BULK)
    seen, told = 0, []
    for message in output.messages:
        seen += message["type"] == "RECORD"
        if message["type"] == "STATE":
            told.append((seen, message["value"]["bookmarks"]["tasks"].get("replication_key_value")))
    assert len(told) >= 3
    newest = max(row["SystemModstamp"] for row in output.records["tasks"])
    assert {value for at, value in told if at < 4500} == {None}
    assert told[-1] == (4500, newest)


def test_a_job_that_fails_loses_nothing(load, read, sandbox):
    """A failed job ends the run with the bookmark where it was; the next run reads everything."""
    load(*many(30))
    sandbox.fault("salesforce", "job_end", path=JOBS, times=1)
    failed = read(**BULK)
    assert failed.exit_code == 1
    assert "replication_key_value" not in failed.bookmark("tasks")
    assert len(by_id(read(failed.state, **BULK))) == 30


def test_an_org_without_query_jobs_is_read_by_rest(load, read, sandbox):
    """Where Salesforce refuses the job, REST reads the same."""
    load(*many(30))
    body = [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}]
    sandbox.fault("salesforce", "status", path=JOBS, status=403, body=body)
    output = read(**BULK)
    assert output.exit_code == 0
    assert len(output.records["tasks"]) == 30


def test_what_cannot_be_counted_in_time_is_many(load, read, sandbox):
    """A COUNT that times out leads to a query job: a page in order would take no less."""
    load(*many(3))
    body = [{"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}]
    sandbox.fault("salesforce", "status", path="/queryAll", status=400, body=body, times=5)
    output = read(**BULK)
    assert output.jobs == 1
    assert len(output.records["tasks"]) == 3


def test_owners_are_asked_for_in_the_job(load, read):
    """A tap with `owner_ids` asks the job for their tasks alone."""
    load(*many(60))
    output = read(**BULK, owner_ids=[ANN])
    assert output.jobs == 1
    assert {row["OwnerId"] for row in output.records["tasks"]} == {ANN}


def test_a_kill_in_the_middle_loses_nothing(load, sandbox, salesforce_settings, tmp_path):
    """A tap that is killed while it reads a job's result leaves no bookmark behind that would skip a record."""
    load(*many(9000))
    config = salesforce_settings | BULK
    sandbox.fault("salesforce", "short_pages", path="/results", size=2500)
    sandbox.fault("salesforce", "latency", path="/results", seconds=1, every=3)
    with start_command(TapSalesforceTasks, tmp_path, config, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:
        lines = []
        for line in tap.stdout:
            lines.append(line)
            if len(lines) > 3000:
                tap.kill()
                break
    states = [json.loads(line) for line in lines if line.startswith('{"type":"STATE"')]
    assert states
    assert all("replication_key_value" not in state["value"]["bookmarks"].get("tasks", {}) for state in states)
    sandbox.clear_faults("salesforce")
    again = Output(run_command(TapSalesforceTasks, tmp_path, config, states[-1]["value"]).stdout)
    assert len(by_id(again)) == 9000
