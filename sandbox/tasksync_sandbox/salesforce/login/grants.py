"""The grants of the token endpoint (Salesforce facts, §1): each says which user a token is for."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import jwt

from tasksync_sandbox.salesforce.org import USERNAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jwt.types import Options

    from tasksync_sandbox.salesforce.login.sessions import Sessions
    from tasksync_sandbox.salesforce.rows import Row

LONGEST_ASSERTION_SECONDS = 300
_SKEW = 30
_OWN_CHECKS: Options = {
    "verify_exp": False,
    "verify_aud": False,
    "verify_iat": False,
    "verify_nbf": False,
    "verify_iss": False,
}
"""Claims are checked here, by the sandbox's clock and as loosely as clients need."""
_AUDIENCE = re.compile(
    r"https://(login|test|[\w.-]+\.my)\.salesforce\.com/?|https?://(127\.0\.0\.1|localhost)(:\d+)?/?(services/oauth2/token)?"
)


class Refusal(StrEnum):
    """The token endpoint's `error`."""

    INACTIVE_USER = "inactive_user"
    INVALID_CLIENT = "invalid_client"
    INVALID_CLIENT_ID = "invalid_client_id"
    INVALID_GRANT = "invalid_grant"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"


@dataclass(eq=False)
class TokenError(Exception):
    """A refused token request: an object, not an array."""

    error: Refusal
    description: str
    status: int = 400


@dataclass(frozen=True, slots=True)
class Granted:
    """Whom a token is for.

    Attributes:
        user: the user's row.
        secret: the app's secret, which signs the answer; None where the grant knows none.
        api_instance: the answer names the address of the API too.
        refresh_token: what the token was asked for with, and ends with.
    """

    user: Row
    secret: str | None
    api_instance: bool = False
    refresh_token: str | None = None


class Grants:
    """Carries out token requests."""

    def __init__(self, sessions: Sessions, now: Callable[[], float]) -> None:
        """Check against these sessions' apps and users, and the sandbox's clock."""
        self._sessions = sessions
        self._now = now
        self._kinds: dict[str, Callable[[Mapping[str, str]], Granted]] = {
            "client_credentials": self._client_credentials,
            "urn:ietf:params:oauth:grant-type:jwt-bearer": self._assertion,
            "refresh_token": self._refresh,
            "password": self._password,
        }

    def grant(self, form: Mapping[str, str], authorization: str) -> Granted:
        """Return whom the token is for.

        Args:
            form: the request's form; parameters that no grant knows are ignored.
            authorization: its Authorization header, which may hold the client's id and secret.

        Raises:
            TokenError: the request is refused.
        """
        kind = self._kinds.get(form.get("grant_type", ""))
        if kind is None:
            raise TokenError(Refusal.UNSUPPORTED_GRANT_TYPE, "grant type not supported")
        return kind({**form, **_basic(authorization)})

    def _app(self, form: Mapping[str, str], *, secret_needed: bool) -> dict[str, Any]:
        app = self._sessions.app(form.get("client_id", ""))
        if app is None:
            raise TokenError(Refusal.INVALID_CLIENT_ID, "client identifier invalid")
        given = form.get("client_secret")
        if given is None and not secret_needed:
            return app
        if not hmac.compare_digest((given or "").encode(), str(app.get("client_secret") or "").encode()):
            raise TokenError(Refusal.INVALID_CLIENT, "invalid client credentials")
        return app

    def _user(self, username: str) -> Row:
        user = self._sessions.user_named(username)
        if user is None:
            raise TokenError(Refusal.INVALID_GRANT, "authentication failure")
        if not getattr(user, "IsActive", False):
            raise TokenError(Refusal.INACTIVE_USER, "user is inactive")
        return user

    def _client_credentials(self, form: Mapping[str, str]) -> Granted:
        app = self._app(form, secret_needed=True)
        return Granted(self._user(app.get("username") or USERNAME), app["client_secret"], api_instance=True)

    def _refresh(self, form: Mapping[str, str]) -> Granted:
        app = self._app(form, secret_needed=False)
        refresh_token = form.get("refresh_token", "")
        username = self._sessions.refreshed_user(refresh_token)
        if username is None:
            raise TokenError(Refusal.INVALID_GRANT, "expired access/refresh token")
        return Granted(self._user(username), app.get("client_secret"), refresh_token=refresh_token)

    def _password(self, form: Mapping[str, str]) -> Granted:
        app = self._app(form, secret_needed=True)
        return Granted(self.password_user(form.get("username", ""), form.get("password", "")), app.get("client_secret"))

    def password_user(self, username: str, given: str) -> Row:
        """Return the user with a name and a password, which the security token may follow.

        Raises:
            TokenError: there is none, or the user is inactive.
        """
        words = {name.lower(): word for name, word in self._sessions.secrets("passwords").items()}
        wanted = words.get(username.lower())
        if wanted is None or not given.startswith(wanted):
            raise TokenError(Refusal.INVALID_GRANT, "authentication failure")
        return self._user(username)

    def _assertion(self, form: Mapping[str, str]) -> Granted:
        token = form.get("assertion", "")
        claims = _claims(token, verify_with=None)
        app = self._sessions.app(str(claims.get("iss", "")))
        if app is None:
            raise TokenError(Refusal.INVALID_CLIENT_ID, "client identifier invalid")
        if not app.get("certificate"):
            raise TokenError(Refusal.INVALID_GRANT, "invalid assertion")
        _claims(token, verify_with=app["certificate"])
        self._check_claims(claims)
        user = self._sessions.user_named(str(claims.get("sub", "")))
        if user is None:
            raise TokenError(Refusal.INVALID_GRANT, "user hasn't approved this consumer")
        return Granted(self._user(str(claims["sub"])), None)

    def _check_claims(self, claims: dict[str, Any]) -> None:
        """Check audience and expiry; some clients send the expiry as text."""
        try:
            expiry = float(claims.get("exp", ""))
        except (TypeError, ValueError):
            raise TokenError(Refusal.INVALID_GRANT, "expired authorization code") from None
        if not _AUDIENCE.fullmatch(str(claims.get("aud", ""))):
            raise TokenError(Refusal.INVALID_GRANT, "Audience validation failed")
        left = expiry - self._now()
        if not -_SKEW <= left <= LONGEST_ASSERTION_SECONDS + _SKEW:  # so that NaN is refused too
            raise TokenError(Refusal.INVALID_GRANT, "expired authorization code")


def _claims(token: str, verify_with: str | None) -> dict[str, Any]:
    """Return an assertion's claims; with a certificate its RS256 signature must be that of the app's key."""
    try:
        if verify_with is None:
            return dict(jwt.decode(token, options={**_OWN_CHECKS, "verify_signature": False}))
        return dict(jwt.decode(token, public_key(verify_with), algorithms=["RS256"], options=_OWN_CHECKS))
    except jwt.PyJWTError:
        raise TokenError(Refusal.INVALID_GRANT, "invalid assertion") from None


def public_key(pem: str) -> Any:  # noqa: ANN401  any public key
    """Return the public key of a certificate, or one that is given as such.

    Raises:
        ValueError: the text is neither.
    """
    from cryptography import x509  # noqa: PLC0415  loaded only where somebody logs in this way
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    if "BEGIN CERTIFICATE" in pem:
        return x509.load_pem_x509_certificate(pem.encode()).public_key()
    return load_pem_public_key(pem.encode())


def _basic(authorization: str) -> dict[str, str]:
    """Return the client's id and secret from an HTTP Basic header."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return {}
    try:
        name, _, word = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {"client_id": "", "client_secret": ""}
    return {"client_id": name, "client_secret": word}
