"""The Salesforce client and the sandbox, two readings of one API."""

from datetime import UTC, datetime, timedelta

import pytest

from tasksync_clients.errors import AllowanceExhausted, LostAnswer, Refused
from tasksync_clients.recovery import Recovery
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_clients.soql import chunked_in, literal, quote

LINK = "Sales_Connect_Id__c"


@pytest.fixture
def client(sandbox):
    """A client of the sandbox's org."""
    settings = SalesforceSettings(sandbox.salesforce_url, "sandbox", "sandbox", retry_delay=0.001, loopback_only=True)
    with SalesforceClient(settings) as client:
        yield client


def _all(pages):
    return [record for page in pages for record in page]


def _tasks(count, **members):
    return [{"Subject": f"task {number}"} | members for number in range(count)]


def test_tasks_are_created_read_changed_and_deleted(client, sandbox):
    """Records go through all that a record can, and every call is counted as the service counts it."""
    made = client.create("Task", _tasks(450, Status="Not Started"))
    assert all(row.ok and row.created for row in made)
    ids = [row.id for row in made]
    read = client.retrieve("Task", ids, ["Id", "Subject"])
    assert [record["Subject"] for record in read] == [f"task {number}" for number in range(450)]
    assert all(row.ok for row in client.update("Task", [{"Id": one, "Status": "Completed"} for one in ids]))
    assert client.count("SELECT COUNT() FROM Task WHERE IsClosed = true") == 450
    assert all(row.ok for row in client.delete(ids))
    assert client.retrieve("Task", ids[:1], ["Id"]) == [None]
    again = client.delete([*ids[:1], *ids[:1]])
    assert all(row.ok and row.code == "ENTITY_IS_DELETED" for row in again)
    gone = client.query("SELECT Id FROM Task WHERE IsDeleted = true", include_deleted=True)
    assert sorted(record["Id"] for record in _all(gone)) == sorted(ids)
    assert client.calls == sandbox.calls("salesforce")["total"]


def test_long_queries_come_page_by_page(client, sandbox):
    """A query of more than a page is followed to its end, in order, also when pages are short."""
    client.create("Task", _tasks(2500))
    assert [len(page) for page in client.query("SELECT Id FROM Task")] == [2000, 500]
    sandbox.fault("salesforce", "short_pages")
    pages = list(client.query("SELECT Id, Owner.Name FROM Task ORDER BY SystemModstamp, Id"))
    assert len(pages) > 2
    ids = [record["Id"] for record in _all(pages)]
    assert len(set(ids)) == 2500
    assert ids == sorted(ids)
    assert _all(pages)[0]["Owner"].keys() == {"Name"}


def test_values_survive_the_query(client):
    """Whatever a subject holds, a query for it finds that task and no other."""
    subjects = ["it's", 'say "x"', "back\\slash", "a+b&c=d#e%20", "\u00e9\U0001f600", "' OR Subject != '", "100%_"]
    client.create("Task", [{"Subject": subject} for subject in subjects])
    for subject in subjects:
        found = _all(client.query(f"SELECT Subject FROM Task WHERE Subject = {quote(subject)}"))  # noqa: S608 - quoting is what is tried
        assert found == [{"Subject": subject}]
    conditions = list(chunked_in("Subject", subjects, 120))
    assert len(conditions) > 1
    found = [_all(client.query(f"SELECT Subject FROM Task WHERE {condition}")) for condition in conditions]  # noqa: S608 - quoting is what is tried
    assert sorted(record["Subject"] for records in found for record in records) == sorted(subjects)


def test_upsert_makes_a_create_repeatable(client, sandbox):
    """An upsert whose answer is lost is repeated, and there is one record."""
    sandbox.fault("salesforce", "drop_after", path="/composite/sobjects", times=1)
    (row,) = client.upsert("Task", LINK, [{LINK: "r1", "Subject": "x"}])
    assert row.ok
    assert client.upsert("Task", LINK, [{LINK: "r1", "Subject": "y"}])[0].created is False
    assert _all(client.query(f"SELECT Subject FROM Task WHERE {LINK} = 'r1'")) == [{"Subject": "y"}]  # noqa: S608 - quoting is what is tried


def test_lost_create_says_so(client, sandbox):
    """A create whose answer is lost is not repeated: there is one record, and the error says that nobody knows."""
    sandbox.fault("salesforce", "drop_after", method="POST", path="/composite/sobjects", times=1)
    with pytest.raises(LostAnswer) as caught:
        client.create("Task", _tasks(1))
    assert caught.value.partial == [None]
    assert client.count("SELECT COUNT() FROM Task") == 1


