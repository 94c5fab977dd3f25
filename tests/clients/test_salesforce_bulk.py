"""Writing to the sandbox's Salesforce with Bulk API 2.0."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tasksync_clients.errors import AllowanceExhausted, AuthenticationFailed, ClientError, LostAnswer, Unreachable
from tasksync_clients.recovery import Recovery
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

LINK = "Sales_Connect_Id__c"
JOBS = "/jobs/ingest"


class Log:
    """Notes what a job log is told, in order."""

    def __init__(self):
        self.told = []

    def begun(self, job_id):
        """Note it."""
        self.told.append(("begun", job_id))

    def ended(self, job_id):
        """Note it."""
        self.told.append(("ended", job_id))


@pytest.fixture
def client(sandbox):
    """A client of the sandbox's org."""
    settings = SalesforceSettings(sandbox.salesforce_url, "sandbox", "sandbox", retry_delay=0.001, bulk_timeout=20)
    with SalesforceClient(settings) as client:
        yield client


def _tasks(count, **members):
    return [{LINK: f"r{number}", "Subject": f"task {number}"} | members for number in range(count)]


def _held(client, fields=f"Id, Subject, {LINK}"):
    soql = f"SELECT {fields} FROM Task ORDER BY {LINK}"  # noqa: S608 - the test's own fields
    return [row for page in client.query(soql) for row in page]


def _collections(sandbox):
    return [name for name in sandbox.calls("salesforce")["by_endpoint"] if "composite/sobjects" in name]


def _made(sandbox):
    return sum(write["action"] == "create" for write in sandbox.writes("salesforce"))


def test_results_are_in_the_order_of_the_rows(client, sandbox):
    """Upserts, updates and deletes of one job each answer for their own row, though results come in another order."""
    made = client.bulk.upsert("Task", LINK, _tasks(300))
    assert all(row.ok and row.created for row in made)
    assert {row[LINK]: row["Id"] for row in _held(client)} == {f"r{at}": row.id for at, row in enumerate(made)}
    again = client.bulk.upsert("Task", LINK, _tasks(300, Status="Completed"))
    assert [(row.id, row.created) for row in again] == [(row.id, False) for row in made]
    changed = client.bulk.update("Task", [{"Id": row.id, "Subject": f"new {at}"} for at, row in enumerate(made)])
    assert [row.id for row in changed] == [row.id for row in made]
    assert {row[LINK][1:] for row in _held(client) if row["Subject"] == f"new {row[LINK][1:]}"} == {
        str(number) for number in range(300)
    }
    gone = client.bulk.delete("Task", [row.id for row in made])
    assert all(row.ok for row in gone)
    again = client.bulk.delete("Task", [made[0].id])
    assert (again[0].ok, again[0].code) == (True, "ENTITY_IS_DELETED")
    assert not _collections(sandbox)
    assert client.calls == sandbox.calls("salesforce")["total"]


def test_creates_are_told_apart_by_a_column(client):
    """A create answers for its own row by the column that names it."""
    made = client.bulk.create("Task", _tasks(50), LINK)
    assert all(row.ok and row.created for row in made)
    assert {row["Id"]: row[LINK] for row in _held(client)} == {row.id: f"r{at}" for at, row in enumerate(made)}


def test_twenty_thousand_creates_take_few_calls(client, sandbox):
    """A job of 20,000 rows needs its three requests, a look now and then, and its results."""
    results = client.bulk.upsert("Task", LINK, _tasks(20_000))
    assert all(row.ok for row in results)
    assert _made(sandbox) == 20_000
    assert client.calls <= 30


