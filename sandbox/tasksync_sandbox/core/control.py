"""The resources under `/_sandbox/`, on both ports."""

from __future__ import annotations

import os
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.routing import Mount, Route, Router

from tasksync_sandbox.core.faults import FaultRequest
from tasksync_sandbox.core.wire import JSONResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from tasksync_sandbox.core.service import Service

PREFIX = "/_sandbox"


class ClockRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What sets the clock: seconds that it is ahead of real time."""

    offset_seconds: float


class Control:
    """Control of one service."""

    def __init__(self, service: Service) -> None:
        """Control this service."""
        self._service = service
        self._core = service.core

    def router(self) -> Router:
        """All control resources, the service's own included."""
        return Router([Mount(PREFIX, routes=[*self._own_routes(), *self._service.control_routes])])

    def _own_routes(self) -> list[Route]:
        return [
            Route("/status", self.status, methods=["GET"]),
            Route("/rows/{table}", self.rows, methods=["GET"]),
            Route("/reset", self.reset, methods=["POST"]),
            Route("/load", self.load, methods=["POST"]),
            Route("/calls", self.calls, methods=["GET", "DELETE"]),
            Route("/writes", self.writes, methods=["GET"]),
            Route("/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            Route("/clock", self.clock, methods=["GET", "POST"]),
        ]

    async def status(self, request: Request) -> Response:
        """Who serves here, from which data, and how many records."""
        del request
        tables = {name: table for name, table in self._core.store.tables.items() if not name.startswith("_")}
        return JSONResponse(
            {
                "service": self._service.name,
                "data": str(self._core.data_folder.resolve()),
                "pid": os.getpid(),
                "records": {name: len(table.rows) for name, table in tables.items()},
            }
        )

    async def rows(self, request: Request) -> Response:
        """Stored rows of a table as readers see them now, at most `limit`; for `sandbox show`."""
        self._core.store.publish_due()
        table = self._core.store.tables.get(request.path_params["table"])
        limit = request.query_params.get("limit", "1000")
        if table is None or not limit.isdecimal():
            return JSONResponse({"error": "no such table, or no such limit"}, 400)
        return JSONResponse(list(islice(table.rows.values(), int(limit))))

    async def reset(self, request: Request) -> Response:
        """Back to the beginning; tokens and ids stay."""
        del request
        self._core.faults.clear()
        self._core.calls.clear()
        self._core.clock.offset_seconds = 0
        self._service.reset()
        return JSONResponse({})

    async def load(self, request: Request) -> Response:
        """Merge records by id."""
        body = await request.body()
        try:
            payload = msgspec.json.decode(body, type=dict[str, Any])
            with self._core.store.transaction():
                return JSONResponse({"loaded": self._service.load(payload)})
        except ValueError as problem:
            return _refused(problem)

    async def calls(self, request: Request) -> Response:
        """Show or clear the counts of calls."""
        if request.method == "DELETE":
            self._core.calls.clear()
        return JSONResponse(self._core.calls.shown())

    async def writes(self, request: Request) -> Response:
        """Show the write list."""
        del request
        return JSONResponse(self._core.store.writes)

    async def faults(self, request: Request) -> Response:
        """Show, set or remove faults."""
        if request.method == "POST":
            try:
                asked = msgspec.json.decode(await request.body(), type=FaultRequest)
                return JSONResponse(self._core.faults.add(asked).shown(), 201)
            except (ValueError, re.error) as problem:
                return _refused(problem)
        if request.method == "DELETE":
            self._core.faults.clear()
        return JSONResponse(self._core.faults.shown())

    async def clock(self, request: Request) -> Response:
        """Show or set the clock of both services."""
        if request.method == "POST":
            try:
                asked = msgspec.json.decode(await request.body(), type=ClockRequest)
            except ValueError as problem:
                return _refused(problem)
            self._core.clock.offset_seconds = asked.offset_seconds
        return JSONResponse(
            {"offset_seconds": self._core.clock.offset_seconds, "now": self._core.clock.now().isoformat()}
        )


def _refused(problem: Exception) -> Response:
    return JSONResponse({"error": str(problem)}, 400)
