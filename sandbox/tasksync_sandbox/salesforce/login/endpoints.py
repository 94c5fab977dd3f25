"""The OAuth resources: token, revoke, userinfo, identity (Salesforce facts, §1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import PlainTextResponse, Response

from tasksync_sandbox.core.wire import JSONResponse
from tasksync_sandbox.salesforce.errors import SalesforceError
from tasksync_sandbox.salesforce.http import spelled
from tasksync_sandbox.salesforce.login.grants import Grants, TokenError
from tasksync_sandbox.salesforce.login.soap import SoapLogin
from tasksync_sandbox.salesforce.routing import SpelledRoute

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import Route

    from tasksync_sandbox.salesforce.login.grants import Granted
    from tasksync_sandbox.salesforce.login.sessions import Sessions
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.rows import Row

SCOPE = "api id refresh_token"


class Login:
    """The OAuth resources of one org."""

    def __init__(self, org: Org, sessions: Sessions) -> None:
        """Give out these sessions' tokens."""
        self._org = org
        self._sessions = sessions
        self._grants = Grants(sessions, org.core.clock.timestamp)

    def routes(self) -> list[Route]:
        """Return the resources."""
        return [
            _route("/services/oauth2/token", self.token, "POST"),
            _route("/services/oauth2/revoke", self.revoke, "GET", "POST"),
            _route("/services/oauth2/userinfo", self.userinfo, "GET", "POST"),
            _route("/id/{org}/{user}", self.identity, "GET", "POST"),
            *SoapLogin(self._org, self._sessions, self._grants).routes(),
        ]

    async def token(self, request: Request) -> Response:
        """Answer a token of its own to each request."""
        form = {**request.query_params, **_form(await request.body())}
        try:
            granted = self._grants.grant(form, request.headers.get("authorization", ""))
        except TokenError as refused:
            body = {"error": refused.error, "error_description": refused.description}
            return JSONResponse(body, refused.status)
        with self._org.store.transaction():
            token = self._sessions.issue(granted.user.Id, granted.refresh_token)
        return JSONResponse(self._token_answer(granted, token, _origin(request)), headers={"cache-control": "no-store"})

    def _token_answer(self, granted: Granted, token: str, origin: str) -> dict[str, Any]:
        identity = self._identity_url(granted.user, origin)
        issued_at = str(int(self._org.core.clock.timestamp() * 1000))
        key = (granted.secret or "").encode()
        signature = hmac.new(key, (identity + issued_at).encode(), hashlib.sha256).digest()
        answer = {
            "access_token": token,
            "signature": base64.b64encode(signature).decode(),
            "scope": SCOPE,
            "instance_url": origin,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }
        return answer | ({"api_instance_url": origin} if granted.api_instance else {})

    async def revoke(self, request: Request) -> Response:
        """End a session, or a refresh token with its sessions; an unknown one is an error in a query string's form."""
        form = {**request.query_params, **_form(await request.body())}
        with self._org.store.transaction():
            token = form.get("token", "")
            if self._sessions.end(token) or self._sessions.end_refresh(token):
                return Response(status_code=200)
        body = urlencode({"error": "unsupported_token_type", "error_description": "this token type is not supported"})
        return PlainTextResponse(body, 400)

    async def userinfo(self, request: Request) -> Response:
        """Tell about the session's user in OpenID Connect's words."""
        user = self._user(request)
        if user is None:
            return PlainTextResponse("Bad_OAuth_Token", 403)
        return JSONResponse(
            {
                "sub": self._identity_url(user, _origin(request)),
                "user_id": user.Id,
                "organization_id": self._org.id,
                "preferred_username": getattr(user, "Username", None),
                "name": getattr(user, "Name", None),
                "email": getattr(user, "Email", None),
                "zoneinfo": getattr(user, "TimeZoneSidKey", None) or "GMT",
                "active": getattr(user, "IsActive", False),
            }
        )

    async def identity(self, request: Request) -> Response:
        """Tell about the session's user in Salesforce's words."""
        user = self._user(request)
        wanted = (request.path_params["org"], request.path_params["user"])
        if user is None or wanted != (self._org.id, user.Id):
            return PlainTextResponse("Bad_OAuth_Token", 403)
        origin = _origin(request)
        return JSONResponse(
            {
                "id": self._identity_url(user, origin),
                "user_id": user.Id,
                "organization_id": self._org.id,
                "username": getattr(user, "Username", None),
                "display_name": getattr(user, "Name", None),
                "email": getattr(user, "Email", None),
                "active": getattr(user, "IsActive", False),
                "urls": {
                    "rest": f"{origin}/services/data/v{{version}}/",
                    "query": f"{origin}/services/data/v{{version}}/query/",
                },
            }
        )

    def _identity_url(self, user: Row, origin: str) -> str:
        return f"{origin}/id/{self._org.id}/{user.Id}"

    def _user(self, request: Request) -> Row | None:
        header = request.headers.get("authorization") or f"Bearer {request.query_params.get('oauth_token', '')}"
        try:
            return self._org.database.find(self._sessions.user_of(header))
        except SalesforceError:
            return None


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], *methods: str) -> Route:
    return SpelledRoute(path, spelled(path), endpoint, methods)


def _origin(request: Request) -> str:
    """Return the address by which the caller reached the sandbox, without a slash at the end."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _form(body: bytes) -> dict[str, str]:
    """Return the parameters of a form; later ones of the same name win."""
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
