"""What is asked again, what is not, and sessions that expire."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tasksync_clients.errors import (
    AllowanceExhausted,
    AuthenticationFailed,
    NotFound,
    ProtocolError,
    Refused,
    Unreachable,
    WrongSettings,
)

from .hostile import TOKEN_PATH, Reply

LIMITS = {"DailyApiRequests": {"Max": 10, "Remaining": 9}}
OK = Reply(body=LIMITS)
EXPIRED = Reply(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


def _error(status, code, message=""):
    return Reply(status, [{"errorCode": code, "message": message}])


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(503, b"<html>sorry</html>", {"Content-Type": "text/html"}),
        Reply(500, b""),
        Reply(429, b"", {"Retry-After": "0"}),
        Reply(420, b""),
        pytest.param(
            Reply(503, b"", {"Retry-After": format_datetime(datetime.now(UTC) - timedelta(1), usegmt=True)}),
            id="503 until a date in the past",  # a name of its own: every worker must collect the same ones
        ),
        Reply(cut="before"),
        Reply(body=LIMITS, cut="amid"),
        _error(400, "QUERY_TIMEOUT"),
        _error(503, "SERVER_UNAVAILABLE"),
        _error(400, "INVALID_FIELD", "Your request timed out"),
        _error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    ],
    ids=str,
)
def test_passing_trouble_is_waited_out(hostile, salesforce, trouble):
    """A read that meets a server fault, a limit that passes or a lost answer is repeated, and each try is counted."""
    hostile.script("limits", trouble, trouble, OK)
    assert salesforce.limits() == LIMITS
    assert salesforce.calls == 3


@pytest.mark.parametrize(
    ("trouble", "error", "category"),
    [
        (Reply(503, b"<html>secret</html>"), Unreachable, "Intermittent"),
        (Reply(cut="before"), Unreachable, "Intermittent"),
        (Reply(429, b"secret"), AllowanceExhausted, "Intermittent"),
        (_error(403, "REQUEST_LIMIT_EXCEEDED", "Concurrent secret"), AllowanceExhausted, "Intermittent"),
        (_error(500, "UNKNOWN_EXCEPTION", "secret"), Unreachable, "Other"),
    ],
    ids=str,
)
def test_lasting_trouble_stops_the_run(hostile, salesforce, trouble, error, category):
    """What does not pass is given up after five attempts, with an error that stops the run."""
    hostile.script("limits", trouble)
    with pytest.raises(error) as caught:
        salesforce.limits()
    assert (salesforce.calls, caught.value.category) == (5, category)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "error", "category"),
    [
        (_error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests secret"), AllowanceExhausted, "Intermittent"),
        (_error(503, "REQUEST_LIMIT_EXCEEDED", "TotalRequests secret"), AllowanceExhausted, "Intermittent"),
        (_error(400, "INVALID_FIELD", "No such column 'secret'"), Refused, "Other"),
        (_error(403, "API_CURRENTLY_DISABLED", "secret"), Refused, "Access/Validation"),
        (_error(404, "NOT_FOUND", "secret"), NotFound, "Other"),
        (_error(403, "INACTIVE_USER", "secret"), AuthenticationFailed, "Authentication"),
        (_error(410, "GONE", "secret"), WrongSettings, "Other"),
        (Reply(404, b"<html>secret</html>"), NotFound, "Other"),
        (Reply(403, {"odd": "secret"}), Refused, "Other"),
        (Reply(400, [{"errorCode": "ada@secret.example", "message": 7, "fields": 3}]), Refused, "Other"),
        (Reply(304, b""), ProtocolError, "Other"),
        (Reply(300, ["/secret"]), ProtocolError, "Other"),
    ],
    ids=str,
)
def test_refusals_are_not_repeated(hostile, salesforce, reply, error, category):
    """A refusal is told at once, typed by what to do; the service's words stay out of the text."""
    hostile.script("limits", reply)
    with pytest.raises(error) as caught:
        salesforce.limits()
    assert type(caught.value) is error
    assert (salesforce.calls, caught.value.category) == (1, category)
    assert "secret" not in str(caught.value)


def test_reason_is_kept_for_the_ledger(hostile, salesforce):
    """The service's reason, code, status and fields are members of the error."""
    body = [{"errorCode": "INVALID_FIELD", "message": "No such column 'X'", "fields": ["X"]}]
    hostile.script("limits", Reply(400, body))
    with pytest.raises(Refused) as caught:
        salesforce.limits()
    error = caught.value
    assert (error.code, error.reason, error.status, error.fields) == (
        "INVALID_FIELD",
        "No such column 'X'",
        400,
        ("X",),
    )
    assert error.partial == []


def test_expired_session_is_renewed_once(hostile, salesforce):
    """An expired session costs one login and one more call, and later calls use the new token."""
    hostile.script("limits", EXPIRED, OK)
    assert salesforce.limits() == LIMITS
    assert salesforce.limits() == LIMITS
    tokens = [request.headers["Authorization"] for request in hostile.asked("limits")]
    assert tokens == [f"Bearer 00D!secret-token-{number}" for number in (1, 2, 2)]
    assert (salesforce.calls, hostile.tokens) == (3, 2)


def test_session_refused_again_stops_the_run(hostile, salesforce):
    """A session that is refused right after a login is an authentication failure."""
    hostile.script("limits", EXPIRED)
    with pytest.raises(AuthenticationFailed, match="INVALID_SESSION_ID"):
        salesforce.limits()
    assert (salesforce.calls, hostile.tokens) == (2, 2)


def test_parallel_requests_share_one_login(hostile, salesforce):
    """Requests that meet an expired session side by side log in once between them."""
    together = threading.Barrier(4, timeout=20)

    def old_token_expired(request):
        if not request.headers["Authorization"].endswith("-1"):
            return OK
        together.wait()
        return EXPIRED

    hostile.script("limits", old_token_expired)
    salesforce.login()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: salesforce.limits(), range(4))) == [LIMITS] * 4
    assert (hostile.tokens, salesforce.calls) == (2, 8)


def test_first_parallel_requests_share_one_login(hostile, salesforce):
    """Requests that start without a session log in once between them."""
    hostile.script("limits", OK)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: salesforce.limits(), range(8)))
    assert (hostile.tokens, salesforce.calls) == (1, 8)


def test_login_is_not_counted_when_it_is_renewed(hostile, salesforce):
    """Token requests are never in the count of calls."""
    hostile.script("limits", EXPIRED, OK)
    salesforce.limits()
    assert len(hostile.asked(TOKEN_PATH)) == 2
    assert salesforce.calls == len(hostile.asked("limits")) == 2
