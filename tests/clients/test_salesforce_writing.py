"""Writing to Salesforce, to a service that refuses rows."""

import itertools
import threading

import pytest

from tasksync_clients.recovery import Recovery
from tasksync_clients.soql import id18

from .hostile import Reply

COLLECTIONS = "/composite/sobjects"


def _id(number):
    return f"00T{number:012d}AAA"


def _good(number=0, **more):
    return {"id": _id(number), "success": True, "errors": []} | more


def _bad(code, message="", **more):
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": ["F"]}]} | more


def _each(decide):
    """Answer every row by itself: `decide` gets the row that was sent."""

    def reply(request):
        rows = request.query["ids"][0].split(",") if request.method == "DELETE" else request.json()["records"]
        return Reply(body=[decide(row) for row in rows])

    return reply


def _sizes(hostile):
    return sorted(len(request.json()["records"]) for request in hostile.asked(COLLECTIONS))


def test_creates_travel_in_collections(hostile, salesforce):
    """Records go out 200 a call with their type, and each gets its result, in order."""
    hostile.script(COLLECTIONS, _each(lambda row: _good(int(row["Subject"]))))
    results = salesforce.create("Task", [{"Subject": str(number), "Description": None} for number in range(450)])
    assert [result.id for result in results] == [_id(number) for number in range(450)]
    assert all(result.ok and result.created and result.recovery is None for result in results)
    assert _sizes(hostile) == [50, 200, 200]
    sent = hostile.asked(COLLECTIONS)[0].json()
    assert sent["allOrNone"] is False
    assert sent["records"][0].keys() == {"attributes", "Subject", "Description"}
    assert sent["records"][0]["attributes"] == {"type": "Task"}


def test_updates_name_their_record(hostile, salesforce):
    """An update carries its id as collections want it, and keeps it in the result also when refused."""
    hostile.script(COLLECTIONS, _each(lambda row: _good(1) if row["id"] == _id(1) else _bad("ENTITY_IS_LOCKED", "no")))
    good, bad = salesforce.update("Task", [{"Id": _id(1), "Status": "x"}, {"Id": _id(2), "Status": "x"}])
    assert (good.ok, good.id, good.created) == (True, _id(1), None)
    assert (bad.ok, bad.id, bad.code, bad.message, bad.fields) == (False, _id(2), "ENTITY_IS_LOCKED", "no", ("F",))
    assert bad.recovery is Recovery.PARK
    request = hostile.asked(COLLECTIONS)[0]
    assert (request.method, request.path) == ("PATCH", "/services/data/v62.0/composite/sobjects")


def test_upserts_say_what_was_new(hostile, salesforce):
    """An upsert goes to its external id's resource and says whether the record was new."""
    hostile.script(COLLECTIONS, _each(lambda row: _good(int(row["Ext__c"] == "new"), created=row["Ext__c"] == "new")))
    results = salesforce.upsert("Task", "Ext__c", [{"Ext__c": "new"}, {"Ext__c": "old"}])
    assert [result.created for result in results] == [True, False]
    assert hostile.asked(COLLECTIONS)[0].path.endswith("/composite/sobjects/Task/Ext__c")


def test_deleting_what_is_gone_is_done(hostile, salesforce):
    """A delete of a record that is gone already is ok and says why; other refusals stay refusals."""
    codes = {_id(1): "ENTITY_IS_DELETED", _id(2): "NOT_FOUND", _id(3): "INSUFFICIENT_ACCESS_OR_READONLY"}
    hostile.script(COLLECTIONS, _each(lambda one: _bad(codes[one]) if one in codes else _good(0)))
    results = salesforce.delete([_id(0), _id(1), _id(2), _id(3)])
    assert [(result.ok, result.id) for result in results] == [
        (True, _id(0)),
        (True, _id(1)),
        (True, _id(2)),
        (False, _id(3)),
    ]
    assert [result.code for result in results[1:]] == list(codes.values())
    assert hostile.asked(COLLECTIONS)[0].query["allOrNone"] == ["false"]


def test_nothing_to_write_costs_nothing(hostile, salesforce):
    """No rows, no call."""
    assert salesforce.create("Task", []) == salesforce.update("Task", []) == []
    assert salesforce.upsert("Task", "Ext__c", []) == salesforce.delete([]) == []
    assert not hostile.requests


def test_calls_run_side_by_side(hostile, salesforce):
    """As many calls are under way at once as the settings allow."""
    together = threading.Barrier(4, timeout=20)

    def meet(request):
        together.wait()
        return Reply(body=[_good(number) for number, _ in enumerate(request.json()["records"])])

    hostile.script(COLLECTIONS, meet)
    assert len(salesforce.create("Task", [{}] * 800)) == 800
    assert len({request.connection for request in hostile.asked(COLLECTIONS)}) == 4