def test_values_arrive_as_through_json(client):
    """Every value ends up as collections would store it: texts with CSV's own characters, null, empty, types."""
    rows = [
        {"Subject": 'a, "b"\tc', "Description": 'one\ntwo\r\nthree, "four"\rfive', "ActivityDate": date(2026, 1, 2)},
        {"Subject": "  spaces  ", "Description": None, "IsReminderSet": True},
        {"Subject": "", "Description": "ä😀\ud83d", "ActivityDate": "2026-01-02"},
        {"Subject": "#N/A", "Description": "x"},
        {"Subject": " #n/a ", "ReminderDateTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
        {"Description": "only"},
    ]
    fields = "Subject, Description, ActivityDate, IsReminderSet, ReminderDateTime"
    base = {"Subject": "old", "Description": "old", "ActivityDate": "2020-01-01"}
    for write in (client.update, client.bulk.update):
        made = client.create("Task", [base] * len(rows))
        results = write("Task", [{"Id": one.id, **row} for one, row in zip(made, rows, strict=True)])
        assert all(row.ok for row in results)
    both = _held(client, f"Id, {fields}, {LINK}")
    stored = sorted(both, key=lambda row: row["Id"])
    shown = [{name: row[name] for name in fields.split(", ")} for row in stored]
    assert shown[: len(rows)] == shown[len(rows) :]
    assert shown[3]["Subject"] == "#N/A"
    assert shown[1]["Description"] is None


def test_refused_rows_say_why(client, sandbox):
    """A refused row carries code, message, fields and recovery; its neighbours are written."""
    rows = [*_tasks(3), {LINK: "bad", "Subject": "x" * 256}]
    good, *_, bad = client.bulk.upsert("Task", LINK, rows)
    assert good.ok
    assert (bad.code, bad.fields, bad.recovery, bad.id) == ("STRING_TOO_LONG", ("Subject",), Recovery.PARK, None)
    assert "max length=255" in bad.message
    (gone,) = client.bulk.update("Task", [{"Id": "00TA0000000000ZAAA", "Subject": "x"}])
    assert (gone.ok, gone.id, gone.code) == (False, "00TA0000000000ZAAA", "INVALID_CROSS_REFERENCE_KEY")
    assert _made(sandbox) == 3


def test_locked_rows_are_sent_again(client, sandbox):
    """A row that may succeed at once is sent again, by itself."""
    sandbox.fault("salesforce", "row_error", path=JOBS, where={"Subject": "task 1"}, times=1)
    results = client.bulk.upsert("Task", LINK, _tasks(3))
    assert [row.ok for row in results] == [True, True, True]
    assert _made(sandbox) == 3


def test_a_row_that_stops_the_run_keeps_what_is_known(client, sandbox):
    """A row that says that the day's calls are used up stops the run; what the others came to is told."""
    fault = {"code": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}
    sandbox.fault("salesforce", "row_error", path=JOBS, where={"Subject": "task 1"}, **fault)
    with pytest.raises(AllowanceExhausted) as caught:
        client.bulk.upsert("Task", LINK, _tasks(3))
    assert [row.ok for row in caught.value.partial] == [True, False, True]


def test_rows_of_one_record_go_one_after_the_other(client):
    """The second row of one key is written after the first one's job."""
    results = client.bulk.upsert("Task", LINK, [{LINK: "a", "Subject": "1"}, {LINK: "A", "Subject": "2"}])
    assert [row.ok for row in results] == [True, True]
    (one,) = client.create("Task", [{"Subject": "0"}])
    client.bulk.update("Task", [{"Id": one.id, "Subject": "1"}, {"Id": one.id[:15], "Subject": "2"}])
    assert client.retrieve("Task", [one.id], ["Subject"]) == [{"Subject": "2"}]


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_rows_that_a_job_did_not_come_to_wait_for_the_next_run(client, sandbox, state):
    """A job that ends before it is done answers for the rows that it wrote; the others carry RETRY_LATER."""
    sandbox.fault("salesforce", "job_end", path=JOBS, state=state, size=2)
    results = client.bulk.upsert("Task", LINK, _tasks(5))
    assert [row.ok for row in results] == [True, True, False, False, False]
    assert {row.recovery for row in results[2:]} == {Recovery.RETRY_LATER}
    assert {row.code for row in results[2:]} == {"FAILED_WRITE"}
    assert _made(sandbox) == 2


def test_an_unknown_column_fails_the_job_and_writes_nothing(client, sandbox):
    """A job that fails for its data leaves every row to the next run, with Salesforce's reason."""
    results = client.bulk.upsert("Task", LINK, [{LINK: "a", "Nope": "x"}])
    assert (results[0].ok, results[0].recovery) == (False, Recovery.RETRY_LATER)
    assert "Field name not found : Nope" in results[0].message
    assert _made(sandbox) == 0


def test_a_job_that_takes_too_long_is_aborted(sandbox):
    """After the time that a job may take it is aborted, and nothing of it is written later."""
    sandbox.fault("salesforce", "slow_job", path=JOBS, seconds=30, times=1)
    settings = SalesforceSettings(sandbox.salesforce_url, "sandbox", "sandbox", bulk_timeout=0.3)
    with SalesforceClient(settings) as client:
        log = Log()
        results = client.bulk.upsert("Task", LINK, _tasks(2), log)
        assert {row.recovery for row in results} == {Recovery.RETRY_LATER}
        assert [what for what, _ in log.told] == ["begun", "ended"]
        assert client.bulk.state(log.told[0][1]) == "Aborted"
    assert _made(sandbox) == 0


REQUESTS = {
    "POST": JOBS + "$",
    "PUT": "/batches",
    "PATCH": JOBS,
    "GET": JOBS + "/750[^/]*$",
    "GET results": "/successfulResults",
}


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after", "status", "expire_session"])
@pytest.mark.parametrize("what", REQUESTS)
def test_trouble_with_any_request_doubles_and_loses_nothing(client, sandbox, what, kind):
    """Whichever request of a job is cut, fails or finds the session expired: each row is written once, and known."""
    sandbox.fault("salesforce", kind, method=what.split()[0], path=REQUESTS[what], times=1)
    results = client.bulk.upsert("Task", LINK, _tasks(20))
    assert [row.ok for row in results] == [True] * 20
    assert [row["Subject"] for row in sorted(_held(client), key=lambda row: int(row[LINK][1:]))] == [
        f"task {number}" for number in range(20)
    ]
    writes = sandbox.writes("salesforce")
    assert len(writes) == 20
    assert len({write["call"] for write in writes}) == 1
    assert not _collections(sandbox)


@pytest.mark.parametrize("what", ["PUT", "PATCH", "GET", "GET results"])
def test_a_job_that_cannot_be_followed_stays_noted(client, sandbox, what):
    """Where a request of a job is never answered, nothing is claimed of its rows, and the job stays noted."""
    sandbox.fault("salesforce", "drop_after", method=what.split()[0], path=REQUESTS[what])
    log = Log()
    with pytest.raises(Unreachable) as caught:
        client.bulk.upsert("Task", LINK, _tasks(3), log)
    assert caught.value.partial == [None, None, None]
    assert [word for word, _ in log.told] == (["begun", "ended"] if what == "GET results" else ["begun"])
    sandbox.clear_faults("salesforce")
    client.bulk.settle(log.told[0][1])
    state = client.bulk.state(log.told[0][1])
    assert state in {"Aborted", "JobComplete"}
    assert _made(sandbox) == (3 if state == "JobComplete" else 0)


def test_an_upload_that_never_arrives_writes_nothing(client, sandbox):
    """A job whose upload is cut each time stays Open: its rows are unknown, and settling aborts it."""
    sandbox.fault("salesforce", "drop_before", method="PUT")
    log = Log()
    with pytest.raises(LostAnswer):
        client.bulk.upsert("Task", LINK, _tasks(3), log)
    client.bulk.settle(log.told[0][1])
    assert client.bulk.state(log.told[0][1]) == "Aborted"


def test_settling_waits_for_a_job_under_way(client, sandbox):
    """A job of a run that broke off is waited for; one that is unknown or over costs a look."""
    sandbox.fault("salesforce", "slow_job", path=JOBS, seconds=3, times=1)
    sandbox.fault("salesforce", "daily_limit", method="GET", path=JOBS)
    log = Log()
    with pytest.raises(AllowanceExhausted):
        client.bulk.upsert("Task", LINK, _tasks(3), log)
    sandbox.clear_faults("salesforce")
    assert _made(sandbox) == 0
    client.bulk.settle(log.told[0][1])
    assert _made(sandbox) == 3
    before = client.calls
    client.bulk.settle(log.told[0][1])
    client.bulk.settle("750000000000001AAA")
    assert client.calls == before + 2


def test_an_org_without_bulk_jobs_is_written_with_collections(client, sandbox):
    """Where Salesforce refuses to begin a job, or to take its data, the rows go through collections."""
    body = [{"errorCode": "FEATURENOTENABLED", "message": "no"}]
    sandbox.fault("salesforce", "status", method="POST", path=JOBS, status=400, body=body, times=1)
    assert all(row.ok for row in client.bulk.upsert("Task", LINK, _tasks(3)))
    sandbox.fault("salesforce", "status", method="PUT", path=JOBS, status=413, body=body, times=1)
    log = Log()
    assert all(row.ok for row in client.bulk.upsert("Task", LINK, _tasks(3), log))
    assert client.bulk.state(log.told[0][1]) == "Aborted"
    assert _made(sandbox) == 3


def test_a_locked_out_user_stops_the_run(client, sandbox):
    """A session that no login renews is an AuthenticationFailed, and no row is claimed."""
    body = [{"errorCode": "INVALID_SESSION_ID", "message": "no"}]
    sandbox.fault("salesforce", "status", path=JOBS, status=401, body=body)
    with pytest.raises(AuthenticationFailed) as caught:
        client.bulk.upsert("Task", LINK, _tasks(2))
    assert caught.value.partial == [None, None]


def test_nothing_to_write_costs_nothing(client):
    """No rows, no call."""
    assert client.bulk.upsert("Task", LINK, []) == []
    assert client.bulk.delete("Task", []) == []
    assert client.calls == 0


def test_a_failing_fallback_keeps_what_the_job_wrote(client, sandbox):
    """Where the rows that a job could not take meet a dead service, the job's own results are told all the same."""
    sandbox.fault("salesforce", "drop_before", path="/composite/")
    with pytest.raises(ClientError) as caught:
        client.bulk.upsert("Task", LINK, [*_tasks(2), {LINK: "na", "Subject": "#N/A"}])
    assert [row and row.ok for row in caught.value.partial] == [True, True, None]
