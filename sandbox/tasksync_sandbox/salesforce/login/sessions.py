"""Access tokens, and the apps and secrets that they are given for."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.org import USERNAME

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.rows import Row

DEFAULT_APPS: dict[str, dict[str, Any]] = {
    "sandbox": {"client_secret": "sandbox", "certificate": None, "username": USERNAME}
}
DEFAULT_SECRETS = {"passwords": {USERNAME: "sandbox"}, "refresh_tokens": {"sandbox": USERNAME}}
_SHORT = 15
_REVOKED = "revoked_refresh_tokens"


class Sessions:
    """Access tokens of one org; each token request makes one of its own.

    Attributes:
        lifetime: seconds that a token lives after its last use, by the sandbox's clock; None for ever.
    """

    def __init__(self, org: Org) -> None:
        """Keep tokens among the org's values."""
        self._org = org
        self._last_use: dict[str, float] = {}
        self.lifetime: float | None = None

    def issue(self, user_id: str, refresh_token: str | None = None) -> str:
        """Return a new token for a user, which ends with the refresh token it was asked for with; in a transaction."""
        token = f"{self._org.id[:_SHORT]}!{secrets.token_urlsafe(72).replace('-', '.')}"
        session = {"user": user_id, "issued": self._now(), "valid": True, "refresh_token": refresh_token}
        self._org.store.set_value(f"session:{token}", session)
        return token

    def user_of(self, authorization: str) -> str:
        """Return the id of the user whose token an Authorization header holds.

        Raises:
            SalesforceError: 401 INVALID_SESSION_ID.
        """
        token = _token(authorization)
        session = self._org.store.values.get(f"session:{token}")
        if session is None or not session["valid"] or self._is_old(token, session):
            raise SalesforceError(Code.INVALID_SESSION_ID, "Session expired or invalid", 401)
        self._last_use[token] = self._now()
        user: str = session["user"]
        return user

    def end(self, token: str) -> bool:
        """Make a token invalid; say whether there was one. Inside a transaction."""
        session = self._org.store.values.get(f"session:{token}")
        if session is None or not session["valid"]:
            return False
        self._org.store.set_value(f"session:{token}", {**session, "valid": False})
        return True

    def refreshed_user(self, refresh_token: str) -> str | None:
        """Return the name of the user whom a refresh token is for; None for an unknown or revoked one."""
        revoked: list[str] = self._org.store.values.get(_REVOKED, [])
        return None if refresh_token in revoked else self.secrets("refresh_tokens").get(refresh_token)

    def end_refresh(self, refresh_token: str) -> bool:
        """Revoke a refresh token with the sessions it gave, until a reset; say whether there was one.

        Inside a transaction.
        """
        if self.refreshed_user(refresh_token) is None:
            return False
        self._org.store.set_value(_REVOKED, [*self._org.store.values.get(_REVOKED, []), refresh_token])
        for name, session in list(self._org.store.values.items()):
            if name.startswith("session:") and session.get("refresh_token") == refresh_token:
                self.end(name.removeprefix("session:"))
        return True

    def end_of_header(self, authorization: str) -> None:
        """Make the token of an Authorization header invalid."""
        with self._org.store.transaction():
            self.end(_token(authorization))

    def app(self, client_id: str) -> dict[str, Any] | None:
        """Return a connected app."""
        apps: dict[str, dict[str, Any]] = {**DEFAULT_APPS, **self._org.store.values.get("apps", {})}
        return apps.get(client_id)

    def secrets(self, kind: str) -> dict[str, str]:
        """Return passwords by user name, or user names by refresh token."""
        return {**DEFAULT_SECRETS[kind], **self._org.store.values.get(kind, {})}

    def user_named(self, username: str) -> Row | None:
        """Return the user with a user name, whatever its case."""
        table = self._org.database.table(self._org.database.schema.get("User"))
        wanted = username.lower()
        return next(
            (row for row in table.rows.values() if (getattr(row, "Username", "") or "").lower() == wanted), None
        )

    def _now(self) -> float:
        return self._org.core.clock.timestamp()

    def _is_old(self, token: str, session: dict[str, Any]) -> bool:
        last = max(self._last_use.get(token, 0.0), session["issued"])
        return self.lifetime is not None and self._now() - last > self.lifetime


def _token(authorization: str) -> str:
    kind, _, token = authorization.partition(" ")
    return token.strip() if kind.lower() in {"bearer", "oauth"} else ""
