"""The door that every public request passes: it counts, lets late commits appear, and carries out faults."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from tasksync_sandbox.core.service import FAULTS_IN_SCOPE
from tasksync_sandbox.core.wire import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from tasksync_sandbox.core.clock import Clock
    from tasksync_sandbox.core.faults import FaultRequest, RequestFaults
    from tasksync_sandbox.core.service import Service

TRANSPORT_IN_SCOPE = "sandbox.transport"
# A service's last route may have this path, to answer in its own shape where nothing else fits.
ANYTHING = "/{path:path}"
_SENDING_SECONDS = 0.01
"""What was sent must have left before the connection is cut."""


class Gate:
    """ASGI middleware around one service's routes."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        """Guard `app`."""
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless a fault ends it here."""
        core = self._service.core
        send = dated(send, core.clock)
        method, path = scope["method"], scope["path"]
        core.calls.count(self._endpoint(scope), in_total=not self._service.is_token_request(path))
        core.store.publish_due()
        faults = scope[FAULTS_IN_SCOPE] = core.faults.for_request(method, path)
        if faults:
            receive = await _whole(receive)
        answer, afterwards = await self._before(faults, scope)
        if answer == "cut":
            await _cut(scope, receive)
        elif isinstance(answer, Response):
            await answer(scope, receive, send)
        elif afterwards is None:
            await self._app(scope, receive, send)
        else:
            await self._spoil(afterwards, scope, receive, send)

    async def _spoil(self, fault: FaultRequest, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work, but spoil its answer."""
        await self._app(scope, receive, _half(send) if fault.kind == "cut_body" else _nowhere)
        if fault.kind == "status_after":
            await self._status(fault)(scope, receive, send)
            return
        if fault.kind == "cut_body":
            await asyncio.sleep(_SENDING_SECONDS)
        await _cut(scope, receive)

    async def _before(self, faults: RequestFaults, scope: Scope) -> tuple[Response | str | None, FaultRequest | None]:
        """What ends the request at the door, and what befalls the answer of its work."""
        afterwards = None
        for fault in faults.at_the_door():
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "expire_session":
                self._service.expire_session(Request(scope))
            elif fault.kind in {"drop_after", "status_after", "cut_body"}:
                afterwards = fault
            elif fault.kind == "drop_before":
                return "cut", None
            elif fault.kind == "daily_limit":
                if self._service.is_token_request(scope["path"]):
                    continue  # a login is not a call of the daily allowance
                return self._service.daily_limit(), None
            else:
                return self._status(fault), None
        return None, afterwards

    def _status(self, fault: FaultRequest) -> Response:
        status = fault.status or HTTPStatus.SERVICE_UNAVAILABLE
        if fault.body is None:
            answer = self._service.error(status, "A fault was set for this request.")
        elif isinstance(fault.body, str):
            answer = Response(fault.body, status, media_type="text/html")
        else:
            answer = JSONResponse(fault.body, status)
        answer.headers.update(fault.headers)
        return answer

    def _endpoint(self, scope: Scope) -> str:
        for route in self._service.routes:
            if isinstance(route, Route) and route.path != ANYTHING and route.matches(scope)[0] is Match.FULL:
                return f"{scope['method']} {route.path}"
        return f"{scope['method']} (unknown)"


def dated(send: Send, clock: Clock) -> Send:
    """Give each answer a Date by the sandbox's clock: clients take the server's time from it."""

    async def with_date(message: Message) -> None:
        if message["type"] == "http.response.start":
            now = format_datetime(clock.now(), usegmt=True).encode()
            message["headers"] = [*message["headers"], (b"date", now)]
        await send(message)

    return with_date


async def _whole(receive: Receive) -> Receive:
    """Take in all of a request, so that its work is done also where its client is gone before a delay has passed."""
    taken = [await receive()]
    while taken[-1].get("more_body"):
        taken.append(await receive())

    async def again() -> Message:
        return taken.pop(0) if taken else await receive()

    return again


async def _nowhere(message: Message) -> None:
    """Lose a part of an answer."""
    del message


def _half(send: Send) -> Send:
    """Send the head and the first half of the body."""

    async def begin(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            message = {**message, "body": body[: len(body) // 2], "more_body": True}
        await send(message)

    return begin


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cut the TCP connection, and wait until the server has noticed."""
    scope[TRANSPORT_IN_SCOPE].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
