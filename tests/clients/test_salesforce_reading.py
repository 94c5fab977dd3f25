"""Reading from Salesforce, from a service that tests our patience."""

from datetime import UTC, datetime

import pytest

from tasksync_clients.errors import ProtocolError, Refused
from tasksync_clients.soql import chunked_in

from .hostile import Reply

LOCATOR = "/services/data/v62.0/query/0r8000000000001AAA"
START, END = datetime(2026, 11, 20, 8, tzinfo=UTC), datetime(2026, 11, 20, 9, tzinfo=UTC)


def _page(*names, following=None, **more):
    rows = [{"attributes": {"type": "Task", "url": "/x"}, "Subject": name} for name in names]
    ending = {"done": following is None} | ({"nextRecordsUrl": following} if following else {})
    return Reply(body={"totalSize": 9, "records": rows} | ending | more)


def test_pages_of_any_length_are_followed(hostile, salesforce):
    """A query goes on until Salesforce says that it is done, however short or empty its pages are."""
    hostile.script("/queryAll", _page("a", "b", following=f"{LOCATOR}-2"))
    hostile.script("-2", _page(following=f"{LOCATOR}-3"))
    hostile.script("-3", _page("c"))
    pages = list(salesforce.query("SELECT Subject FROM Task", include_deleted=True))
    assert pages == [[{"Subject": "a"}, {"Subject": "b"}], [], [{"Subject": "c"}]]
    first = hostile.asked("/queryAll")[0]
    assert first.query == {"q": ["SELECT Subject FROM Task"]}
    assert salesforce.calls == 3


def test_attributes_are_left_out_at_every_depth(hostile, salesforce):
    """Records and the records they point to come without `attributes`."""
    owner = {"attributes": {"type": "User"}, "Name": "Ada"}
    row = {"attributes": {"type": "Task"}, "Owner": owner, "Who": None}
    hostile.script("/query", Reply(body={"totalSize": 1, "done": True, "records": [row]}))
    assert list(salesforce.query("SELECT Owner.Name FROM Task")) == [[{"Owner": {"Name": "Ada"}, "Who": None}]]


def test_soql_arrives_as_it_was_written(hostile, salesforce):
    """Every character of a query survives the address, half characters apart."""
    hostile.script("/query", _page())
    soql = "SELECT Id FROM Task WHERE Subject = 'a+b & c=d#e%20 \u00e9\U0001f600' AND Id > 1"
    list(salesforce.query(soql))
    list(salesforce.query("x\ud800"))
    assert [request.query["q"] for request in hostile.asked("/query")] == [[soql], ["x\ufffd"]]


def test_query_that_fits_no_uri_is_not_sent(hostile, salesforce):
    """A query too long for a URI is refused here; conditions of the usual budget fit."""
    hostile.script("/query", _page())
    ids = [f"00T{number:012d}AAA" for number in range(2000)]
    with pytest.raises(ValueError, match="too long"):
        list(salesforce.query(f"SELECT Id FROM Task WHERE Id IN {ids}"))  # noqa: S608 - never sent
    assert not hostile.asked("/query")
    for condition in chunked_in("Id", ids):
        list(salesforce.query(f"SELECT Id FROM Task WHERE {condition} ORDER BY SystemModstamp, Id"))  # noqa: S608 - quoted
    sizes = [len(request.target) + sum(map(len, request.headers.values())) for request in hostile.asked("/query")]
    assert max(sizes) < 16_384 - 1000


@pytest.mark.parametrize(
    "following",
    [
        "https://evil.example/services/data/v62.0/query/x-2000",
        "//evil.example/services/data/v62.0/query/x-2000",
        "@evil.example/",
        ".evil.example/",
        "/\\evil.example/",
        "/services/data/v62.0/../../secret",
        "/services/data/v62.0/query/x?next=secret",
        "/secret",
        "",
        7,
        None,
    ],
)
def test_next_page_lies_in_the_same_instance(hostile, salesforce, following):
    """A page that points elsewhere, or nowhere, ends the query with an error; no token goes there."""
    body = {"totalSize": 1, "done": False, "records": [], "nextRecordsUrl": following}
    hostile.script("/query", Reply(body=body))
    with pytest.raises(ProtocolError, match="nextRecordsUrl") as caught:
        list(salesforce.query("SELECT Id FROM Task"))
    assert "secret" not in str(caught.value)
    assert salesforce.calls == 1


def test_locator_that_comes_back_is_refused(hostile, salesforce):
    """Pages that lead in a circle end the query with an error."""
    hostile.script("/query?", _page("x"))
    hostile.script("/query", _page("a", following=f"{LOCATOR}-1"))
    hostile.script("-1", _page("b", following=f"{LOCATOR}-2"))
    hostile.script("-2", _page("c", following=f"{LOCATOR}-1"))
    pages = salesforce.query("SELECT Id FROM Task")
    assert [next(pages)[0]["Subject"] for _ in range(3)] == ["a", "b", "c"]
    with pytest.raises(ProtocolError, match="gave before"):
        next(pages)
    assert salesforce.calls == 3


@pytest.mark.parametrize(
    "body",
    [[], {"done": True}, {"records": [], "done": "yes"}, {"records": {}, "done": True}, {"records": [1], "done": True}],
)
def test_page_that_is_none_is_refused(hostile, salesforce, body):
    """An answer that is no page of records is refused."""
    hostile.script("/query", Reply(body=body))
    with pytest.raises(ProtocolError):
        list(salesforce.query("SELECT Id FROM Task"))


