"""Who may use the console: decisions about a request's host, token, session and form, without any I/O.

Source: docs/console.md, "Who may use it".
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tasksync_engine.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

TOKEN_VARIABLE = "TASKSYNC_CONSOLE_TOKEN"  # noqa: S105 - a variable's name
SHORTEST_TOKEN = 16
SESSION_SECONDS = 12 * 3600.0
MOST_SESSIONS = 1000
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")


def is_loopback(host: str) -> bool:
    """Whether an address to listen on reaches this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def token_for(host: str, given: str | None) -> tuple[str | None, bool]:
    """The token that this console asks for, and whether it was made just now.

    Args:
        host: The address to listen on.
        given: What TASKSYNC_CONSOLE_TOKEN holds.

    Raises:
        ConfigError: The given token is too short to keep anybody out.
    """
    if given:
        if len(given) < SHORTEST_TOKEN or not given.isascii():
            message = (
                f"{TOKEN_VARIABLE} must have {SHORTEST_TOKEN} or more ASCII characters: make one with `openssl rand "
                "-hex 24`, or leave the variable out, and one is made and printed."
            )
            raise ConfigError(message)
        return given, False
    if is_loopback(host):
        return None, False
    return secrets.token_urlsafe(32), True


def hosts_for(host: str, more: Iterable[str] = ()) -> frozenset[str]:
    """The names in a Host header by which this console is meant, besides addresses in figures."""
    own = set() if is_loopback(host) else {host, socket.gethostname(), socket.getfqdn()}
    return frozenset(name.lower().rstrip(".") for name in {*LOOPBACK_NAMES, *own, *more} if name)


@dataclass(slots=True)
class Guard:
    """Keeps sessions, and decides.

    Attributes:
        token: What a person has to know; None where only this machine can ask.
        hosts: Names that a Host header may hold.
        figures: Whether it may also hold any address in figures, which no name server can turn round.
        clock: Seconds that only grow.
    """

    token: str | None
    hosts: frozenset[str] = LOOPBACK_NAMES
    figures: bool = False
    clock: Callable[[], float] = time.monotonic
    _secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _logged_in: OrderedDict[str, float] = field(default_factory=OrderedDict, repr=False)

    def knows_host(self, header: str | None) -> bool:
        """Whether a Host header means this console: else another name was led to its address (DNS rebinding)."""
        try:
            name = (urlsplit(f"//{header}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.figures

    @staticmethod
    def new_session() -> str:
        """A session that means nothing yet."""
        return secrets.token_urlsafe(32)

    @staticmethod
    def is_session(cookie: str | None) -> bool:
        """Whether a cookie holds a session of any console."""
        return cookie is not None and _SESSION.fullmatch(cookie) is not None

    def may_see(self, session: str) -> bool:
        """Whether a session may use the console."""
        if self.token is None:
            return True
        until = self._logged_in.get(session)
        return until is not None and until > self.clock()

    def log_in(self, given: str) -> str | None:
        """A new session for whoever knows the token; None for others."""
        if self.token is None or not hmac.compare_digest(_digest(given), _digest(self.token)):
            return None
        session = self.new_session()
        self._logged_in[session] = self.clock() + SESSION_SECONDS
        while len(self._logged_in) > MOST_SESSIONS:
            self._logged_in.popitem(last=False)
        return session

    def log_out(self, session: str) -> None:
        """Forget a session."""
        self._logged_in.pop(session, None)

    def form_key(self, session: str) -> str:
        """What every form of a session's pages carries, and no other site can know."""
        return hmac.new(self._secret, session.encode(), hashlib.sha256).hexdigest()

    def is_own_form(self, session: str, key: str, headers: Mapping[str, str]) -> bool:
        """Whether a form was sent by one of this session's pages, as its key and the browser's word have it."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site not in {None, "same-origin", "none"}:
            return False
        if origin is not None and origin.partition("://")[2] != headers.get("host"):
            return False
        return hmac.compare_digest(_digest(key), _digest(self.form_key(session)))


def _digest(text: str) -> bytes:
    """Texts of one length, so that comparing them tells nothing of theirs."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def local_path(given: str | None) -> str:
    """Where to go on: a path of this console; the first page for anything else."""
    if given and re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", given):
        return given
    return "/"
