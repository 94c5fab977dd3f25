"""Reading from Salesforce with Bulk API 2.0: the sandbox's, and one that misbehaves."""

from __future__ import annotations

import tracemalloc

import pytest

from tasksync_clients.errors import ProtocolError, Refused, Unreachable
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .hostile import Reply

JOBS = "/jobs/query"
FIELDS = "Id, Subject, Description, ActivityDate, IsClosed, CreatedDate, CallDurationInSeconds, Amount__c"


@pytest.fixture
def client(sandbox):
    """A client of the sandbox's org."""
    settings = SalesforceSettings(sandbox.salesforce_url, "sandbox", "sandbox", retry_delay=0.001, bulk_timeout=20)
    with SalesforceClient(settings) as client:
        yield client


def _load(sandbox, count):
    tasks = [
        {"Id": f"00TA{number:011d}AAA", "Subject": f"n{number}", "IsDeleted": number % 2 == 1}
        for number in range(count)
    ]
    sandbox.load(salesforce={"Task": tasks})


def _all(pages):
    return [record for page in pages for record in page]


def test_records_are_those_of_rest(client, sandbox):
    """Null, booleans, numbers, dates and texts are the same as in a query's pages; times alone end in Z."""
    change = {"objects": {"Task": {"add": [{"name": "Amount__c", "type": "double", "precision": 18, "scale": 2}]}}}
    sandbox.control("salesforce", "POST", "schema", change)
    client.create(
        "Task",
        [
            {"Subject": 'a, "b"', "Description": "one\ntwo", "ActivityDate": "2026-01-02", "Amount__c": 1.5},
            {"Subject": "null", "Status": "Completed", "CallDurationInSeconds": 60, "Amount__c": 2},
            {"Subject": "#N/A"},
        ],
    )
    soql = f"SELECT {FIELDS} FROM Task"  # noqa: S608 - the test's own fields
    rest = {row["Id"]: row for row in _all(client.query(soql))}
    bulk = {row["Id"]: row for row in _all(client.bulk.query("Task", soql))}
    for row in rest.values():
        row["CreatedDate"] = row["CreatedDate"].replace("+0000", "Z")
    assert bulk == rest


def test_all_records_come_once(client, sandbox):
    """Each record comes once, deleted ones where asked for, also when Salesforce makes pages short."""
    _load(sandbox, 300)
    assert len(_all(client.bulk.query("Task", "SELECT Id FROM Task"))) == 150
    sandbox.fault("salesforce", "short_pages", path="/results", size=70)
    found = _all(client.bulk.query("Task", "SELECT Id FROM Task", include_deleted=True))
    assert len(found) == len({row["Id"] for row in found}) == 300


def test_many_records_stay_out_of_the_memory(client, sandbox):
    """Reading 20,000 records takes a few calls and memory for a page, however many there are."""
    _load(sandbox, 20_000)
    before = client.calls
    tracemalloc.start()
    sizes = [len(page) for page in client.bulk.query("Task", "SELECT Id, Subject FROM Task", include_deleted=True)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(sizes) == 20_000
    assert max(sizes) == 2000
    assert client.calls - before <= 10
    assert peak < 8_000_000


def test_no_records_are_no_pages(client):
    """An empty result gives nothing."""
    assert _all(client.bulk.query("Task", "SELECT Id FROM Task")) == []


REQUESTS = {"POST": JOBS, "GET": JOBS + "/750[^/]*$", "GET results": "/results", "DELETE": JOBS}


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_after", "cut_body", "expire_session"])
@pytest.mark.parametrize("what", REQUESTS)
def test_lost_answers_are_asked_for_again(client, sandbox, what, kind):
    """Whichever request of a job is cut or finds the session expired, every record comes once."""
    _load(sandbox, 20)
    sandbox.fault("salesforce", kind, method=what.split()[0], path=REQUESTS[what], times=1)
    assert len(_all(client.bulk.query("Task", "SELECT Id FROM Task", include_deleted=True))) == 20


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_that_fails_ends_the_run(client, sandbox, state):
    """A query job that does not complete gives no records, and says so."""
    sandbox.fault("salesforce", "job_end", path=JOBS, state=state)
    with pytest.raises(Unreachable, match=state):
        _all(client.bulk.query("Task", "SELECT Id FROM Task"))


def test_a_job_that_takes_too_long_is_aborted(sandbox):
    """A query job that does not end in time is aborted, and the run ends."""
    sandbox.fault("salesforce", "slow_job", path=JOBS, seconds=30)
    settings = SalesforceSettings(sandbox.salesforce_url, "sandbox", "sandbox", bulk_timeout=0.3)
    with SalesforceClient(settings) as client, pytest.raises(Unreachable, match="bulk_timeout"):
        _all(client.bulk.query("Task", "SELECT Id FROM Task"))
    with SalesforceClient(settings) as client:
        client.login()
    calls = sandbox.calls("salesforce")["by_endpoint"]
    assert any(name.startswith("PATCH") and "/jobs/query" in name for name in calls)


def test_a_query_that_cannot_be_is_refused(client):
    """An unknown field is told as by any query."""
    with pytest.raises(Refused) as caught:
        _all(client.bulk.query("Task", "SELECT Nope FROM Task"))
    assert caught.value.code == "INVALID_FIELD"


def _job(state):
    return Reply(body={"id": "750000000000001AAA", "state": state})


def _script(hostile, *results):
    hostile.script(
        "/describe", Reply(body={"fields": [{"name": "Done", "type": "boolean"}, {"name": "N", "type": "int"}]})
    )
    hostile.script(JOBS, _job("UploadComplete"), _job("JobComplete"), *results)


def _csv(text, locator="null"):
    return Reply(body=text.encode(), headers={"Sforce-Locator": locator, "Content-Type": "text/csv"})


@pytest.mark.parametrize(
    "reply",
    [
        _csv('"Id"\n"a\n'),
        _csv('"Id","N"\n"a"\n'),
        _csv('"N"\n"many"\n'),
        _csv('"Id"\n"a"\n', locator=""),
        _csv('"Id"\n"a"\n', locator="../../secret?x"),
        Reply(body=b'"Id"\n"\xff"\n', headers={"Sforce-Locator": "null"}),
    ],
    ids=["quote", "width", "number", "no locator", "locator", "utf-8"],
)
def test_nonsense_is_no_result(hostile, salesforce, reply):
    """A result that is no CSV of its columns, or leads nowhere, ends the run and shows nothing of what it holds."""
    _script(hostile, reply)
    with pytest.raises(ProtocolError) as caught:
        _all(salesforce.bulk.query("Task", "SELECT Id FROM Task"))
    assert "many" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_locator_that_comes_again_would_never_end(hostile, salesforce):
    """A locator that was given before ends the run instead of reading forever."""
    _script(hostile, _csv('"Id"\n"a"\n', locator="MTA"), _csv('"Id"\n"a"\n', locator="MTA"))
    with pytest.raises(ProtocolError, match="locator"):
        _all(salesforce.bulk.query("Task", "SELECT Id FROM Task"))


@pytest.mark.parametrize("body", [[], {"id": "750"}, {"id": "../x", "state": "Open"}, {"id": "750", "state": "Odd"}])
def test_nonsense_is_no_job(hostile, salesforce, body):
    """An answer that names no job in a known state is refused."""
    hostile.script("/describe", Reply(body={"fields": []}))
    hostile.script(JOBS, Reply(body=body))
    with pytest.raises(ProtocolError):
        _all(salesforce.bulk.query("Task", "SELECT Id FROM Task"))
