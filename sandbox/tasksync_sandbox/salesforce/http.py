"""Requests and answers inside the Salesforce side: the same for a request of its own and for one inside a composite."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import msgspec

from tasksync_sandbox.salesforce.errors import Code, SalesforceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasksync_sandbox.core.faults import RequestFaults

LONGEST_URI = 16_384


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a data resource.

    Attributes:
        method: GET, POST, PATCH, PUT or DELETE.
        path: still percent-encoded, without the query.
        params: the query's parameters.
        headers: by lower-case name.
        body: the JSON body, decoded, or the bytes of CSV; None without one.
        user: id of the session's user.
        faults: those that concern the HTTP request.
        version: of the path, such as 60.0.
        names: what the path's pattern found, decoded.
    """

    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    body: Any
    user: str
    faults: RequestFaults
    version: str = ""
    names: dict[str, str] = field(default_factory=dict)

    @property
    def number(self) -> float:
        """The version as a number."""
        return float(self.version)

    @property
    def base(self) -> str:
        """Path that all resources of this version start with."""
        return f"/services/data/v{self.version}"

    def inner(self, method: str, url: str, body: Any, headers: Mapping[str, str] | None = None) -> Call:  # noqa: ANN401
        """Return a call made from inside this one, with a URL that may lack its host and leading slash."""
        path, _, query = url.partition("?")
        return replace(
            self,
            method=method.upper(),
            path="/" + path.lstrip("/"),
            params=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in (headers or {}).items()},
            body=body,
        )

    def named(self, version: str, names: dict[str, str]) -> Call:
        """Return the call with what its path says."""
        return replace(self, version=version, names={name: value for name, value in names.items() if name != "version"})

    def object_body(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object.

        Raises:
            SalesforceError: JSON_PARSER_ERROR.
        """
        if not isinstance(self.body, dict):
            message = "The HTTP entity body is required, but this request has no entity body."
            raise SalesforceError(Code.JSON_PARSER_ERROR, message)
        return self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """What a resource answers; a body of None is an empty one."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resource:
    """A path below `/services/data/vXX.X` and what each method does there.

    Attributes:
        path: as shown in counts: `/sobjects/{object}/{id}`.
        methods: by HTTP method.
        pattern: matches the encoded path, whatever the case of its fixed parts.
        since: first version that has it.
    """

    path: str
    methods: dict[str, Callable[[Call], Answer]]
    pattern: re.Pattern[str]
    since: float


VERSION_PATH = "/services/data/v{version}"


def spelled(path: str) -> re.Pattern[str]:
    """Return what matches a path in any case and with any slashes around it; names in braces match one segment each."""
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
    return re.compile(f"/*{pattern}/*", re.IGNORECASE)


def resource(path: str, *, since: float = 0.0, **methods: Callable[[Call], Answer]) -> Resource:
    """Return a resource below a version's path; older versions than `since` do not have it."""
    return Resource(path, methods, spelled(VERSION_PATH + path), since)


def names_in(match: re.Match[str]) -> dict[str, str]:
    """Return the names that a path holds, decoded."""
    return {name: unquote(value) for name, value in match.groupdict().items()}


def find(
    resources: list[Resource], method: str, path: str, version: float
) -> tuple[Callable[[Call], Answer], dict[str, str]]:
    """Return what serves a method on a path in a version, and the names that the path holds.

    Raises:
        SalesforceError: 404 or 405.
    """
    allowed: set[str] = set()
    for candidate in resources:
        match = candidate.pattern.fullmatch(path)
        if match is None or version < candidate.since:
            continue
        handler = candidate.methods.get("GET" if method == "HEAD" else method)
        if handler is not None:
            return handler, names_in(match)
        allowed |= set(candidate.methods)
    if allowed:
        message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(sorted(allowed))}"
        raise SalesforceError(Code.METHOD_NOT_ALLOWED, message, 405)
    raise SalesforceError(Code.NOT_FOUND, "The requested resource does not exist", 404)


def objects(value: Any, name: str) -> list[dict[str, Any]]:  # noqa: ANN401  whatever JSON holds
    """Return what must be an array of JSON objects.

    Raises:
        SalesforceError: JSON_PARSER_ERROR.
    """
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise SalesforceError(Code.JSON_PARSER_ERROR, f"{name}: an array of objects is required")
    return value


def failure(error: SalesforceError) -> Answer:
    """Return the answer of a request that failed as a whole: an array, even for one error."""
    return Answer([error.as_answer()], error.status)


def decoded(body: bytes, content_type: str, method: str) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return a request's JSON body, or the bytes of a PUT, which uploads CSV; None when there is none.

    Raises:
        SalesforceError: 415 for another content type, JSON_PARSER_ERROR for what is no JSON.
    """
    if not body:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    if method == "PUT" and kind == "text/csv":
        return body
    if kind != "application/json":
        message = f"Content type '{content_type or 'none'}' is not supported: use application/json"
        raise SalesforceError(Code.UNSUPPORTED_MEDIA_TYPE, message, 415)
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise SalesforceError(Code.JSON_PARSER_ERROR, f"{error} at [line:1, column:1]") from None
