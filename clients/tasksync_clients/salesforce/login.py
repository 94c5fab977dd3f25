"""Logs in to Salesforce: OAuth 2.0 by private key (JWT bearer), refresh token, password or client credentials.

Source: Salesforce wire facts §1.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tasksync_clients.addresses import Setting, host_of, is_loopback, may_follow, split
from tasksync_clients.bodies import scrub
from tasksync_clients.errors import AuthenticationFailed, ClientError, ProtocolError, Unreachable, WrongSettings
from tasksync_clients.exchange import Exchange
from tasksync_clients.recovery import Recovery
from tasksync_clients.salesforce.settings import LOGIN_URL, PRIVATE_KEY_PATH, LoginFlow, SalesforceSettings
from tasksync_clients.soql import id18, is_id
from tasksync_clients.tokens import FixedToken, Token, is_sendable
from tasksync_clients.transport import Answer, Ask, Transport

TOKEN_PATH: Final = "/services/oauth2/token"  # noqa: S105 - an address, no secret
_ASSERTION_SECONDS: Final = 180
_MOST_REASON: Final = 200
_BUSY: Final = frozenset({408, 420, 429})
_SERVER_FAULT: Final = 500
_ADVICE: Final = {
    "invalid_grant": "Check the credentials, that the user approved the connected app, and that login_url is the "
    "user's own (My Domain, or test.salesforce.com for a sandbox org).",
    "invalid_client": "Check client_id (SALESFORCE_CLIENT_ID) and client_secret (SALESFORCE_CLIENT_SECRET).",
    "invalid_client_id": "Check client_id (SALESFORCE_CLIENT_ID).",
    "invalid_assertion": "Check that private_key_path (SALESFORCE_PRIVATE_KEY_PATH) belongs to the connected app.",
    "inactive_user": "The integration user is inactive: an administrator has to activate it.",
    "inactive_org": "The org is inactive or locked: ask Salesforce, or check login_url (SALESFORCE_LOGIN_URL).",
    "unsupported_grant_type": "Enable this way to log in for the connected app, or choose another one.",
    "unauthorized_client": "Enable this way to log in for the connected app, or choose another one.",
    "rate_limit_exceeded": "Too many logins: wait an hour.",
}
_USUAL_ADVICE: Final = "Check the credentials and the connected app's policies."


class Login:
    """Fetches access tokens; each call is one login."""

    def __init__(self, settings: SalesforceSettings, transport: Transport) -> None:
        """Choose the flow.

        Raises:
            WrongSettings: the settings complete no way to log in.
        """
        self._settings = settings
        self._flow = settings.login_flow()
        nobody = FixedToken(Token("", settings.login_url))
        self._exchange = Exchange(transport, nobody, _LoginDialect(settings), settings.retry_delay)

    def __call__(self) -> Token:
        """Log in.

        Raises:
            AuthenticationFailed: Salesforce refuses the credentials.
            WrongSettings: the private key cannot be used, or a host is not allowed.
            ProtocolError, Unreachable: as for every request.
        """
        form = _FORMS[self._flow](self._settings)
        body = urlencode({name: scrub(value) for name, value in form.items() if value}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._exchange.call(Ask("POST", TOKEN_PATH, body, headers))
        return self._token(answer)

    def _token(self, answer: Answer) -> Token:
        told = _object(answer)
        value, base = told.get("access_token"), told.get("instance_url")
        if not isinstance(value, str) or not isinstance(base, str) or not is_sendable(value):
            answer.reject("no access_token and instance_url that can be used")
        self._check_instance(answer, base)
        path = [part for part in str(told.get("id")).partition("?")[0].split("/") if is_id(part)]
        org_id, user_id = path[-2:] if len(path) >= len(("org", "user")) else ("", "")
        return Token(value, base.rstrip("/"), org_id and id18(org_id), user_id and id18(user_id))

    def _check_instance(self, answer: Answer, base: str) -> None:
        """Refuse to send the token where it does not belong."""
        parts = split(base)
        if parts is None or parts.path.strip("/"):
            answer.reject("an instance_url that is no address")
        if parts.scheme != "https" and self._settings.login_url.startswith("https:"):
            answer.reject(f"an instance_url ({host_of(base)}) without encryption")
        if self._settings.loopback_only and not is_loopback(parts.hostname or ""):
            message = (
                f"{LOGIN_URL} leads to an instance on {host_of(base)}, but the sandbox environment talks to this "
                "machine only: use the production environment."
            )
            raise WrongSettings(message)
        if not may_follow(base, self._settings.login_url):
            answer.reject(f"an instance_url on another host ({host_of(base)}), which gets no token")


def _private_key(settings: SalesforceSettings) -> dict[str, str]:
    import jwt  # noqa: PLC0415 - brings cryptography along, which other logins need not wait for

    claims = {
        "iss": settings.client_id,
        "sub": settings.username,
        "aud": settings.login_url,
        "exp": int(time.time()) + _ASSERTION_SECONDS,
    }
    assertion = None
    try:
        key = Path(settings.private_key_path or "").read_bytes()
        assertion = jwt.encode(claims, key, algorithm="RS256")
    except OSError as error:
        trouble = error.strerror or "it cannot be read"
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        trouble = "it is no unencrypted RSA private key in PEM form"
    if assertion is None:
        message = f"The file that {PRIVATE_KEY_PATH} names cannot be used: {trouble}."
        raise WrongSettings(message)
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}


def _form(grant_type: str, *names: str) -> Callable[[SalesforceSettings], dict[str, str]]:
    """Make a form of settings; those that are unset stay out of it."""
    return lambda settings: {"grant_type": grant_type} | {name: getattr(settings, name) or "" for name in names}


_FORMS: Final[dict[LoginFlow, Callable[[SalesforceSettings], dict[str, str]]]] = {
    LoginFlow.PRIVATE_KEY: _private_key,
    LoginFlow.REFRESH_TOKEN: _form("refresh_token", "refresh_token", "client_id", "client_secret"),
    LoginFlow.PASSWORD: _form("password", "client_id", "client_secret", "username", "password"),
    LoginFlow.CLIENT_CREDENTIALS: _form("client_credentials", "client_id", "client_secret"),
}


class _LoginDialect:
    """How the token endpoint says no: an object with `error` and `error_description`."""

    address: Setting = LOGIN_URL

    def __init__(self, settings: SalesforceSettings) -> None:
        self._settings = settings

    def failure(self, answer: Answer) -> tuple[ClientError, Recovery]:
        if answer.status >= _SERVER_FAULT or answer.status in _BUSY:
            words = f"The Salesforce login at {answer.host} still answers HTTP {answer.status}: try again later."
            return Unreachable(words, status=answer.status), Recovery.RETRY_NOW
        told = _object(answer)
        code = str(told.get("error") or "")
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", code):
            return self._no_login(answer), Recovery.STOP
        said = self._safe(str(told.get("error_description") or "no reason given"))
        advice = _ADVICE.get(code, _USUAL_ADVICE)
        flow = self._settings.login_flow()
        words = f"Salesforce at {answer.host} refuses the login by {flow}: {code} ({said}).\n{advice}"
        return AuthenticationFailed(words, code=code, status=answer.status, reason=said), Recovery.STOP

    @staticmethod
    def _no_login(answer: Answer) -> ProtocolError:
        words = f"{answer.host} does not answer like a Salesforce login (HTTP {answer.status}): check {LOGIN_URL}."
        return ProtocolError(words, status=answer.status)

    def _safe(self, said: str) -> str:
        """Cut the server's reason to a line, without anything that we sent along."""
        settings = self._settings
        for secret in (settings.client_secret, settings.password, settings.refresh_token, settings.username):
            said = said.replace(secret, "…") if secret else said
        return "".join(char if char.isprintable() else " " for char in " ".join(said.split()))[:_MOST_REASON]


def _object(answer: Answer) -> dict[str, Any]:
    try:
        told = answer.json()
    except ProtocolError:
        return {}
    return told if isinstance(told, dict) else {}
