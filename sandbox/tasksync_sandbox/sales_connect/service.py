"""The service: its resources, and what the core asks of it."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from msgspec import UNSET
from starlette.responses import Response
from starlette.routing import Match, Route

from tasksync_sandbox.core.gate import ANYTHING
from tasksync_sandbox.core.service import faults_of
from tasksync_sandbox.core.wire import JSONResponse, raw_json
from tasksync_sandbox.sales_connect import tokens
from tasksync_sandbox.sales_connect.bodies import BatchBody, Operation, checked, parsed
from tasksync_sandbox.sales_connect.changes import Change, update_user
from tasksync_sandbox.sales_connect.errors import CODES, RefusedError
from tasksync_sandbox.sales_connect.listing import page, query_of, reminder_page
from tasksync_sandbox.sales_connect.loading import DEFAULT_TEMPLATE, SETTINGS, Loader
from tasksync_sandbox.sales_connect.operations import batch_result, forget_old_answers, perform
from tasksync_sandbox.sales_connect.state import State

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import Receive, Scope, Send

    from tasksync_sandbox.core.service import Core

    Handler = Callable[[Request, bytes], Response]

_VERSION = re.compile(r'"(\d{1,18})"')
_KEY_LENGTH = 255


class SalesConnectService:
    """Sales Connect."""

    name = "sales-connect"

    def __init__(self, core: Core) -> None:
        """Declare tables and resources."""
        self.core = core
        self._state = State(core)
        listed: list[tuple[str, str, Handler]] = [
            ("GET", "/v1/reminders", self._list_reminders),
            ("POST", "/v1/reminders", self._create),
            ("POST", "/v1/reminders/batch", self._batch),
            ("GET", "/v1/reminders/{id}", self._read),
            ("PATCH", "/v1/reminders/{id}", self._change),
            ("DELETE", "/v1/reminders/{id}", self._change),
            ("GET", "/v1/users", self._list_users),
            ("PATCH", "/v1/users/{id}", self._change_user),
            ("GET", "/v1/people", self._list_people),
            ("GET", "/v1/settings/salesforce", self._settings),
        ]
        self.routes: list[BaseRoute] = [
            *(_route(method, path, self._guarded(handler)) for method, path, handler in listed),
            _route("POST", "/oauth/token", self._answered(self._token)),
            _route("GET", "/openapi.json", self._answered(_document)),
        ]
        refusal = _NoSuchResource(list(self.routes))
        # Else another method there would take "batch" for an id.
        self.routes.insert(3, Route("/v1/reminders/batch", refusal))
        self.routes.append(Route(ANYTHING, refusal))
        self.control_routes: list[BaseRoute] = []

    def start(self) -> None:
        """Give a new tenant its id and settings, and forget idempotency keys that have run out."""
        with self.core.store.transaction():
            if SETTINGS not in self.core.store.values:
                self._set_defaults(f"acc_{uuid4().hex[:12]}")
            forget_old_answers(self._state)

    def load(self, payload: dict[str, Any]) -> dict[str, int]:
        """Merge records by id."""
        return Loader(self._state).load(payload)

    def reset(self) -> None:
        """Forget all records; the tokens and the tenant's id stay."""
        account_id = self.core.store.values[SETTINGS]["account_id"]
        self.core.store.clear(keep=[tokens.TOKENS])
        with self.core.store.transaction():
            self._set_defaults(account_id)

    def is_token_request(self, path: str) -> bool:
        """Only one resource issues tokens."""
        return path == "/oauth/token"

    def error(self, status: int, message: str) -> Response:
        """An error in this API's shape."""
        return RefusedError(status, message, code=CODES.get(status, "error")).response()

    def daily_limit(self) -> Response:
        """The allowance is used up for now."""
        return RefusedError(429, "The daily allowance is used up.", headers={"Retry-After": "3600"}).response()

    def expire_session(self, request: Request) -> None:
        """Make this request's token invalid."""
        tokens.expire(self.core, request)

    def _set_defaults(self, account_id: str) -> None:
        settings = {"account_id": account_id, "activity_detail_customization": DEFAULT_TEMPLATE}
        self.core.store.set_value(SETTINGS, settings)

    def _guarded(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        def with_token(request: Request, body: bytes) -> Response:
            tokens.check(self.core, request)
            return handler(request, body)

        return self._answered(with_token)

    def _answered(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Read the body, then handle the request in one piece; a refusal is undone and answered."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            try:
                with self.core.store.transaction():
                    return handler(request, body)
            except RefusedError as refusal:
                return refusal.response()

        return endpoint

    def _token(self, request: Request, body: bytes) -> Response:
        return JSONResponse(tokens.issue(self.core, body, request.headers.get("authorization", "")))

    def _list_reminders(self, request: Request, body: bytes) -> Response:
        del body
        filters = ("updated_since", "include_deleted", "assignee_ids", "ids", "salesforce_task_ids")
        query = query_of(request.url.path, request.query_params, filters)
        rows, cursor = reminder_page(self._state, query, faults_of(request).page_size(query.limit))
        return JSONResponse({"data": [self._state.shown(row) for row in rows], "next_cursor": cursor})

    def _list_users(self, request: Request, body: bytes) -> Response:
        del body
        return self._list(request, "users")

    def _list_people(self, request: Request, body: bytes) -> Response:
        del body
        return self._list(request, "people")

    def _list(self, request: Request, table: str) -> Response:
        query = query_of(request.url.path, request.query_params, ("updated_since",))
        size = faults_of(request).page_size(query.limit)
        rows, cursor = page(self.core.store.tables[table], query, size)
        return JSONResponse({"data": rows, "next_cursor": cursor})

    def _read(self, request: Request, body: bytes) -> Response:
        del body
        _no_query(request)
        row = self._state.living(request.path_params["id"], for_write=False)
        return JSONResponse(self._state.shown(row))

    def _create(self, request: Request, body: bytes) -> Response:
        key = request.headers.get("idempotency-key", UNSET)
        if key is not UNSET and not 1 <= len(key) <= _KEY_LENGTH:
            raise RefusedError(400, "An idempotency key has 1 to 255 characters.", ["Idempotency-Key"])
        operation = Operation("create", idempotency_key=key, reminder=_an_object(parsed(body)))
        status, reminder = perform(self._named(request, "/v1/reminders"), operation)
        return JSONResponse(reminder, status)

    def _change(self, request: Request, body: bytes) -> Response:
        """Update or delete."""
        if_version = _if_version(request)
        operation = Operation("delete", request.path_params["id"], if_version)
        if request.method == "PATCH":
            operation.op, operation.reminder = "update", _an_object(parsed(body))
        status, reminder = perform(self._named(request, "/v1/reminders/{id}"), operation)
        return Response(status_code=status) if reminder is None else JSONResponse(reminder, status)

    def _batch(self, request: Request, body: bytes) -> Response:
        operations = checked(parsed(body), BatchBody).operations
        change = self._named(request, "/v1/reminders/batch")
        return JSONResponse({"results": [batch_result(change, operation) for operation in operations]})

    def _change_user(self, request: Request, body: bytes) -> Response:
        change = self._named(request, "/v1/users/{id}")
        return JSONResponse(update_user(change, request.path_params["id"], _an_object(parsed(body))))

    def _settings(self, request: Request, body: bytes) -> Response:
        del body
        _no_query(request)
        return JSONResponse(self.core.store.values[SETTINGS])

    def _named(self, request: Request, path: str) -> Change:
        _no_query(request)
        return Change(self._state, faults_of(request), f"{request.method} {path}")


class _NoSuchResource:
    """404 or 405 in the API's own shape."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        partial = [
            route for route in self._routes if isinstance(route, Route) and route.matches(scope)[0] is Match.PARTIAL
        ]
        # The path that was listed first is meant: /batch is no id.
        allowed = {name for route in partial if route.path == partial[0].path for name in route.methods or ()}
        if allowed:
            refusal = RefusedError(405, "No such method here.", headers={"Allow": ", ".join(sorted(allowed))})
        else:
            refusal = RefusedError(404, "No such resource.")
        await refusal.response()(scope, receive, send)


def _route(method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    route = Route(path, endpoint, methods=[method])
    route.methods = {method}
    return route


def _document(request: Request, body: bytes) -> Response:
    del request, body
    return raw_json(resources.files(__package__).joinpath("openapi.json").read_bytes())


def _no_query(request: Request) -> None:
    if names := sorted(set(request.query_params)):
        raise RefusedError(400, "This resource takes no query parameters.", names)


def _an_object(raw: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
    if not isinstance(raw, dict):
        raise RefusedError(422, "The body is no object.")
    return raw


def _if_version(request: Request) -> Any:  # noqa: ANN401  int or UNSET
    header = request.headers.get("if-match")
    if header is None:
        return UNSET
    if (found := _VERSION.fullmatch(header)) is None:
        raise RefusedError(400, 'If-Match has the form "<version>".', ["If-Match"])
    return int(found[1])