def test_count_gives_the_number(hostile, salesforce):
    """A count is the total of the whole query."""
    hostile.script("/query", Reply(body={"totalSize": 4711, "done": True, "records": []}), Reply(body={}))
    assert salesforce.count("SELECT COUNT() FROM Task") == 4711
    with pytest.raises(ProtocolError, match="totalSize"):
        salesforce.count("SELECT COUNT() FROM Task")


def test_records_are_retrieved_in_order(hostile, salesforce):
    """Records come in the order of the ids, 2,000 a call, each id asked for once; what is not there is None."""

    def found(request):
        asked = request.json()
        assert asked["fields"] == ["Id", "Subject"]
        return Reply(
            body=[{"attributes": {}, "Id": one, "Subject": "s"} if one[14] != "7" else None for one in asked["ids"]]
        )

    hostile.script("/composite/sobjects/Task", found)
    ids = [f"00T{number:012d}" for number in range(2100)]
    wanted = [*ids, ids[0], f"{ids[0]}X", "'; DROP"]
    records = salesforce.retrieve("Task", wanted, ["Id", "Subject"])
    assert len(records) == 2103
    assert records[1] == {"Id": f"{ids[1]}EAA"[:15] + records[1]["Id"][15:], "Subject": "s"}
    assert records[7] is None
    assert records[2100] == records[0]
    assert records[2101:] == [None, None]
    assert [len(request.json()["ids"]) for request in hostile.asked("/composite")] == [2000, 100]


def test_retrieving_nothing_costs_nothing(hostile, salesforce):
    """No ids, no call."""
    assert salesforce.retrieve("Task", [], ["Id"]) == []
    assert not hostile.requests


def test_retrieve_is_repeated_though_it_is_a_post(hostile, salesforce):
    """A retrieve whose answer is lost is repeated: it only reads."""
    hostile.script("/composite", Reply(cut="before"), Reply(503), Reply(body=[None]))
    assert salesforce.retrieve("Task", ["00T000000000001"], ["Id"]) == [None]


@pytest.mark.parametrize("body", [[], [None, None], {}, ["x"]])
def test_retrieve_that_does_not_fit_is_refused(hostile, salesforce, body):
    """An answer that has not one record or null for each id is refused."""
    hostile.script("/composite", Reply(body=body))
    with pytest.raises(ProtocolError):
        salesforce.retrieve("Task", ["00T000000000001"], ["Id"])


def test_deleted_records_are_read(hostile, salesforce):
    """Deleted records come with long ids and aware times; the window is sent in UTC."""
    stamp = "2026-11-20T08:36:00.000+0000"
    hostile.script(
        "/deleted",
        Reply(
            body={
                "deletedRecords": [{"id": "00T000000000001", "deletedDate": stamp}],
                "earliestDateAvailable": "2026-11-05T00:00:00.000+0000",
                "latestDateCovered": "2026-11-20T08:59:00.000+0000",
            }
        ),
    )
    found = salesforce.deleted("Task", START, END)
    assert found.ids == [("00T000000000001EAA", datetime(2026, 11, 20, 8, 36, tzinfo=UTC))]
    assert found.earliest_available == datetime(2026, 11, 5, tzinfo=UTC)
    assert found.latest_covered == datetime(2026, 11, 20, 8, 59, tzinfo=UTC)
    asked = hostile.asked("/deleted")[0].query
    assert asked == {"start": ["2026-11-20T08:00:00+00:00"], "end": ["2026-11-20T09:00:00+00:00"]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"deletedRecords": None, "earliestDateAvailable": "x", "latestDateCovered": "x"},
        {"deletedRecords": [{"id": "secret", "deletedDate": "secret"}]},
    ],
)
def test_deleted_records_that_are_none_are_refused(hostile, salesforce, body):
    """An answer that does not hold deleted records is refused."""
    hostile.script("/deleted", Reply(body=body))
    with pytest.raises(ProtocolError) as caught:
        salesforce.deleted("Task", START, END)
    assert caught.value.__context__ is None


def test_window_needs_zones(salesforce):
    """A time without a zone could mean any moment."""
    with pytest.raises(ValueError, match="zone"):
        salesforce.deleted("Task", datetime(2026, 11, 20), END)  # noqa: DTZ001 - what is refused


def test_dead_locator_is_told(hostile, salesforce):
    """A locator that Salesforce no longer knows is a refusal with its code."""
    hostile.script("/query", _page("a", following=f"{LOCATOR}-1"))
    hostile.script("-1", Reply(400, [{"errorCode": "INVALID_QUERY_LOCATOR", "message": "dead"}]))
    with pytest.raises(Refused) as caught:
        list(salesforce.query("SELECT Id FROM Task"))
    assert caught.value.code == "INVALID_QUERY_LOCATOR"


def test_describe_asks_for_the_object(hostile, salesforce):
    """An object's description is read from its resource of the version that is set."""
    hostile.script("/describe", Reply(body={"name": "Task", "fields": []}))
    assert salesforce.describe("Task") == {"name": "Task", "fields": []}
    assert hostile.asked()[0].target == "/services/data/v62.0/sobjects/Task/describe"
