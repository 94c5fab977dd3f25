"""Answers of every endpoint, spoilt in every way: an error in words or a result that can be used, and nothing else."""

from __future__ import annotations

import json
import logging
import os
import re
import resource
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import DataObject, data

from tasksync_clients import ClientError
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .answers import KINDS, bad_answers
from .drafts import Bad, Good, sent
from .endpoint import SECRETS, Endpoint, token
from .endpoints import ENDPOINTS
from .sales_connect_endpoints import SETTINGS
from .salesforce_endpoints import LIMITS
from .values import PERSONAL
from .wire import Request, WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = int(os.environ.get("TASKSYNC_HOSTILE_CASES", "40"))
FUZZING = "TASKSYNC_HOSTILE_CASES" in os.environ
MOST_SECONDS = 20
MOST_MEMORY = 150 * 1024 * 1024
"""Bytes by which the process may grow over all cases of an endpoint; the largest answer taken here has 2 MiB."""
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")

profile = settings(
    max_examples=-(-CASES // len(KINDS)),
    deadline=None,
    database=None,
    derandomize=not FUZZING,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate),  # the cases are small, and shrinking would take minutes
    suppress_health_check=list(HealthCheck),
)


class Listener(logging.Handler):
    """Takes every line that is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Take one."""
        if not record.name.startswith("hypothesis"):
            self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def service() -> Iterator[WireServer]:
    """The service that misbehaves."""
    server = WireServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[WireServer]:
    """Another host, where nothing may ever arrive."""
    server = WireServer("127.0.0.2")
    yield server
    server.close()


@pytest.fixture(scope="module")
def services(service: WireServer, elsewhere: WireServer) -> tuple[WireServer, WireServer]:
    """Both of them."""
    return service, elsewhere


@pytest.fixture
def listener() -> Iterator[Listener]:
    """All log lines, down to the libraries' debugging."""
    handler, root = Listener(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


class Script:
    """Good answers, and the bad one in its place, as often as it is asked for."""

    def __init__(self, endpoint: Endpoint, bad: Bad, url: str) -> None:
        self._endpoint = endpoint
        self._bad = bad
        self._url = url
        self._first = deque(endpoint.first)
        self._given = 0

    def __call__(self, request: Request) -> bytes:
        """Answer a request."""
        if self._is_meant(request):
            if self._first:
                return sent(self._first.popleft())
            self._given += 1
            return self._bad.raw.replace(rb"\u0000count\u0000", b"%017d" % self._given)
        if "oauth" in request.path:
            return sent(token(self._url))
        for path, good in self._endpoint.others:
            if path in request.path:
                return sent(good)
        return sent(LIMITS if "/services" in request.path else SETTINGS)

    def _is_meant(self, request: Request) -> bool:
        endpoint = self._endpoint
        return (
            endpoint.path in request.path and endpoint.method in request.method and endpoint.unlike not in request.path
        )


def _client(endpoint: Endpoint, url: str) -> Any:
    patience: dict[str, Any] = {"retry_delay": 0, "read_timeout": 20, "max_body_bytes": 2 * 1024 * 1024}
    if endpoint.service == "salesforce":
        return SalesforceClient(SalesforceSettings(url, "app", "s3cret-client", bulk_timeout=0.01, **patience))
    if endpoint.name == "oauth/token":
        return SalesConnectClient(
            SalesConnectSettings(url, oauth_client_id="app", oauth_client_secret="s3cret-client", **patience)
        )
    return SalesConnectClient(SalesConnectSettings(url, token="s3cret-static", **patience))


def _check_words(words: str) -> None:
    assert words.strip()
    assert len(words.splitlines()) <= 2, words
    assert len(words) < 700, words
    assert not CONTROLS.search(words), repr(words)
    _check_nothing_private(words)


def _check_nothing_private(text: str) -> None:
    for private in (*SECRETS, PERSONAL):
        assert private not in text, f"{private} in {text!r}"


def _outcome(endpoint: Endpoint, url: str) -> str:
    with _client(endpoint, url) as client:
        try:
            found = endpoint.call(client)
        except ClientError as error:
            _check_words(str(error))
            _check_words(error.message)
            return type(error).__name__
        assert endpoint.fits(found), found
        return "answered"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[f"{one.service}: {one.name}" for one in ENDPOINTS])
def test_bad_answers_end_in_words(endpoint, services, listener, caplog, record_property):
    """Whatever an endpoint answers, the client ends with an error in words or with what its signature promises.

    No token goes anywhere else, no wait is long, memory stays bounded, and no log line holds personal data, a secret
    or a control character.
    """
    service, elsewhere = services
    tally: dict[str, Counter[str]] = {}
    before = peak()

    @profile
    @given(drawn=data())
    def play(drawn: DataObject, kind: str) -> None:
        bad = drawn.draw(bad_answers(kind, endpoint.good(service.url), elsewhere.url))
        service.answer = Script(endpoint, bad, service.url)
        service.requests.clear()
        elsewhere.requests.clear()
        listener.lines.clear()
        caplog.clear()
        started = time.monotonic()
        outcome = _outcome(endpoint, service.url)
        assert time.monotonic() - started < MOST_SECONDS
        assert not elsewhere.requests, "a request went to another host"
        for line in listener.lines:
            _check_nothing_private(line)
            assert not CONTROLS.search(line), repr(line)
        tally.setdefault(bad.kind, Counter())[outcome] += 1

    try:
        for kind in KINDS:
            play(kind=kind)
    finally:
        record_property("hostile", json.dumps({"endpoint": f"{endpoint.service}: {endpoint.name}", "kinds": tally}))
    grown = peak() - before
    assert grown < MOST_MEMORY, f"{grown >> 20} MiB"


def peak() -> int:
    """The most memory that this process has held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=[f"{one.service}: {one.name}" for one in ENDPOINTS])
def test_good_answers_are_taken(endpoint, service):
    """What the other test spoils is an answer that the client takes."""
    good: Good = endpoint.good(service.url)
    service.answer = Script(endpoint, Bad("none", sent(good)), service.url)
    assert _outcome(endpoint, service.url) == "answered"
