"""Composite graph: record requests that depend on each other, each graph whole or not at all (Salesforce facts, §4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, objects, resource
from tasksync_sandbox.salesforce.resources.subrequests import check_requests, failed, halted, references, run_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.org import Org

    Requests = list[dict[str, Any]]

MOST_GRAPHS, MOST_NODES, MOST_FAILED_GRAPHS, MOST_DEPTH, MOST_KINDS = 75, 500, 14, 15, 15
_ROW_URL = re.compile(r"(/services/data/v\d+\.\d/sobjects/[^/?]+)(/[^/]+){0,2}/?", re.IGNORECASE)


class GraphResources:
    """Graphs of one org's records."""

    def __init__(self, org: Org, inner: Callable[[Call], Answer]) -> None:
        """Carry out the nodes with `inner`."""
        self._org = org
        self._inner = inner

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [resource("/composite/graph", since=50.0, POST=self.graph)]

    def graph(self, call: Call) -> Answer:
        """Carry out graphs of record requests; one call in all."""
        graphs = objects(call.object_body().get("graphs"), "graphs")
        if not 0 < len(graphs) <= MOST_GRAPHS:
            raise SalesforceError(Code.INVALID_INPUT, f"graphs: 1 to {MOST_GRAPHS} graphs are required")
        parts = [objects(graph.get("compositeRequest"), "compositeRequest") for graph in graphs]
        if sum(map(len, parts)) > MOST_NODES:
            raise SalesforceError(Code.LIMIT_EXCEEDED, f"more than {MOST_NODES} nodes in one request")
        for requests in parts:
            _check(requests, call)
        answers: list[dict[str, Any]] = []
        for graph, requests in zip(graphs, parts, strict=True):
            if sum(not answer["isSuccessful"] for answer in answers) >= MOST_FAILED_GRAPHS:
                results = [halted(one["referenceId"]) for one in requests]
            else:
                results = run_all(self._org, requests, call, self._inner, all_or_none=True)
            ok = not any(failed(result["httpStatusCode"]) for result in results)
            answer = {"graphId": graph.get("graphId"), "graphResponse": {"compositeResponse": results}}
            answers.append({**answer, "isSuccessful": ok})
        return Answer({"graphs": answers})


def _check(requests: Requests, call: Call) -> None:
    """Refuse a graph with other URLs than those of records, too deep, or of too many kinds of nodes.

    Raises:
        SalesforceError: INVALID_INPUT or LIMIT_EXCEEDED.
    """
    check_requests(requests, call)
    kinds = set()
    for one in requests:
        match = _ROW_URL.fullmatch(one["url"].partition("?")[0])
        if match is None:
            message = f"only sObject row URLs are allowed in a graph: {one['url']}"
            raise SalesforceError(Code.INVALID_INPUT, message)
        kinds.add((one["method"].upper(), match[1].lower()))
    if len(kinds) > MOST_KINDS:
        raise SalesforceError(Code.LIMIT_EXCEEDED, f"more than {MOST_KINDS} different nodes in a graph")
    if _depth(requests) > MOST_DEPTH:
        raise SalesforceError(Code.LIMIT_EXCEEDED, f"a graph is at most {MOST_DEPTH} nodes deep")


def _depth(requests: Requests) -> int:
    """Return how many nodes the longest chain of references has; they lead to earlier nodes only."""
    depths: dict[str, int] = {}
    for one in requests:
        parents = references([one["url"], one.get("body")])
        depths[one["referenceId"]] = 1 + max((depths.get(name, 0) for name in parents), default=0)
    return max(depths.values(), default=0)