def test_same_record_twice_is_written_in_order(client):
    """The later of two changes of one record is the one that stays."""
    (made,) = client.create("Task", _tasks(1))
    rows = client.update("Task", [{"Id": made.id, "Subject": "a"}, {"Id": made.id, "Subject": "b"}])
    assert all(row.ok for row in rows)
    assert client.retrieve("Task", [made.id], ["Subject"]) == [{"Subject": "b"}]


def test_locked_rows_are_sent_again(client, sandbox):
    """Rows that lost a lock go through at the second attempt; rows that are refused are parked."""
    where = {"Subject": "task 1"}
    sandbox.fault("salesforce", "row_error", code="UNABLE_TO_LOCK_ROW", message="locked", where=where, times=1)
    refused = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no", "where": {"Subject": "task 2"}}
    sandbox.fault("salesforce", "row_error", **refused)
    rows = client.create("Task", _tasks(4))
    assert [row.ok for row in rows] == [True, True, False, True]
    assert (rows[2].code, rows[2].message, rows[2].recovery) == (refused["code"], "no", Recovery.PARK)
    assert client.calls == 2


def test_expired_session_is_renewed(client, sandbox):
    """A session that expires amid the pages of a query is renewed, and the query goes on."""
    client.create("Task", _tasks(2100))
    pages = client.query("SELECT Id FROM Task")
    next(pages)
    sandbox.fault("salesforce", "expire_session", times=1)
    assert len(next(pages)) == 100
    assert client.calls == sandbox.calls("salesforce")["total"]


def test_used_up_allowance_stops_with_what_was_written(client, sandbox):
    """The day's allowance used up amid a batch stops the run, and the written rows are known."""
    client.login()
    client.create("Task", _tasks(1))
    sandbox.fault("salesforce", "daily_limit")
    with pytest.raises(AllowanceExhausted) as caught:
        client.create("Task", _tasks(600))
    assert caught.value.partial == [None] * 600
    assert caught.value.category == "Intermittent"


def test_deleted_records_are_found(client, sandbox):
    """The deleted-records resource tells ids, times and what it covers."""
    made = client.create("Task", _tasks(2))
    client.delete([row.id for row in made])
    sandbox.clock(600)
    now = client.limits() and client.server_time()
    found = client.deleted("Task", now - timedelta(minutes=30), now)
    assert sorted(one for one, _ in found.ids) == sorted(row.id for row in made)
    assert all(now - timedelta(minutes=20) < moment < now for _, moment in found.ids)
    assert found.earliest_available < found.latest_covered <= now
    sandbox.clock(0)


def test_who_where_and_when(client, sandbox):
    """Organization and user agree with the org's own records; time and allowance come with the answers."""
    (org,) = _all(client.query("SELECT Id FROM Organization"))
    (user,) = _all(client.query(f"SELECT Id FROM User WHERE Id = {quote(client.user_id)}"))  # noqa: S608 - quoting is what is tried
    assert (client.org_id, client.user_id) == (org["Id"], user["Id"])
    assert client.usage[0] > 0
    sandbox.clock(86_400)
    client.limits()
    assert timedelta(hours=23) < client.server_time() - datetime.now(UTC) < timedelta(hours=25)
    sandbox.clock(0)


def test_times_are_compared_as_salesforce_writes_them(client):
    """A time literal filters by SystemModstamp."""
    client.create("Task", _tasks(1))
    now = client.server_time()
    for operator, count in (("<", 1), (">", 0)):
        moment = literal(now + timedelta(minutes=1))
        assert client.count(f"SELECT COUNT() FROM Task WHERE SystemModstamp {operator} {moment}") == count  # noqa: S608 - quoting is what is tried


def test_description_and_limits(client):
    """The description of Task knows its fields, and the limits the day's calls."""
    fields = {field["name"]: field for field in client.describe("Task")["fields"]}
    assert {"Id", "Subject", "OwnerId", LINK} <= fields.keys()
    assert fields["Subject"]["length"] == 255
    assert client.limits()["DailyApiRequests"]["Max"] > 0


def test_unknown_field_is_a_refusal(client):
    """A query for a field that is not there is refused with its code; the reason is kept apart."""
    with pytest.raises(Refused) as caught:
        list(client.query("SELECT Nonsense__c FROM Task"))
    assert caught.value.code == "INVALID_FIELD"
    assert "Nonsense__c" in caught.value.reason
    assert "Nonsense__c" not in str(caught.value)
