"""One HTTP request to one host: pooled connections, time limits, bounded bodies, no redirects followed."""

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.cookiejar import DefaultCookiePolicy
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Final, NoReturn, Protocol
from urllib.parse import urlsplit

from requests import Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import (
    ConnectTimeout,
    ContentDecodingError,
    InvalidURL,
    ProxyError,
    ReadTimeout,
    RequestException,
    SSLError,
)
from requests.utils import get_environ_proxies
from urllib3.exceptions import DecodeError, HTTPError, NameResolutionError, NewConnectionError

from tasksync_clients import bodies
from tasksync_clients.addresses import host_of, is_loopback
from tasksync_clients.clock import ServerClock
from tasksync_clients.configuration import CA_BUNDLE
from tasksync_clients.errors import ProtocolError, WrongSettings
from tasksync_clients.quiet_logs import cut_queries
from tasksync_clients.tokens import Bearer, Token
from tasksync_clients.waiting import ConnectRetry

MAX_BODY_BYTES: Final = 256 * 1024 * 1024
"""Decompressed bytes: 2,000 tasks with a full Description each stay below, a compressed bomb does not."""
MAX_SPOOLED_BYTES: Final = 1024 * 1024 * 1024
"""Decompressed bytes of an answer that goes to a file: an upload of 100 MB comes back with its results."""
_SPOOLED_IN_MEMORY: Final = 4 * 1024 * 1024
_READ_BYTES: Final = 256 * 1024
_BROKE_OFF: Final = "the answer broke off"
_NOT_ACCEPTED: Final = "a body that is too large or cannot be unpacked"
_LARGEST_POOL_KEPT_READY: Final = 4


class Streamed(Protocol):
    """A body that is written piece by piece, and anew each time it is sent."""

    def __iter__(self) -> Iterator[bytes]:
        """Give the pieces."""

    def __len__(self) -> int:
        """Say how many bytes they are."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        path: below the token's address, percent-encoded, its query included.
        body: bytes to send, or None.
        repeatable: whether asking twice does no more than asking once.
        spooled: whether the body of a success may be too large for the memory: it goes to a file without a name.
    """

    method: str
    path: str = field(repr=False)
    body: bytes | Streamed | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    repeatable: bool = True
    spooled: bool = False

    def __str__(self) -> str:
        """Show method and path, all that messages say of it."""
        return f"{self.method} {self.path.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; the body of a success that was to be spooled is in `spool`."""

    service: str
    host: str
    ask: Ask
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    spool: IO[bytes] | None = field(default=None, repr=False)

    def json(self) -> object:
        """Read the body.

        Raises:
            ProtocolError: it is no JSON. The error says where it came from and nothing of what it holds.
        """
        try:
            return bodies.decode(self.body)
        except ValueError:
            kind = re.match(r"[\w.+-]{1,40}/[\w.+-]{1,40}", self.headers.get("Content-Type", ""), re.ASCII)
            self.reject(f"not JSON ({kind.group() if kind else 'no content type'}, {len(self.body)} bytes)")

    def reject(self, what: str) -> NoReturn:
        """Refuse an answer that is not what the contract says.

        Raises:
            ProtocolError: always.
        """
        words = f"{self.service} at {self.host} answered {self.ask} with HTTP {self.status} and {what}."
        raise ProtocolError(words, status=self.status) from None


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer.

    Attributes:
        sent: whether the request may have arrived.
        words: what went wrong, for people.
    """

    host: str
    sent: bool
    words: str


class _NoRedirects(Session):
    """A session that never looks where a redirect points: neither token nor request may go there."""

    def get_redirect_target(self, resp: Response) -> None:
        """Know of no target."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How to talk: seconds, connections, who we are, whom to trust, seconds of the first back-off, bytes."""

    connect_timeout: float
    read_timeout: float
    parallel_requests: int
    user_agent: str
    ca_bundle: str | None
    retry_delay: float
    max_body_bytes: int


