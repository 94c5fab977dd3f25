"""SOAP login(), which older clients use for name, password and security token (Salesforce facts, §1)."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

from starlette.responses import Response

from tasksync_sandbox.salesforce.http import spelled
from tasksync_sandbox.salesforce.login.grants import TokenError
from tasksync_sandbox.salesforce.routing import SpelledRoute

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from tasksync_sandbox.salesforce.login.grants import Grants
    from tasksync_sandbox.salesforce.login.sessions import Sessions
    from tasksync_sandbox.salesforce.org import Org

GONE_SINCE = 65.0
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body>{}'
    "</soapenv:Body></soapenv:Envelope>"
)
_SHORT = 15


class SoapLogin:
    """The one SOAP call that is served."""

    def __init__(self, org: Org, sessions: Sessions, grants: Grants) -> None:
        """Give out these sessions' tokens."""
        self._org = org
        self._sessions = sessions
        self._grants = grants

    def routes(self) -> list[Route]:
        """Return the resource, for the partner and the enterprise WSDL."""
        path = "/services/Soap/{kind}/{version}"
        return [SpelledRoute(path, spelled(path), self.login, ("POST",))]

    async def login(self, request: Request) -> Response:
        """Answer a session for a user's name and password, which the security token may follow."""
        text = (await request.body()).decode("utf-8", "replace")
        version = request.path_params["version"]
        if not re.fullmatch(r"\d+\.\d", version) or float(version) >= GONE_SINCE:
            return _fault("UNSUPPORTED_API_VERSION", "login() is not available in this API version")
        try:
            user = self._grants.password_user(_element(text, "username"), _element(text, "password"))
        except TokenError:
            message = "Invalid username, password, security token; or user locked out."
            return _fault("INVALID_LOGIN", message)
        with self._org.store.transaction():
            token = self._sessions.issue(user.Id)
        origin = f"{request.url.scheme}://{request.url.netloc}"
        server = f"{origin}/services/Soap/{request.path_params['kind']}/{version}/{self._org.id[:_SHORT]}"
        body = (
            f"<loginResponse><result><metadataServerUrl>{server}</metadataServerUrl><passwordExpired>false"
            f"</passwordExpired><sandbox>true</sandbox><serverUrl>{server}</serverUrl><sessionId>{escape(token)}"
            f"</sessionId><userId>{user.Id}</userId><userInfo><organizationId>{self._org.id}</organizationId>"
            f"<userId>{user.Id}</userId></userInfo></result></loginResponse>"
        )
        return Response(_ENVELOPE.format(body), media_type="text/xml")


def _element(text: str, name: str) -> str:
    """Return the text of the first element with a name, whatever its prefix."""
    found = re.search(rf"<(?:\w+:)?{name}>(.*?)</(?:\w+:)?{name}>", text, re.DOTALL)
    return unescape(found[1]) if found else ""


def _fault(code: str, message: str) -> Response:
    body = (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {message}</faultstring><detail>"
        f"<sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode><sf:exceptionMessage>{message}"
        "</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
    )
    return Response(_ENVELOPE.format(body), 500, media_type="text/xml")
