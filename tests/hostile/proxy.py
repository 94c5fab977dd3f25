"""A proxy in front of the sandbox that spoils some of its answers, and pipelines that talk to it."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import requests

from .drafts import encoded, places, put, value_at
from .values import CONTROLS, DATES, INJECTED, NUMBERS, ODD, PERSONAL
from .wire import Request, WireServer

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

DROPPED = {"content-length", "transfer-encoding", "content-encoding", "connection", "host"}
TRUTHS = {
    "deleted_at",
    "IsDeleted",
    "salesforce_task_id",
    "Sales_Connect_Id__c",
    "enabled",
    "done",
    "next_cursor",
    "totalSize",
}
"""Members in which another good value, or none, would be a lie that nobody could tell from the truth."""
IDS = {"id", "Id", "account_id", "access_token", "instance_url"}


class Proxy(WireServer):
    """Passes on to one service; where `random` is set, about one answer of `rarity` comes back spoilt.

    Attributes:
        tally: how often it spoilt an answer, by kind.
    """

    def __init__(self, upstream: str, elsewhere: str) -> None:
        self.upstream = upstream
        self.elsewhere = elsewhere
        self.random: random.Random | None = None
        self.rarity = 4
        self.tally: Counter[str] = Counter()
        self._http = requests.Session()
        self._lock = threading.Lock()
        super().__init__(answer=self._pass_on)

    def _pass_on(self, request: Request) -> bytes:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in DROPPED}
        with self._lock:
            answer = self._http.request(
                request.method,
                self.upstream + request.target,
                data=request.body,
                headers=headers,
                timeout=30,
                allow_redirects=False,
            )
            own = answer.content.replace(self.upstream.encode(), self.url.encode())
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in DROPPED}
            if self.random is not None and self.random.randrange(self.rarity) == 0:
                return self._spoilt(self.random, answer.status_code, kept, own)
        return _framed(answer.status_code, kept, own)

    def _spoilt(self, dice: random.Random, status: int, headers: dict[str, str], content: bytes) -> bytes:
        kind = dice.choice(list(WHOLE) + list(PARTS) * 2)
        self.tally[kind] += 1
        if kind in WHOLE:
            return WHOLE[kind](status, headers, content, self.elsewhere)
        try:
            body = json.loads(content)
        except ValueError:
            return b""
        return _framed(status, headers, encoded(PARTS[kind](dice, body)))


def _framed(status: int, headers: dict[str, str], content: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
    if status != requests.codes.no_content:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


HTML = f"<html><title>{PERSONAL}</title></html>".encode()
WHOLE: dict[str, Callable[[int, dict[str, str], bytes, str], bytes]] = {
    "HTML": lambda status, _, __, ___: _framed(status, {"Content-Type": "text/html"}, HTML),
    "truncated JSON": lambda status, headers, content, _: _framed(status, headers, content[: len(content) // 2]),
    "cut amid the body": lambda status, headers, content, _: _framed(status, headers, content)[:-7],
    "no answer": lambda *_: b"",
    "compressed bomb": lambda status, headers, _, __: _framed(
        status, headers | {"Content-Encoding": "gzip"}, gzip.compress(b"[" * 3_000_000)
    ),
    "redirect": lambda _, headers, content, url: _framed(307, headers | {"Location": url + "/steal"}, content),
    "server fault": lambda _, headers, __, ___: _framed(503, headers, HTML),
    "absurd Date": lambda status, headers, content, _: _framed(
        status, headers | {"date": "Fri, 31 Dec 9999 23:59:59 GMT"}, content
    ),
}


def _replaced(values: tuple[Any, ...], spared: set[str], *, texts_only: bool) -> Callable[[random.Random, Any], Any]:
    def spoil(dice: random.Random, body: Any) -> Any:
        found = [path for path in places(body) if path and not spared & set(path)]
        if texts_only:
            found = [path for path in found if isinstance(value_at(body, path), str)]
        return put(body, dice.choice(found), dice.choice(values)) if found else body

    return spoil


def _wrong_type(dice: random.Random, body: Any) -> Any:
    """Something that is certainly not what belongs there: a good value of the same type would be a lie."""
    values = [True, 7, 1.5, "text", [], {}, [None], {"a": {"b": []}}]
    path = dice.choice(list(places(body)))
    held = value_at(body, path)
    other = [value for value in values if not isinstance(value, type(held)) and held is not None]
    return put(body, path, dice.choice(other)) if other else body


def _missing(dice: random.Random, body: Any) -> Any:
    """A member that is not there; a row that is not there would be a lie."""
    found = [path for path in places(body) if path and isinstance(path[-1], str) and path[-1] not in TRUTHS]
    if found:
        path = dice.choice(found)
        del value_at(body, path[:-1])[path[-1]]
    return body


def _deep() -> Any:
    value: Any = 1
    for _ in range(300):
        value = {"a": [value]}
    return value


PARTS: dict[str, Callable[[random.Random, Any], Any]] = {
    "wrong type": _wrong_type,
    "missing member": _missing,
    "huge text": _replaced(("x" * 300_000, "' OR " * 50_000), IDS | TRUTHS, texts_only=True),
    "control characters": _replaced((CONTROLS, "\0", "\x1b[2J", "a\r\nb"), TRUTHS, texts_only=True),
    "lone surrogates": _replaced(("\ud800", "a\udfffb"), IDS | TRUTHS, texts_only=True),
    "odd Unicode": _replaced(ODD, IDS | TRUTHS, texts_only=True),
    "injected texts": _replaced(INJECTED, IDS | TRUTHS, texts_only=True),
    "absurd numbers": _replaced(tuple(NUMBERS), TRUTHS, texts_only=False),
    "absurd dates": _replaced(DATES, IDS | TRUTHS, texts_only=True),
    "deep nesting": _replaced((_deep(),), TRUTHS, texts_only=False),
}
