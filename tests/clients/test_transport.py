"""Connections, proxies and hosts that do not answer, over real sockets."""

import socket
import threading

import pytest

from tasksync_clients.errors import (
    Unreachable,
)
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .hostile import Reply

LIMITS = {"DailyApiRequests": {"Max": 10, "Remaining": 9}}
OK = Reply(body=LIMITS)


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
