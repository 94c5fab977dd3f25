"""The Sales Connect client and a service that breaks the contract."""

import threading

import pytest

from tasksync_clients.errors import AllowanceExhausted, LostAnswer, ProtocolError
from tasksync_clients.recovery import Recovery
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings

from .hostile import Reply

BATCH = "/v1/reminders/batch"
DELETES = [{"op": "delete", "id": str(number)} for number in range(600)]


def _token(**members):
    return Reply(body={"access_token": "tok", "token_type": "Bearer"} | members)


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
def test_cursor_that_comes_back_is_refused(hostile, sales_connect, cursors):
    """Pages that lead in a circle end with an error."""
    hostile.script("/v1/users", *(Reply(body={"data": [], "next_cursor": cursor}) for cursor in cursors))
    with pytest.raises(ProtocolError, match="gave before"):
        list(sales_connect.users())
    assert sales_connect.calls == len(cursors)


def test_cursor_travels_with_the_filters(hostile, sales_connect):
    """Each further page is asked for with the same filters and the cursor, whatever characters it has."""
    page = {"data": [{"id": "1"}], "next_cursor": "a&b=c +/="}
    hostile.script("/v1/people", Reply(body=page), Reply(body={"data": [], "next_cursor": None}))
    assert list(sales_connect.people(updated_since="2026-11-20T08:36:00.000Z")) == [[{"id": "1"}], []]
    asked = [request.query for request in hostile.asked("/v1/people")]
    since = {"updated_since": ["2026-11-20T08:36:00.000Z"]}
    assert asked == [since, since | {"cursor": ["a&b=c +/="]}]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"data": []},
        {"data": {}, "next_cursor": None},
        {"data": [7], "next_cursor": None},
        {"data": [], "next_cursor": 7},
        {"data": [], "next_cursor": ""},
    ],
)
def test_page_that_is_none_is_refused(hostile, sales_connect, body):
    """An answer that is no page is refused; only a null cursor ends the pages."""
    hostile.script("/v1/reminders", Reply(body=body))
    with pytest.raises(ProtocolError):
        list(sales_connect.reminders())


@pytest.mark.parametrize(
    "body", [[], {}, {"results": []}, {"results": ["x"]}, {"results": [{}]}, {"results": [{"status": "200"}]}]
)
def test_results_that_do_not_fit_are_refused(hostile, sales_connect, body):
    """An answer that has not one result with a status for each operation is refused."""
    hostile.script(BATCH, Reply(body=body))
    with pytest.raises(ProtocolError) as caught:
        sales_connect.batch(DELETES[:1])
    assert caught.value.partial == [None]


@pytest.mark.parametrize("reply", [Reply(cut="before"), Reply(503), Reply(502, b"<html>")], ids=str)
def test_lost_batch_without_keys_is_not_repeated(hostile, sales_connect, reply):
    """A batch with a create that has no key is sent once when its answer is lost."""
    hostile.script(BATCH, reply)
    with pytest.raises(LostAnswer) as caught:
        sales_connect.batch([{"op": "create", "reminder": {}}, DELETES[0]])
    assert caught.value.partial == [None, None]
    assert sales_connect.calls == 1


def test_lost_create_without_key_is_not_repeated(hostile, sales_connect):
    """A create without a key is sent once when its answer is lost."""
    hostile.script("/v1/reminders", Reply(cut="before"))
    with pytest.raises(LostAnswer):
        sales_connect.create_reminder({"name": "x"})
    assert sales_connect.calls == 1


def test_row_of_a_create_without_key_is_not_sent_again_in_doubt(hostile, sales_connect):
    """A server fault on the row of a create without a key leaves it to the next run."""
    hostile.script(BATCH, Reply(body={"results": [{"status": 500, "error": {"code": "oops"}}]}))
    (row,) = sales_connect.batch([{"op": "create", "reminder": {}}])
    assert (row.recovery, row.code, row.status) == (Recovery.RETRY_LATER, "oops", 500)
    assert sales_connect.calls == 1


