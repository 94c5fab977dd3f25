"""Answers that break the contract, and what messages and logs give away."""

import gzip
import logging
import socket
import traceback

import pytest

from tasksync_clients.errors import (
    ProtocolError,
    Refused,
    Unreachable,
)
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .hostile import Reply

SOQL, PERSONAL = "SELECT Id FROM Task WHERE Subject = 'p3rsonal'", ["p3rsonal"]
EXPIRED = Reply(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


def _error(status, code, message=""):
    return Reply(status, [{"errorCode": code, "message": message}])


def _closed_port():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


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
    hostile.script("elsewhere", Reply(body={}))
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
    caplog.set_level(logging.DEBUG, logger="urllib3")
    settings = SalesConnectSettings(f"http://127.0.0.1:{_closed_port()}", "t0ken", retry_delay=0.001)
    with SalesConnectClient(settings) as client, pytest.raises(Unreachable) as caught:
        list(client.reminders(ids=PERSONAL))
    shown = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    assert "/v1/reminders" in caplog.text
    assert "p3rsonal" not in shown
    assert "t0ken" not in shown
