"""Several requests in one: composite and composite batch (Salesforce facts, §4)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, failure, resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.org import Org

MOST_REQUESTS, MOST_HEAVY = 25, 5
MOST_GRAPHS, MOST_NODES, MOST_FAILED_GRAPHS = 75, 500, 14
_ROW_URL = re.compile(r"/services/data/v\d+\.\d/sobjects/[^/]+(/[^/]+){0,2}/?$", re.IGNORECASE)
_REFERENCE = re.compile(r"@\{([^{}]+)\}")
_LEGAL_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_IDS_CHECKED_SINCE = 52.0
_HEAVY = re.compile(r"/(composite/sobjects|query|queryall)\b", re.IGNORECASE)
_FORBIDDEN_HEADERS = frozenset({"accept", "authorization", "content-type"})
OLDEST_BATCHED = 34.0


class CompositeResources:
    """Requests made of requests."""

    def __init__(self, org: Org, dispatch: Callable[[Call], Answer]) -> None:
        """Carry out the inner requests with `dispatch`."""
        self._org = org
        self._dispatch = dispatch

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [
            resource("/composite", POST=self.composite),
            resource("/composite/batch", POST=self.batch),
            resource("/composite/graph", POST=self.graph),
        ]

    def _inner(self, call: Call) -> Answer:
        """Carry out an inner request; what it wrote is undone when it fails."""
        try:
            with self._org.store.transaction():
                return self._dispatch(call)
        except SalesforceError as error:
            return failure(error)

    def batch(self, call: Call) -> Answer:
        """Carry out independent requests, each of which counts as a call."""
        body = call.object_body()
        requests = body.get("batchRequests")
        if not isinstance(requests, list) or not 0 < len(requests) <= MOST_REQUESTS:
            raise SalesforceError(Code.INVALID_BATCH, f"batchRequests: 1 to {MOST_REQUESTS} requests are required")
        results: list[dict[str, Any]] = []
        halted = False
        for one in requests:
            if halted:
                error = SalesforceError(Code.BATCH_PROCESSING_HALTED, "Batch processing halted per request", 412)
                results.append({"statusCode": 412, "result": [error.as_answer()]})
                continue
            self._org.calls_used += 1
            answer = self._batched(call, one)
            results.append({"statusCode": answer.status, "result": answer.body})
            halted = bool(body.get("haltOnError")) and _failed(answer.status)
        self._org.calls_used -= 1
        failed = any(_failed(result["statusCode"]) for result in results)
        return Answer({"hasErrors": failed, "results": results})

    def _batched(self, call: Call, one: dict[str, Any]) -> Answer:
        url = "/" + str(one.get("url", "")).lstrip("/")
        if not url.lower().startswith("/services/data/"):
            url = "/services/data" + url
        version = re.match(r"/services/data/v(\d+\.\d)", url, re.IGNORECASE)
        if version is None or not OLDEST_BATCHED <= float(version[1]) <= call.number:
            return failure(SalesforceError(Code.INVALID_API_VERSION, f"version of {url} is not allowed in this batch"))
        return self._inner(call.inner(str(one.get("method", "GET")), url, one.get("richInput")))

    def composite(self, call: Call) -> Answer:
        """Carry out requests that may refer to each other's answers; one call in all."""
        body = call.object_body()
        requests = body.get("compositeRequest")
        if not isinstance(requests, list) or not 0 < len(requests) <= MOST_REQUESTS:
            raise SalesforceError(Code.INVALID_INPUT, f"compositeRequest: 1 to {MOST_REQUESTS} requests are required")
        _check_requests(requests, call)
        results = run_all(self._org, requests, call, self._inner, all_or_none=bool(body.get("allOrNone")))
        return Answer({"compositeResponse": results})

    def graph(self, call: Call) -> Answer:
        """Carry out graphs of record requests, each of them whole or not at all; one call in all."""
        graphs = call.object_body().get("graphs")
        if not isinstance(graphs, list) or not 0 < len(graphs) <= MOST_GRAPHS:
            raise SalesforceError(Code.INVALID_INPUT, f"graphs: 1 to {MOST_GRAPHS} graphs are required")
        if sum(len(graph.get("compositeRequest") or ()) for graph in graphs) > MOST_NODES:
            raise SalesforceError(Code.LIMIT_EXCEEDED, f"more than {MOST_NODES} nodes in one request")
        answers: list[dict[str, Any]] = []
        for graph in graphs:
            requests = graph.get("compositeRequest") or []
            if sum(not answer["isSuccessful"] for answer in answers) >= MOST_FAILED_GRAPHS:
                results = [_halted(one.get("referenceId", "")) for one in requests]
            else:
                results = self._graph(call, requests)
            ok = not any(_failed(result["httpStatusCode"]) for result in results)
            answer = {"graphId": graph.get("graphId"), "graphResponse": {"compositeResponse": results}}
            answers.append({**answer, "isSuccessful": ok})
        return Answer({"graphs": answers})

    def _graph(self, call: Call, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for one in requests:
            if not _ROW_URL.search(str(one.get("url", ""))):
                message = f"only sObject row URLs are allowed in a graph: {one.get('url')}"
                raise SalesforceError(Code.INVALID_INPUT, message)
        return run_all(self._org, requests, call, self._inner, all_or_none=True)


class _Undone(Exception):
    """Undo what the requests wrote; `results` is what to answer."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__()
        self.results = results


def _require_all(results: list[dict[str, Any]]) -> None:
    if any(_failed(result["httpStatusCode"]) for result in results):
        raise _Undone(results)


def _failed(status: int) -> bool:
    return status >= HTTPStatus.BAD_REQUEST


def run_all(
    org: Org, requests: list[dict[str, Any]], call: Call, run: Callable[[Call], Answer], *, all_or_none: bool
) -> list[dict[str, Any]]:
    """Carry out requests in order and return their results; with `all_or_none` one failure undoes and halts all."""
    try:
        with org.store.transaction():
            results = _in_order(requests, call, run, all_or_none=all_or_none)
            if all_or_none:
                _require_all(results)
    except _Undone as undone:
        return [r if _failed(r["httpStatusCode"]) else _halted(r["referenceId"]) for r in undone.results]
    return results


def _in_order(
    requests: list[dict[str, Any]], call: Call, run: Callable[[Call], Answer], *, all_or_none: bool
) -> list[dict[str, Any]]:
    bodies: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    failed = False
    for one in requests:
        name = one["referenceId"]
        if failed and all_or_none:
            results.append(_halted(name))
            continue
        try:
            url, body = _resolved(one.get("url", ""), bodies), _resolved(one.get("body"), bodies)
            answer = run(call.inner(str(one.get("method", "GET")), url, body, one.get("httpHeaders")))
        except SalesforceError as error:
            answer = failure(error)
        if not _failed(answer.status):
            bodies[name] = answer.body
        failed = failed or _failed(answer.status)
        results.append(
            {"body": answer.body, "httpHeaders": answer.headers, "httpStatusCode": answer.status, "referenceId": name}
        )
    return results


def _check_requests(requests: list[dict[str, Any]], call: Call) -> None:
    names = [one.get("referenceId") for one in requests]
    for name in names:
        legal = isinstance(name, str) and (call.number < _IDS_CHECKED_SINCE or _LEGAL_ID.fullmatch(name))
        if not legal or names.count(name) > 1:
            raise SalesforceError(Code.INVALID_INPUT, f"referenceId {name!r} is missing, not unique or not allowed")
    if sum(bool(_HEAVY.search(str(one.get("url", "")))) for one in requests) > MOST_HEAVY:
        message = f"Cannot have more than {MOST_HEAVY} query or collection subrequests"
        raise SalesforceError(Code.LIMIT_EXCEEDED, message)
    for one in requests:
        if _FORBIDDEN_HEADERS & {name.lower() for name in one.get("httpHeaders") or {}}:
            raise SalesforceError(
                Code.INVALID_INPUT, "httpHeaders: Accept, Authorization and Content-Type are not allowed"
            )


def _halted(name: str) -> dict[str, Any]:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    error = {"errorCode": "PROCESSING_HALTED", "message": message}
    return {"body": [error], "httpHeaders": {}, "httpStatusCode": 400, "referenceId": name}


def _resolved(value: Any, bodies: dict[str, Any]) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return a URL or body with references to earlier answers replaced by what they point at.

    Raises:
        SalesforceError: a reference leads nowhere.
    """
    if isinstance(value, dict):
        return {name: _resolved(inner, bodies) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, bodies) for inner in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(lambda match: str(_pointed(match[1], bodies)), value)


def _pointed(path: str, bodies: dict[str, Any]) -> Any:  # noqa: ANN401  whatever JSON holds
    name, *steps = re.findall(r"[^.\[\]]+", path)
    try:
        found = bodies[name]
        for step in steps:
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (KeyError, IndexError, ValueError, TypeError):
        message = f"Invalid reference specified. No value for {path} found in {name}"
        raise SalesforceError(Code.PROCESSING_HALTED, message) from None
    return found