def test_row_that_keeps_failing_is_left_to_the_next_run(hostile, sales_connect):
    """A row that fails however often it is sent carries RETRY_LATER."""
    hostile.script(BATCH, Reply(body={"results": [{"status": 503}]}))
    (row,) = sales_connect.batch(DELETES[:1])
    assert (row.ok, row.recovery, sales_connect.calls) == (False, Recovery.RETRY_LATER, 5)


def test_what_was_done_is_known_when_another_call_fails(hostile, sales_connect):
    """When one of several calls fails for good, the error carries the results of the others, in order."""
    first_arrived = threading.Event()

    def reply(request):
        ids = [operation["id"] for operation in request.json()["operations"]]
        if "200" in ids:
            first_arrived.wait(20)
            return Reply(429, headers={"Retry-After": "0"})
        if "0" in ids:
            first_arrived.set()
        return Reply(body={"results": [{"status": 204} for _ in ids]})

    hostile.script(BATCH, reply)
    with pytest.raises(AllowanceExhausted) as caught:
        sales_connect.batch(DELETES)
    partial = caught.value.partial
    assert [row.id for row in partial[:200]] == [str(number) for number in range(200)]
    assert partial[200:400] == [None] * 200
    assert len(partial) == 600


def test_operations_on_one_reminder_keep_their_order(hostile, sales_connect):
    """Two operations on one reminder go out one after the other."""
    hostile.script(
        BATCH, lambda request: Reply(body={"results": [{"status": 200}] * len(request.json()["operations"])})
    )
    sales_connect.batch([DELETES[0], DELETES[1], DELETES[0]])
    sizes = [len(request.json()["operations"]) for request in hostile.asked(BATCH)]
    assert sizes == [2, 1]


def test_token_is_renewed_before_it_expires(hostile):
    """A token that lives shortly is renewed by its own account, one that lives long is kept."""
    hostile.script("/oauth/token", _token(expires_in=0.000001), _token(expires_in=3600), _token(expires_in="soon"))
    hostile.script("settings", Reply(body={"account_id": "tenant"}))
    settings = SalesConnectSettings(hostile.url, oauth_client_id="app", oauth_client_secret="s3cret")
    with SalesConnectClient(settings) as client:
        for _ in range(3):
            client.salesforce_settings()
    assert len(hostile.asked("/oauth/token")) == 2


@pytest.mark.parametrize("body", [[], {}, {"access_token": 7}, {"access_token": "two words"}])
def test_login_answer_that_cannot_be_used_is_refused(hostile, body):
    """A login's answer without a usable token is refused."""
    hostile.script("/oauth/token", Reply(body=body))
    settings = SalesConnectSettings(hostile.url, oauth_client_id="app", oauth_client_secret="s3cret")
    with SalesConnectClient(settings) as client, pytest.raises(ProtocolError, match="access_token"):
        client.salesforce_settings()


def test_error_bodies_of_any_form_are_survived(hostile, sales_connect):
    """An error body that is not the contract's leaves code and reason empty."""
    odd = [b"", b"<html>", b"[]", b'{"error": "x"}', b'{"error": {"code": 7, "message": [], "fields": {"a": 1}}}']
    for body in odd:
        hostile.script(BATCH, Reply(403, body))
        with pytest.raises(Exception, match="HTTP 403") as caught:
            sales_connect.batch(DELETES[:1])
        assert (caught.value.code, caught.value.reason) == ("", "")


def test_path_of_the_base_address_is_kept(hostile):
    """Requests go below the path of the base address."""
    hostile.script("settings", Reply(body={"account_id": "tenant"}))
    with SalesConnectClient(SalesConnectSettings(f"{hostile.url}/tenant/", "t0ken")) as client:
        client.salesforce_settings()
    assert hostile.requests[0].target == "/tenant/v1/settings/salesforce"
