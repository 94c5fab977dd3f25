"""Tokens: the static one, and those that `POST /oauth/token` issues."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tasksync_sandbox.sales_connect.errors import RefusedError

if TYPE_CHECKING:
    from starlette.requests import Request

    from tasksync_sandbox.core.service import Core

STATIC_TOKEN = CLIENT_ID = CLIENT_SECRET = "sandbox"  # noqa: S105  the sandbox's public secret
LIFE_SECONDS = 3600
TOKENS = "tokens"
_REFUSED = "sandbox.token_refused"
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def issue(core: Core, body: bytes, authorization: str) -> dict[str, Any]:
    """Answer a token request.

    Raises:
        RefusedError: 400 for another grant type or a malformed form, 401 for wrong credentials.
    """
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=bool(body)))
    except ValueError:
        raise RefusedError(400, "The body is no valid form.") from None
    if form.get("grant_type") != "client_credentials":
        raise RefusedError(400, "Only client_credentials is known here.", ["grant_type"])
    client = _basic(authorization) or (form.get("client_id", ""), form.get("client_secret", ""))
    if client != (CLIENT_ID, CLIENT_SECRET):
        raise RefusedError(401, "Client id or secret is wrong.", headers=_CHALLENGE)
    token, now = secrets.token_urlsafe(24), core.clock.timestamp()
    living = {old: expiry for old, expiry in core.store.values.get(TOKENS, {}).items() if expiry > now}
    with core.store.transaction():
        core.store.set_value(TOKENS, living | {token: now + LIFE_SECONDS})
    return {"access_token": token, "token_type": "Bearer", "expires_in": LIFE_SECONDS}


def check(core: Core, request: Request) -> None:
    """Let a request pass whose token is valid.

    Raises:
        RefusedError: 401.
    """
    token = _bearer(request)
    valid = token == STATIC_TOKEN or core.store.values.get(TOKENS, {}).get(token, 0) > core.clock.timestamp()
    if not valid or request.scope.get(_REFUSED):
        raise RefusedError(401, "The token is missing, unknown or expired.", headers=_CHALLENGE)


def expire(core: Core, request: Request) -> None:
    """End the life of a request's token; the static one is refused this once."""
    request.scope[_REFUSED] = True
    tokens = core.store.values.get(TOKENS, {})
    if (token := _bearer(request)) in tokens:
        with core.store.transaction():
            core.store.set_value(TOKENS, {old: expiry for old, expiry in tokens.items() if old != token})


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _basic(authorization: str) -> tuple[str, str] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, secret