class Transport:
    """Keeps the connections to one service and the service's clock."""

    def __init__(self, service: str, limits: Limits) -> None:
        """Open nothing yet; connections come with the requests."""
        self.service = service
        self.clock = ServerClock()
        self._timeout = (limits.connect_timeout, limits.read_timeout)
        environment = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        self._verify: str | bool = limits.ca_bundle or environment or True
        self._max_body_bytes = limits.max_body_bytes
        self._session = _session(limits)
        cut_queries()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, ask: Ask, token: Token) -> Answer | Silence:
        """Make one request, once.

        Raises:
            ProtocolError: the answer is too large, cannot be unpacked, or points elsewhere.
        """
        host = host_of(token.base)
        try:
            response = self._open(ask, token)
        except (RequestException, HTTPError) as error:
            return Silence(host, *what_went_wrong(error))
        except OSError as error:
            if self._verify is True:
                raise
            message = f"The authorities that {CA_BUNDLE} names cannot be read: it takes a file of PEM certificates."
            raise WrongSettings(message) from error
        self.clock.observe(response.headers.get("Date"))
        answer = Answer(self.service, host, ask, response.status_code, response.headers, b"")
        into, most = self._place(spooled=ask.spooled and response.status_code in range(200, 300))
        with response:
            problem = _read(response, into, most)
        if problem or response.is_redirect:
            into.close()
        if problem == _BROKE_OFF:
            return Silence(host, sent=True, words=problem)
        if problem:
            answer.reject(problem)
        if response.is_redirect:
            answer.reject(f"a redirect to {host_of(response.headers['Location']) or 'another page'}")
        if isinstance(into, BytesIO):
            return replace(answer, body=into.getvalue())
        into.seek(0)
        return replace(answer, spool=into)

    def _place(self, *, spooled: bool) -> tuple[IO[bytes], int]:
        """Say where a body goes, and how many bytes it may have."""
        if spooled:
            # Closed by whoever reads it.
            return SpooledTemporaryFile(_SPOOLED_IN_MEMORY), MAX_SPOOLED_BYTES
        return BytesIO(), self._max_body_bytes

    def _open(self, ask: Ask, token: Token) -> Response:
        url = token.base + ask.path
        nearby = is_loopback(urlsplit(token.base).hostname or "")
        return self._session.request(
            ask.method,
            url,
            data=ask.body,
            headers=dict(ask.headers) | ({"Content-Type": "application/json"} if _is_json(ask) else {}),
            auth=Bearer(token),
            timeout=self._timeout,
            verify=self._verify,
            # trust_env is off: the environment's proxies are wanted, its .netrc is not.
            proxies={} if nearby else get_environ_proxies(url),
            allow_redirects=False,
            stream=True,
        )


def _read(response: Response, into: IO[bytes], most: int) -> str:
    """Read the body within its bounds; a text says what went wrong."""
    size = 0
    try:
        for part in response.iter_content(_READ_BYTES):
            size += len(part)
            if size > most:
                return _NOT_ACCEPTED
            into.write(part)
    except (ContentDecodingError, DecodeError):
        return _NOT_ACCEPTED
    except (RequestException, HTTPError):
        return _BROKE_OFF
    return ""


def _is_json(ask: Ask) -> bool:
    return ask.body is not None and "Content-Type" not in ask.headers


def _session(limits: Limits) -> Session:
    session = _NoRedirects()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update(
        {
            "User-Agent": limits.user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
    )
    adapter = HTTPAdapter(
        pool_maxsize=2 * max(limits.parallel_requests, _LARGEST_POOL_KEPT_READY),  # look-ups go on beside writes
        max_retries=ConnectRetry.with_base(limits.retry_delay),
    )
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


_NEVER_SENT: Final = (
    (NameResolutionError, "its name is not known"),
    (ProxyError, "the proxy (HTTPS_PROXY, HTTP_PROXY) refuses the connection"),
    (ConnectTimeout, "no connection came about in time"),
    (NewConnectionError, "the connection is refused or finds no way"),
    (InvalidURL, "the address is not valid"),
)


def what_went_wrong(error: Exception) -> tuple[bool, str]:
    """Say whether the request may have arrived, and what happened; the error itself holds the whole address."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    for kind, words in _NEVER_SENT:
        if isinstance(error, kind) or isinstance(reason, kind):
            return False, words
    if isinstance(error, SSLError):
        return _what_tls_says(reason)
    return True, "no answer came in time" if isinstance(error, ReadTimeout) else "the connection was cut"


def _what_tls_says(reason: object) -> tuple[bool, str]:
    cause = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return False, "its certificate is not trusted (REQUESTS_CA_BUNDLE names further authorities)"
    if "no certificate or crl" in str(cause or reason).lower().replace("_", " "):
        return False, "the file of authorities that REQUESTS_CA_BUNDLE names holds no certificate"
    return True, "the encrypted connection failed"
