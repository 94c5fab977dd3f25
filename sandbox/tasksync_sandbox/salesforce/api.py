"""The data API over HTTP: authentication, versions, limits and errors around the resources."""

from __future__ import annotations

import itertools
import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import Response

from tasksync_sandbox.core.service import faults_of
from tasksync_sandbox.core.wire import JSONResponse
from tasksync_sandbox.salesforce.bulk.ingest import IngestResources
from tasksync_sandbox.salesforce.bulk.queries import QueryJobResources
from tasksync_sandbox.salesforce.errors import Code, SalesforceError, not_found
from tasksync_sandbox.salesforce.http import (
    LONGEST_URI,
    VERSION_PATH,
    Answer,
    Call,
    Resource,
    decoded,
    failure,
    find,
    spelled,
)
from tasksync_sandbox.salesforce.resources.collections import CollectionResources
from tasksync_sandbox.salesforce.resources.composites import CompositeResources
from tasksync_sandbox.salesforce.resources.descriptions import DescriptionResources
from tasksync_sandbox.salesforce.resources.queries import QueryResources
from tasksync_sandbox.salesforce.resources.records import RecordResources
from tasksync_sandbox.salesforce.resources.replication import ReplicationResources
from tasksync_sandbox.salesforce.resources.trees import TreeResources
from tasksync_sandbox.salesforce.resources.versions import NEWEST, RETIRED_BELOW, VersionResources, versions
from tasksync_sandbox.salesforce.routing import SpelledRoute, raw_path

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route
    from starlette.types import Scope

    from tasksync_sandbox.salesforce.login.sessions import Sessions
    from tasksync_sandbox.salesforce.org import Org

_VERSION = re.compile(r"/*services/data/v(\d{1,3})\.0(?:/.*)?", re.IGNORECASE)
_log = logging.getLogger(__name__)


class DataApi:
    """All data resources of one org."""

    def __init__(self, org: Org, sessions: Sessions) -> None:
        """Serve this org to holders of these sessions."""
        self._org = org
        self._sessions = sessions
        self.queries = QueryResources(org)
        records = RecordResources(org)
        numbers = itertools.count(1)
        self._ingest, self._query_jobs = IngestResources(org, records, numbers), QueryJobResources(org, numbers)
        self._resources: list[Resource] = [
            *VersionResources(org, self._ingest.batches, self._query_jobs.allowance).resources(),
            *self.queries.resources(),
            *DescriptionResources(org, records.create).resources(),
            *ReplicationResources(org).resources(),
            *records.resources(),
            *CollectionResources(org, records).resources(),
            *TreeResources(org, records).resources(),
            *CompositeResources(org, self.dispatch).resources(),
            *self._ingest.resources(),
            *self._query_jobs.resources(),
        ]

    def forget(self) -> None:
        """Close all cursors and drop all jobs."""
        self.queries.forget()
        self._ingest.forget()
        self._query_jobs.forget()

    def routes(self) -> list[Route]:
        """Return the routes; the last one takes whatever is left."""
        return [
            SpelledRoute("/services/data", spelled("/services/data"), self.list_versions),
            *(SpelledRoute(VERSION_PATH + one.path, one.pattern, self.serve) for one in self._resources),
            SpelledRoute("/{unknown}", re.compile(r".*", re.DOTALL), self.serve),
        ]

    async def list_versions(self, request: Request) -> Response:
        """List the versions: open to all, and not metered."""
        if request.method not in {"GET", "HEAD"}:
            return self.response(failure(SalesforceError(Code.METHOD_NOT_ALLOWED, "HTTP Method not allowed.", 405)))
        return JSONResponse(versions())

    async def serve(self, request: Request) -> Response:
        """Answer one data request."""
        body = await request.body()
        try:
            answer = self._answer(request, body)
        except SalesforceError as error:
            answer = failure(error)
        except Exception:  # noqa: BLE001  Salesforce answers its own failures in the same shape; the log has the trace
            _log.exception("%s %s", request.method, raw_path(request.scope))
            answer = failure(SalesforceError(Code.UNKNOWN_EXCEPTION, "An unexpected error occurred.", 500))
        return self.response(answer)

    def response(self, answer: Answer) -> Response:
        """Return an answer as HTTP, with the count of calls that every data reply carries."""
        headers = {"Sforce-Limit-Info": f"api-usage={self._org.calls_used}/{self._org.daily_calls}", **answer.headers}
        if answer.body is None:
            return Response(status_code=answer.status, headers=headers)
        if isinstance(answer.body, bytes):
            return Response(answer.body, answer.status, headers, media_type="text/csv")
        return JSONResponse(answer.body, answer.status, headers)

    def _answer(self, request: Request, body: bytes) -> Answer:
        path = raw_path(request.scope)
        query: bytes = request.scope["query_string"]
        _check_length(request.scope, len(path) + len(query) + 1)
        version = _version(path)
        user = self._sessions.user_of(request.headers.get("authorization", ""))
        self._org.count_call()
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["x-sandbox-origin"] = f"{request.url.scheme}://{request.url.netloc}"
        call = Call(
            request.method,
            path,
            dict(parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)),
            headers,
            decoded(body, request.headers.get("content-type", ""), request.method),
            user,
            faults_of(request),
            version,
        )
        if request.method in {"GET", "HEAD"}:
            return self.dispatch(call)
        with self._org.store.transaction():
            return self.dispatch(call)

    def dispatch(self, call: Call) -> Answer:
        """Carry out a call.

        Raises:
            SalesforceError: it is refused.
        """
        version = _version(call.path)
        handler, names = find(self._resources, call.method, call.path, float(version))
        return handler(call.named(version, names))


def _check_length(scope: Scope, uri: int) -> None:
    """Refuse a URI that is too long, by itself (414) or together with the headers (431)."""
    if uri > LONGEST_URI:
        raise SalesforceError(Code.URI_TOO_LONG, "The URI is longer than 16,384 bytes", 414)
    if uri + sum(len(name) + len(value) for name, value in scope["headers"]) > LONGEST_URI:
        message = "The URI and the headers together are longer than 16,384 bytes"
        raise SalesforceError(Code.REQUEST_HEADERS_TOO_LARGE, message, 431)


def _version(path: str) -> str:
    """Return the version that a path asks for.

    Raises:
        SalesforceError: 404 where there is none, 410 for a retired one.
    """
    match = _VERSION.fullmatch(path)
    if match is None or int(match[1]) > NEWEST:
        raise not_found()
    if int(match[1]) < RETIRED_BELOW:
        raise SalesforceError(Code.GONE, f"API version {match[1]}.0 is retired", 410)
    return f"{match[1]}.0"
