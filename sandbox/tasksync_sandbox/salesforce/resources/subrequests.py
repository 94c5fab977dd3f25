"""Requests inside a request: what each must say, how they refer to each other, and all of them carried out."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.http import Answer, Call
    from tasksync_sandbox.salesforce.org import Org

_REFERENCE = re.compile(r"@\{([^{}]+)\}")
_LEGAL_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_IDS_CHECKED_SINCE = 52.0
_FORBIDDEN_HEADERS = frozenset({"accept", "authorization", "content-type"})


def check_requests(requests: list[dict[str, Any]], call: Call) -> None:
    """Refuse subrequests that are no requests, share a reference id, or set headers that are not theirs.

    Raises:
        SalesforceError: INVALID_INPUT or JSON_PARSER_ERROR.
    """
    names = [one.get("referenceId") for one in requests]
    for name in names:
        legal = isinstance(name, str) and (call.number < _IDS_CHECKED_SINCE or _LEGAL_ID.fullmatch(name))
        if not legal or names.count(name) > 1:
            raise SalesforceError(Code.INVALID_INPUT, f"referenceId {name!r} is missing, not unique or not allowed")
    for one in requests:
        headers = one.get("httpHeaders") or {}
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            raise SalesforceError(Code.JSON_PARSER_ERROR, "httpHeaders: an object of texts is required")
        if not isinstance(one.get("url"), str) or not isinstance(one.get("method"), str):
            raise SalesforceError(Code.INVALID_INPUT, "url and method are required")
        if _FORBIDDEN_HEADERS & {name.lower() for name in headers}:
            raise SalesforceError(
                Code.INVALID_INPUT, "httpHeaders: Accept, Authorization and Content-Type are not allowed"
            )


class _Undone(Exception):
    """Undo what the requests wrote; `results` is what to answer."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__()
        self.results = results


def _require_all(results: list[dict[str, Any]]) -> None:
    if any(failed(result["httpStatusCode"]) for result in results):
        raise _Undone(results)


def failed(status: int) -> bool:
    """Say whether a status is that of a refused request."""
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
        return [r if failed(r["httpStatusCode"]) else halted(r["referenceId"]) for r in undone.results]
    return results


def _in_order(
    requests: list[dict[str, Any]], call: Call, run: Callable[[Call], Answer], *, all_or_none: bool
) -> list[dict[str, Any]]:
    bodies: dict[str, Any] = {}
    results: list[dict[str, Any]] = []
    stopped = False
    for one in requests:
        name = one["referenceId"]
        if stopped and all_or_none:
            results.append(halted(name))
            continue
        try:
            url, body = _resolved(one.get("url", ""), bodies), _resolved(one.get("body"), bodies)
            answer = run(call.inner(str(one.get("method", "GET")), url, body, one.get("httpHeaders")))
        except SalesforceError as error:
            answer = failure(error)
        if not failed(answer.status):
            bodies[name] = answer.body
        stopped = stopped or failed(answer.status)
        results.append(
            {"body": answer.body, "httpHeaders": answer.headers, "httpStatusCode": answer.status, "referenceId": name}
        )
    return results


def halted(name: str) -> dict[str, Any]:
    """Return the result of a subrequest that was not carried out, or undone, because another one failed."""
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
    name, *steps = _steps(path)
    try:
        found = bodies[name]
        for step in steps:
            found = found[int(step)] if isinstance(found, list) else found[step]
    except (KeyError, IndexError, ValueError, TypeError):
        message = f"Invalid reference specified. No value for {path} found in {name}"
        raise SalesforceError(Code.PROCESSING_HALTED, message) from None
    return found


def references(value: Any) -> set[str]:  # noqa: ANN401  whatever JSON holds
    """Return the reference ids that a URL or body points at."""
    if isinstance(value, dict):
        return set().union(*map(references, value.values()))
    if isinstance(value, list):
        return set().union(*map(references, value))
    return {_steps(path)[0] for path in _REFERENCE.findall(value)} if isinstance(value, str) else set()


def _steps(path: str) -> list[str]:
    return re.findall(r"[^.\[\]]+", path) or [""]
