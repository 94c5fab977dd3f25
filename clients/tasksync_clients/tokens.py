"""Access tokens: fetched on first use, renewed once for all threads."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from requests import PreparedRequest
from requests.auth import AuthBase

from tasksync_clients.errors import AuthenticationFailed


@dataclass(frozen=True, slots=True)
class Token:
    """What a login gives.

    Attributes:
        value: the secret; empty for requests that carry none.
        base: the only address that the secret may be sent to.
        org_id, user_id: who logged in where (Salesforce), 18 characters each.
        expires_at: on the local monotonic clock, in seconds; None when only a 401 will tell.
    """

    value: str = field(repr=False)
    base: str
    org_id: str = ""
    user_id: str = field(default="", repr=False)
    expires_at: float | None = None


_LONGEST: Final = 4096
"""Characters of a token: a longer one leaves no room for a request in its headers."""


def is_sendable(secret: str) -> bool:
    """Tell whether a token can be put into a header as it is."""
    return 0 < len(secret) <= _LONGEST and secret.isascii() and secret.isprintable() and " " not in secret


class Bearer(AuthBase):
    """Puts the token into the request; being there at all, it keeps requests from looking into .netrc."""

    def __init__(self, token: Token) -> None:
        """Take the token."""
        self._token = token

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the header, if there is a token."""
        if self._token.value:
            request.headers["Authorization"] = f"Bearer {self._token.value}"
        return request


class Tokens(Protocol):
    """Where requests get their token."""

    def current(self) -> Token:
        """Give the token to send."""

    def renew(self, used: Token) -> Token | None:
        """Give another token than the refused one, or None when there is no other."""


class FixedToken:
    """A token that cannot be renewed: a static API token, or none at all."""

    def __init__(self, token: Token) -> None:
        """Take the token."""
        self._token = token

    def current(self) -> Token:
        """Give the token."""
        return self._token

    def renew(self, used: Token) -> None:
        """Say that there is no other."""


class LoginTokens:
    """Logs in when a token is needed; threads that need one at the same time share one login.

    A refused login is not tried again: it would be refused again, and could lock the user out.
    """

    def __init__(self, login: Callable[[], Token]) -> None:
        """Take the login to use."""
        self._login = login
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refusal: AuthenticationFailed | None = None

    def current(self) -> Token:
        """Give the token, logging in first where there is none or it has expired by its own account."""
        token = self._token
        if token is not None and not _expired(token):
            return token
        return self.renew(token)

    def renew(self, used: Token | None) -> Token:
        """Log in anew, unless another thread has done so since `used` was taken."""
        with self._lock:
            if self._refusal is not None:
                raise self._refusal
            if self._token is None or self._token is used:
                self._token = self._fetch()
            return self._token

    def _fetch(self) -> Token:
        try:
            return self._login()
        except AuthenticationFailed as refusal:
            self._refusal = refusal
            raise


def _expired(token: Token) -> bool:
    return token.expires_at is not None and time.monotonic() >= token.expires_at
