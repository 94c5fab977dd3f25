"""Connections, bodies, redirects, retries and what messages and logs give away, over real sockets."""

import gzip
import logging
import socket
import threading
import traceback
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
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .hostile import TOKEN_PATH, Reply

SOQL, PERSONAL = "SELECT Id FROM Task WHERE Subject = 'p3rsonal'", ["p3rsonal"]
LIMITS = {"DailyApiRequests": {"Max": 10, "Remaining": 9}}
OK = Reply(body=LIMITS)
EXPIRED = Reply(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


def _error(status, code, message=""):
    return Reply(status, [{"errorCode": code, "message": message}])


def test_connections_are_kept(hostile, salesforce):
    """Requests in a row go through one connection."""
    hostile.script("limits", OK)
    for _ in range(5):
        salesforce.limits()
    assert len({request.connection for request in hostile.requests}) == 1


def test_calls_are_counted_and_usage_is_read(hostile, salesforce):
    """Every request counts as a call, logins apart; the allowance is what the newest answer says."""
    plain = Reply(body=LIMITS, headers={"Sforce-Limit-Info": "api-usage=18/100000"})
    app = Reply(body=LIMITS, headers={"Sforce-Limit-Info": "api-usage=25/5000; per-app-api-usage=17/250(appName=x)"})
    hostile.script("limits", plain, app, OK)
    assert salesforce.usage is None
    salesforce.limits()
    assert salesforce.usage == (18, 100_000)
    salesforce.limits()
    salesforce.limits()
    assert (salesforce.usage, salesforce.calls) == ((25, 5000), 3)


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(503, b"<html>sorry</html>", {"Content-Type": "text/html"}),
        Reply(500, b""),
        Reply(429, b"", {"Retry-After": "0"}),
        Reply(420, b""),
        Reply(503, b"", {"Retry-After": format_datetime(datetime.now(UTC) - timedelta(1), usegmt=True)}),
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


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(hostile, salesforce, status):
    """A redirect is refused with the name of the host it leads to, and the token stays here."""
    hostile.script("limits", Reply(status, b"secret", {"Location": "https://evil.example/path?secret=1"}))
    with pytest.raises(ProtocolError, match=r"evil\.example") as caught:
        salesforce.limits()
    assert "secret" not in str(caught.value)
    assert "path" not in str(caught.value)


def test_redirect_on_the_same_host_is_not_followed(hostile, salesforce):
    """A redirect is refused wherever it leads."""
    hostile.script("limits", Reply(302, b"", {"Location": "/elsewhere"}))
    hostile.script("elsewhere", OK)
    with pytest.raises(ProtocolError):
        salesforce.limits()
    assert not hostile.asked("elsewhere")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>secret</html>", {"Content-Type": "text/html; charset=utf-8"}),
        Reply(200, b'{"secret": 1'),
        Reply(200, b""),
        Reply(200, b'{"secret": NaN}'),
        Reply(200, ["secret"]),
        Reply(200, b"secret", {"Content-Encoding": "gzip"}),
        Reply(200, gzip.compress(b'{"secret": "' + b" " * 2_000_000 + b'"}'), {"Content-Encoding": "gzip"}),
        Reply(200, b'{"secret": "' + b" " * 2_000_000 + b'"}'),
        Reply(503, gzip.compress(b"secret" * 1_000_000), {"Content-Encoding": "gzip"}),
    ],
    ids=["html", "truncated", "empty", "nan", "list", "no gzip", "bomb", "large", "bomb in an error"],
)
def test_answers_against_the_contract_are_refused(hostile, reply):
    """HTML, broken JSON, bodies that are too large or cannot be unpacked are refused without a word of them."""
    settings = SalesforceSettings(hostile.url, "app", "s3cret", retry_delay=0.001, max_body_bytes=1_000_000)
    hostile.script("limits", reply)
    with SalesforceClient(settings) as client, pytest.raises(ProtocolError) as caught:
        client.limits()
    text = "".join(traceback.format_exception(caught.value))
    assert f"{hostile.host} answered GET /services/data/v62.0/limits" in str(caught.value)
    assert "secret" not in text.replace("s3cret", "")
    assert client.calls == 1


def test_compressed_answers_are_read(hostile, salesforce):
    """A compressed answer within the bounds is read."""
    packed = gzip.compress(b'{"a": "' + b"x" * 300_000 + b'"}')
    hostile.script("limits", Reply(200, packed, {"Content-Encoding": "gzip"}))
    assert salesforce.limits() == {"a": "x" * 300_000}


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


def _closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


