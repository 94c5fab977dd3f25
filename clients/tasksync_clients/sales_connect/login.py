"""Gets Sales Connect's access token: a static one, or one by client credentials."""

import time
from typing import Final
from urllib.parse import urlencode

from tasksync_clients.bodies import scrub
from tasksync_clients.exchange import Exchange
from tasksync_clients.sales_connect.dialect import SalesConnectDialect
from tasksync_clients.sales_connect.settings import SalesConnectSettings
from tasksync_clients.tokens import FixedToken, LoginTokens, Token, Tokens, is_sendable
from tasksync_clients.transport import Ask, Transport

_EARLY_SECONDS: Final = 30.0
_LONGEST_SECONDS: Final = 10**9


def tokens(settings: SalesConnectSettings, transport: Transport) -> Tokens:
    """Choose where requests get their token: the static one where it is set."""
    if settings.token:
        return FixedToken(Token(settings.token, settings.api_url))
    nobody = FixedToken(Token("", settings.api_url))
    exchange = Exchange(transport, nobody, SalesConnectDialect(), settings.retry_delay)
    return LoginTokens(lambda: _login(settings, exchange))


def _login(settings: SalesConnectSettings, exchange: Exchange) -> Token:
    form = {
        "grant_type": "client_credentials",
        "client_id": scrub(settings.oauth_client_id or ""),
        "client_secret": scrub(settings.oauth_client_secret or ""),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = exchange.call(Ask("POST", "/oauth/token", urlencode(form).encode(), headers))
    told = answer.json()
    value = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(told, dict) or not isinstance(value, str) or not is_sendable(value):
        answer.reject("no access_token that can be used")
    return Token(value, settings.api_url, expires_at=_expiry(told.get("expires_in")))


def _expiry(seconds: object) -> float | None:
    """Place the end of a token's life on the local monotonic clock, a little early."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < _LONGEST_SECONDS:
        return None
    return time.monotonic() + max(seconds - _EARLY_SECONDS, seconds / 2)
