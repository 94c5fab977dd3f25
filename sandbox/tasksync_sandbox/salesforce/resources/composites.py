"""Several requests in one: composite and composite batch (Salesforce facts, §4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, failure, objects, resource
from tasksync_sandbox.salesforce.resources.graphs import GraphResources
from tasksync_sandbox.salesforce.resources.subrequests import check_requests, failed, run_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.org import Org

MOST_REQUESTS, MOST_HEAVY = 25, 5
_HEAVY = re.compile(r"/(composite/sobjects|query|queryall)\b", re.IGNORECASE)
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
            resource("/composite", since=38.0, POST=self.composite),
            resource("/composite/batch", since=34.0, POST=self.batch),
            *GraphResources(self._org, self.inner).resources(),
        ]

    def inner(self, call: Call) -> Answer:
        """Carry out an inner request; what it wrote is undone when it fails."""
        try:
            with self._org.store.transaction():
                return self._dispatch(call)
        except SalesforceError as error:
            return failure(error)

    def batch(self, call: Call) -> Answer:
        """Carry out independent requests, each of which counts as a call."""
        body = call.object_body()
        requests = objects(body.get("batchRequests"), "batchRequests")
        if not 0 < len(requests) <= MOST_REQUESTS:
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
            halted = bool(body.get("haltOnError")) and failed(answer.status)
        self._org.calls_used -= 1
        has_errors = any(failed(result["statusCode"]) for result in results)
        return Answer({"hasErrors": has_errors, "results": results})

    def _batched(self, call: Call, one: dict[str, Any]) -> Answer:
        url = "/" + str(one.get("url", "")).lstrip("/")
        if not url.lower().startswith("/services/data/"):
            url = "/services/data" + url
        version = re.match(r"/services/data/v(\d+\.\d)", url, re.IGNORECASE)
        if version is None or not OLDEST_BATCHED <= float(version[1]) <= call.number:
            return failure(SalesforceError(Code.INVALID_API_VERSION, f"version of {url} is not allowed in this batch"))
        return self.inner(call.inner(str(one.get("method", "GET")), url, one.get("richInput")))

    def composite(self, call: Call) -> Answer:
        """Carry out requests that may refer to each other's answers; one call in all."""
        body = call.object_body()
        requests = objects(body.get("compositeRequest"), "compositeRequest")
        if not 0 < len(requests) <= MOST_REQUESTS:
            raise SalesforceError(Code.INVALID_INPUT, f"compositeRequest: 1 to {MOST_REQUESTS} requests are required")
        check_requests(requests, call)
        _check_heavy(requests)
        results = run_all(self._org, requests, call, self.inner, all_or_none=bool(body.get("allOrNone")))
        return Answer({"compositeResponse": results})


def _check_heavy(requests: list[dict[str, Any]]) -> None:
    if sum(bool(_HEAVY.search(one["url"])) for one in requests) > MOST_HEAVY:
        message = f"Cannot have more than {MOST_HEAVY} query or collection subrequests"
        raise SalesforceError(Code.LIMIT_EXCEEDED, message)
