"""Writes to Salesforce that break off: nothing doubled, nothing known is lost."""

import threading

import pytest

from tasksync_clients.errors import (
    AllowanceExhausted,
    LostAnswer,
    ProtocolError,
    Refused,
    StopRun,
    Unreachable,
)
from tasksync_clients.recovery import Recovery

from .hostile import Reply

COLLECTIONS = "/composite/sobjects"


def _id(number):
    return f"00T{number:012d}AAA"


def _good(number=0, **more):
    return {"id": _id(number), "success": True, "errors": []} | more


def _bad(code, message="", **more):
    return {"success": False, "errors": [{"statusCode": code, "message": message, "fields": ["F"]}]} | more


def test_lost_create_is_not_repeated(hostile, salesforce):
    """A create whose answer is lost is sent once, and says so."""
    hostile.script(COLLECTIONS, Reply(cut="before"))
    with pytest.raises(LostAnswer, match="left open") as caught:
        salesforce.create("Task", [{"Subject": "x"}])
    assert isinstance(caught.value, Unreachable)
    assert caught.value.partial == [None]
    assert len(hostile.asked(COLLECTIONS)) == 1


@pytest.mark.parametrize("reply", [Reply(503, b"<html>"), Reply(500), Reply(body=[], cut="amid"), Reply(504)], ids=str)
def test_doubtful_create_is_not_repeated(hostile, salesforce, reply):
    """A create that met a server fault or half an answer may have been carried out, so it is not repeated."""
    hostile.script(COLLECTIONS, reply)
    with pytest.raises(LostAnswer):
        salesforce.create("Task", [{"Subject": "x"}])
    assert len(hostile.asked(COLLECTIONS)) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(429, headers={"Retry-After": "0"}),
        Reply(401, [{"errorCode": "INVALID_SESSION_ID"}]),
        Reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests exceeded"}]),
    ],
    ids=str,
)
def test_create_that_was_turned_away_is_repeated(hostile, salesforce, reply):
    """A create that was certainly not carried out is sent again."""
    hostile.script(COLLECTIONS, reply, Reply(body=[_good(1)]))
    assert salesforce.create("Task", [{"Subject": "x"}])[0].ok


@pytest.mark.parametrize("trouble", [Reply(cut="before"), Reply(503), Reply(body=[_good()], cut="amid")], ids=str)
def test_lost_answers_of_repeatable_writes_are_asked_for_again(hostile, salesforce, trouble):
    """Updates, upserts and deletes are repeated when their answer is lost."""
    for write in (
        lambda: salesforce.update("Task", [{"Id": _id(0)}]),
        lambda: salesforce.upsert("Task", "Ext__c", [{"Ext__c": "a"}]),
        lambda: salesforce.delete([_id(0)]),
    ):
        hostile.script(COLLECTIONS, trouble, Reply(body=[_good()]))
        assert write()[0].ok


def test_what_was_written_is_known_when_another_call_fails(hostile, salesforce):
    """When one of several calls fails for good, the error carries the results of all others, in order."""
    first_arrived = threading.Event()

    def decide(request):
        numbers = [int(row["Subject"]) for row in request.json()["records"]]
        if 250 in numbers:
            first_arrived.wait(20)
            return Reply(cut="before")
        if 0 in numbers:
            first_arrived.set()
        return Reply(body=[_good(number) for number in numbers])

    hostile.script(COLLECTIONS, decide)
    with pytest.raises(LostAnswer) as caught:
        salesforce.create("Task", [{"Subject": str(number)} for number in range(600)])
    partial = caught.value.partial
    assert len(partial) == 600
    assert partial[200:400] == [None] * 200
    assert [row.id for row in partial[:200]] == [_id(number) for number in range(200)]
    # The third call may have been stopped before it started; if not, its results are there.
    assert all(row is None or row.id == _id(400 + at) for at, row in enumerate(partial[400:]))


def test_used_up_allowance_stops_calls_that_have_not_started(hostile, salesforce):
    """Once the day's calls are used up no further call is made, and what was written is known."""
    limit = Reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])

    def good(request):
        return Reply(body=[_good(id=row["id"]) for row in request.json()["records"]])

    hostile.script(COLLECTIONS, good, limit)
    with pytest.raises(AllowanceExhausted) as caught:
        salesforce.update("Task", [{"Id": _id(number)} for number in range(4000)])
    assert sum(row is not None for row in caught.value.partial) == 200
    assert len(hostile.asked(COLLECTIONS)) <= 5


def test_row_that_says_stop_stops(hostile, salesforce):
    """A row that says that the day's calls are used up stops the run, and the other rows' results are known."""
    hostile.script(COLLECTIONS, Reply(body=[_good(), _bad("REQUEST_LIMIT_EXCEEDED", "TotalRequests")]))
    with pytest.raises(AllowanceExhausted) as caught:
        salesforce.update("Task", [{"Id": _id(0)}, {"Id": _id(1)}])
    good, bad = caught.value.partial
    assert good.ok
    assert bad.recovery is Recovery.STOP


def test_row_whose_repetition_is_lost_is_unknown(hostile, salesforce):
    """When the second attempt of a create is lost, nothing is claimed of its row, and all of the others."""
    hostile.script(COLLECTIONS, Reply(body=[_good(), _bad("UNABLE_TO_LOCK_ROW")]), Reply(cut="before"))
    with pytest.raises(LostAnswer) as caught:
        salesforce.create("Task", [{}, {}])
    first, second = caught.value.partial
    assert first.ok
    assert second is None


def test_refused_call_is_told_with_what_was_written(hostile, salesforce):
    """A call refused for what all its rows share raises, with the rows known so far."""
    refusal = Reply(400, [{"errorCode": "INVALID_FIELD", "message": "No such column 'X'"}])
    hostile.script(COLLECTIONS, refusal)
    with pytest.raises(Refused) as caught:
        salesforce.update("Task", [{"Id": _id(0)}])
    assert (caught.value.code, caught.value.partial) == ("INVALID_FIELD", [None])
    assert not isinstance(caught.value, StopRun)


@pytest.mark.parametrize("body", [[], [_good(), _good()], {}, ["x"], [{"success": "yes"}], [{}]])
def test_results_that_do_not_fit_are_refused(hostile, salesforce, body):
    """An answer that has not one result for each row is refused, and nothing is claimed of the rows."""
    hostile.script(COLLECTIONS, Reply(body=body))
    with pytest.raises(ProtocolError) as caught:
        salesforce.update("Task", [{"Id": _id(0)}])
    assert caught.value.partial == [None]