def test_same_record_never_travels_twice_in_one_call(hostile, salesforce):
    """Two changes of one record go out in two calls, in their order, whatever form the id has."""
    ids = itertools.count()
    hostile.script(
        COLLECTIONS,
        _each(lambda row: _good(id=row if isinstance(row, str) else row.get("id") or _id(next(ids)))),
    )
    short = _id(1)[:15]
    salesforce.update("Task", [{"Id": _id(1), "Status": "a"}, {"Id": _id(2)}, {"Id": short, "Status": "b"}])
    salesforce.upsert("Task", "Ext__c", [{"Ext__c": "A", "n": 1}, {"Ext__c": "a", "n": 2}])
    salesforce.delete([_id(1), short])
    calls = [request.json()["records"] for request in hostile.asked(COLLECTIONS, "PATCH")]
    sent = [[row.get("Status", row.get("n")) for row in call] for call in calls]
    assert sent == [["a", None], ["b"], [1], [2]]
    assert [request.query["ids"] for request in hostile.asked(COLLECTIONS, "DELETE")] == [[_id(1)], [short]]


def test_rows_that_may_succeed_are_sent_again_alone(hostile, salesforce):
    """A row that lost a lock is sent again without the others, until it goes through."""
    tries = []

    def decide(row):
        tries.append(row["Subject"])
        return (
            _bad("UNABLE_TO_LOCK_ROW") if row["Subject"] == "b" and tries.count("b") < 3 else _good(ord(row["Subject"]))
        )

    hostile.script(COLLECTIONS, _each(decide))
    assert all(result.ok for result in salesforce.create("Task", [{"Subject": name} for name in "abc"]))
    assert "".join(tries) == "abcbb"


def test_rows_that_keep_failing_are_left_to_the_next_run(hostile, salesforce):
    """A row that fails however often it is sent carries RETRY_LATER; the others are written once."""
    hostile.script(
        COLLECTIONS,
        _each(lambda row: _bad("SERVER_UNAVAILABLE") if row["Subject"] == "b" else _good(ord(row["Subject"]))),
    )
    first, second, third = salesforce.create("Task", [{"Subject": name} for name in "abc"])
    assert first.ok
    assert third.ok
    assert (second.code, second.recovery) == ("SERVER_UNAVAILABLE", Recovery.RETRY_LATER)
    assert _sizes(hostile) == [1, 1, 1, 1, 3]


def test_unreadable_row_does_not_hold_up_the_others(hostile, salesforce):
    """When Salesforce cannot even read one row, that row alone is refused."""

    def decide(request):
        numbers = [row["Number"] for row in request.json()["records"]]
        if 133 in numbers:
            return Reply(400, [{"errorCode": "JSON_PARSER_ERROR", "message": "no date"}])
        return Reply(body=[_good(number) for number in numbers])

    hostile.script(COLLECTIONS, decide)
    results = salesforce.create("Task", [{"Number": number} for number in range(200)])
    assert [at for at, result in enumerate(results) if not result.ok] == [133]
    refused = results[133]
    assert (refused.code, refused.message, refused.recovery) == ("JSON_PARSER_ERROR", "no date", Recovery.PARK)
    assert [result.id for result in results if result.ok] == [_id(number) for number in range(200) if number != 133]


def test_search_for_unreadable_rows_is_bounded(hostile, salesforce):
    """When most rows cannot be read, the search for them ends after a while and all of them are refused."""
    hostile.script(COLLECTIONS, Reply(400, [{"errorCode": "JSON_PARSER_ERROR", "message": "no date"}]))
    results = salesforce.update("Task", [{"Id": _id(number)} for number in range(1000)])
    assert {result.code for result in results} == {"JSON_PARSER_ERROR"}
    assert len(hostile.asked(COLLECTIONS)) < 150


@pytest.mark.parametrize("length", [15, 18])
def test_holder_of_a_value_is_found(hostile, salesforce, length):
    """A duplicate value names the record that holds it by 15 or 18 characters; the result has 18."""
    said = f"duplicate value found: Ext__c duplicates value on record with id: {id18(_id(9)[:15])[:length]}"
    hostile.script(COLLECTIONS, Reply(body=[_bad("DUPLICATE_VALUE", said)]))
    assert salesforce.create("Task", [{}])[0].holder_id == id18(_id(9)[:15])


def test_id_of_a_refused_row_is_not_believed(hostile, salesforce):
    """A refused create may name an id that does not exist; it is not passed on."""
    hostile.script(COLLECTIONS, Reply(body=[_bad("ALL_OR_NONE_OPERATION_ROLLED_BACK", id=_id(9))]))
    assert salesforce.create("Task", [{}])[0].id is None


def test_half_characters_are_replaced_on_the_way_out(hostile, salesforce):
    """A text with half a character goes out with U+FFFD; control characters go out as they are."""
    hostile.script(COLLECTIONS, Reply(body=[_good()]))
    salesforce.create("Task", [{"Description": "a\ud800b\x00\x0b"}])
    assert hostile.asked(COLLECTIONS)[0].json()["records"][0]["Description"] == "a\ufffdb\x00\x0b"