def test_unreachable_host_is_named_with_its_setting():
    """A refused connection names the host and the setting to check, and is no call."""
    address = f"http://127.0.0.1:{_closed_port()}"
    with (
        SalesforceClient(SalesforceSettings(address, "app", "s3cret", retry_delay=0.001)) as client,
        pytest.raises(Unreachable, match=r"127\.0\.0\.1:\d+ cannot be reached.*login_url \(SALESFORCE_LOGIN_URL\)"),
    ):
        client.login()
    with (
        SalesConnectClient(SalesConnectSettings(address, "t0ken", retry_delay=0.001)) as other,
        pytest.raises(Unreachable, match=r"api_url \(SALES_CONNECT_URL\)"),
    ):
        other.salesforce_settings()
    assert (client.calls, other.calls) == (0, 0)


def test_unknown_name_is_said(monkeypatch):
    """A host name that nobody knows is said to be that."""
    monkeypatch.setenv("NO_PROXY", "*")
    with (
        SalesConnectClient(SalesConnectSettings("http://nowhere.invalid", "t0ken", retry_delay=0)) as client,
        pytest.raises(Unreachable, match=r"nowhere\.invalid cannot be reached: its name is not known"),
    ):
        client.salesforce_settings()


def test_silent_service_is_given_up(hostile):
    """A service that accepts a request and says nothing is asked again, then given up."""
    quiet = threading.Event()

    def say_nothing(_request):
        quiet.wait(20)
        return OK

    hostile.script("salesforce", say_nothing)
    settings = SalesConnectSettings(hostile.url, "t0ken", read_timeout=0.1, retry_delay=0.001)
    with SalesConnectClient(settings) as client, pytest.raises(Unreachable, match="no answer came in time"):
        client.salesforce_settings()
    quiet.set()
    assert client.calls == 5


def test_environments_proxy_is_used(hostile, monkeypatch):
    """Requests to other hosts go through the environment's proxy."""
    monkeypatch.setenv("HTTP_PROXY", hostile.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", hostile.url)
    hostile.script("settings", Reply(body={"account_id": "a"}))
    with SalesConnectClient(SalesConnectSettings("http://sales.example", "t0ken", retry_delay=0)) as client:
        assert client.salesforce_settings() == {"account_id": "a"}
    assert hostile.requests[0].target == "http://sales.example/v1/settings/salesforce"


def test_this_machine_is_reached_without_proxy(hostile, salesforce, monkeypatch):
    """Requests to this machine never leave it through a proxy."""
    proxy = f"http://127.0.0.1:{_closed_port()}"
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, proxy)
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    hostile.script("limits", OK)
    assert salesforce.limits() == LIMITS


def test_netrc_is_not_consulted(hostile, salesforce, monkeypatch, tmp_path):
    """Credentials of a .netrc file neither replace the token nor join the login."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password evil\ndefault login eve password evil\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    hostile.script("limits", OK)
    salesforce.limits()
    login, limits = hostile.requests
    assert "Authorization" not in login.headers
    assert limits.headers["Authorization"].startswith("Bearer ")


def test_cookies_are_not_kept(hostile, salesforce):
    """A cookie is not sent back: nothing but the token says who we are."""
    hostile.script("limits", Reply(body=LIMITS, headers={"Set-Cookie": "sid=1; Path=/"}))
    salesforce.limits()
    salesforce.limits()
    assert not any("Cookie" in request.headers for request in hostile.requests)


def test_logs_and_errors_hold_nothing_secret(hostile, salesforce, caplog):
    """The most talkative logs and a full traceback show neither tokens, secrets, queries nor bodies."""
    caplog.set_level(logging.DEBUG)
    hostile.script("/query", Reply(503, b"b0dy"), Reply(cut="before"), EXPIRED, _error(400, "MALFORMED_QUERY", "b0dy"))
    with pytest.raises(Refused) as caught:
        list(salesforce.query(SOQL))
    shown = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "/query" in caplog.text
    assert not [word for word in ("p3rsonal", "b0dy", "s3cret", "secret-token", "SELECT") if word in shown]


def test_lost_connections_say_nothing_secret(caplog):
    """Neither the log nor the error of a host that cannot be reached shows the query that was meant for it."""
    caplog.set_level(logging.DEBUG)
    settings = SalesConnectSettings(f"http://127.0.0.1:{_closed_port()}", "t0ken", retry_delay=0.001)
    with SalesConnectClient(settings) as client, pytest.raises(Unreachable) as caught:
        list(client.reminders(ids=PERSONAL))
    shown = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    assert "/v1/reminders" in caplog.text
    assert "p3rsonal" not in shown
    assert "t0ken" not in shown


def test_login_is_not_counted_when_it_is_renewed(hostile, salesforce):
    """Token requests are never in the count of calls."""
    hostile.script("limits", EXPIRED, OK)
    salesforce.limits()
    assert len(hostile.asked(TOKEN_PATH)) == 2
    assert salesforce.calls == len(hostile.asked("limits")) == 2
