"""Salesforce on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.api import DataApi
from tasksync_sandbox.salesforce.control import OrgControl
from tasksync_sandbox.salesforce.errors import Code, SalesforceError, calls_used_up
from tasksync_sandbox.salesforce.http import failure
from tasksync_sandbox.salesforce.loading import Loader
from tasksync_sandbox.salesforce.login.endpoints import Login
from tasksync_sandbox.salesforce.login.sessions import Sessions
from tasksync_sandbox.salesforce.org import Org

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from tasksync_sandbox.core.service import Core

_CODES = {
    401: Code.INVALID_SESSION_ID,
    403: Code.REQUEST_LIMIT_EXCEEDED,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    503: Code.SERVER_UNAVAILABLE,
}
_TOKEN_PATHS = ("/services/oauth2/", "/services/soap/", "/id/")


class SalesforceService:
    """The Salesforce half of the sandbox: one org behind its REST API.

    Attributes:
        core: what it stands on.
        org: the records, and what is queried and written.
    """

    name = "salesforce"

    def __init__(self, core: Core) -> None:
        """Declare the org's tables on the core's store."""
        self.core = core
        self.org = Org(core)
        self._sessions = Sessions(self.org)
        self._api = DataApi(self.org, self._sessions)
        self._loader = Loader(self.org)
        self.routes: Sequence[BaseRoute] = [*Login(self.org, self._sessions).routes(), *self._api.routes()]
        self.control_routes: Sequence[BaseRoute] = OrgControl(self.org, self._sessions).routes()

    def start(self) -> None:
        """Make what a new org lacks, and bring back its schema's changes."""
        self.org.found()

    def load(self, payload: dict[str, Any]) -> dict[str, int]:
        """Merge records by id.

        Raises:
            ValueError: the payload is not understood.
        """
        return self._loader.load(payload)

    def reset(self) -> None:
        """Forget all but the integration user, the org's id, its logins and the tokens."""
        self._api.forget()
        self.org.empty()

    def is_token_request(self, path: str) -> bool:
        """Say whether a path is left out of the total of calls."""
        return ("/" + path.lstrip("/")).lower().startswith(_TOKEN_PATHS)

    def error(self, status: int, message: str) -> Response:
        """Return an error as the data API words it."""
        code = _CODES.get(status, Code.UNKNOWN_EXCEPTION)
        return self._api.response(failure(SalesforceError(code, message, status)))

    def daily_limit(self) -> Response:
        """Return the answer of an org that has used up its day."""
        return self._api.response(failure(calls_used_up()))

    def expire_session(self, request: Request) -> None:
        """End the session of a request."""
        self._sessions.end_of_header(request.headers.get("authorization", ""))
