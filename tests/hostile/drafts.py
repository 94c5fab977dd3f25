"""Good answers, and answers on their way to being bad ones."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

from .values import Number, Text

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Good:
    """An answer as the contract has it; a status alone where `body` is None."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bad:
    """What is sent instead.

    Attributes:
        kind: how it was spoiled.
        raw: all bytes.
    """

    kind: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Draft:
    """An answer while it is being spoiled; `content` takes the place of the body as JSON."""

    body: Any
    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes | None = None

    def raw(self) -> bytes:
        """All bytes, as they are sent."""
        content = encoded(self.body) if self.content is None else self.content
        lines = [f"HTTP/1.1 {self.status} Answer"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if not any(name.lower() in {"content-length", "transfer-encoding"} for name, _ in self.headers):
            lines.append(f"Content-Length: {len(content)}")
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + content

    def with_header(self, name: str, *values: str) -> Draft:
        """The same with another header."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*kept, *((name, value) for value in values)))


def encoded(body: Any) -> bytes:
    """A body as it is sent, its numbers with their own digits."""
    if isinstance(body, Text):
        return body.encode("utf-8", "surrogatepass")
    numbers: list[str] = []

    if isinstance(body, str):
        body = str(body)

    def marked(value: Any) -> Any:
        if isinstance(value, Number):
            numbers.append(value.digits)
            return f"\0number {len(numbers) - 1}\0"
        if isinstance(value, dict):
            return {name: marked(member) for name, member in value.items()}
        return [marked(member) for member in value] if isinstance(value, list) else value

    if body is None:
        return b""
    text = json.dumps(marked(body))
    for place, digits in enumerate(numbers):
        text = text.replace(f'"\\u0000number {place}\\u0000"', digits)
    return text.encode()


def draft(good: Good) -> Draft:
    """A good answer, ready to be spoiled."""
    headers = {"Date": "Fri, 20 Nov 2026 08:36:00 GMT", "Content-Type": "application/json"} | good.headers
    return Draft(copy.deepcopy(good.body), good.status, tuple(headers.items()))


def sent(good: Good) -> bytes:
    """A good answer's bytes."""
    return draft(good).raw()


def places(body: Any, path: Path = ()) -> Iterator[Path]:
    """The way to every value within a body, itself included."""
    yield path
    if isinstance(body, dict):
        for name, member in body.items():
            yield from places(member, (*path, name))
    elif isinstance(body, list):
        for at, member in enumerate(body):
            yield from places(member, (*path, at))


def value_at(body: Any, path: Path) -> Any:
    """The value at a place."""
    for step in path:
        body = body[step]
    return body


def put(body: Any, path: Path, value: Any) -> Any:
    """A body with another value at a place."""
    if not path:
        return value
    value_at(body, path[:-1])[path[-1]] = value
    return body
