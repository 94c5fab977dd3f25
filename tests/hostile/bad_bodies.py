"""Ways to spoil an answer's body."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

from .drafts import Draft, encoded, places, put, value_at
from .values import CONTROLS, INJECTED, NUMBERS, ODD, PERSONAL, SPOILT_CSV, VALUES, Text, nested


def text_with(text: Text, value: Any, draw: st.DrawFn) -> Text:
    """A body that is no JSON, with something else somewhere in it."""
    if draw(st.booleans()):
        return Text(draw(st.sampled_from(SPOILT_CSV)))
    at = draw(st.integers(0, len(text)))
    return Text(text[:at] + (value if isinstance(value, str) else str(value)[:4000]) + text[at:])


def replaced(values: st.SearchStrategy[Any]) -> Callable[[Draft, st.DrawFn], Draft]:
    """Other values in one place or in several."""

    def spoil(good: Draft, draw: st.DrawFn) -> Draft:
        spoilt = good
        if isinstance(good.body, Text):
            return replace(good, body=text_with(good.body, draw(values), draw))
        for _ in range(draw(st.integers(1, 3))):
            path = draw(st.sampled_from(list(places(spoilt.body))))
            spoilt = replace(spoilt, body=put(copy.deepcopy(spoilt.body), path, draw(values)))
        return spoilt

    return spoil


def missing(good: Draft, draw: st.DrawFn) -> Draft:
    """A member or a row that is not there."""
    paths = [path for path in places(good.body) if path]
    if isinstance(good.body, Text):
        lines = good.body.splitlines(keepends=True)
        return replace(good, body=Text("".join(draw(st.permutations(lines))[: draw(st.integers(0, len(lines) - 1))])))
    if not paths:
        return replace(good, body={})
    body = copy.deepcopy(good.body)
    path = draw(st.sampled_from(paths))
    del value_at(body, path[:-1])[path[-1]]
    return replace(good, body=body)


def doubled(good: Draft, draw: st.DrawFn) -> Draft:
    """Rows that occur twice, or as often as an id that all of them share."""
    lists = [
        path for path in places(good.body) if isinstance(value_at(good.body, path), list) and value_at(good.body, path)
    ]
    if not lists:
        return replace(good, body=[good.body, good.body])
    body = copy.deepcopy(good.body)
    rows = value_at(body, draw(st.sampled_from(lists)))
    if draw(st.booleans()):
        rows.extend(copy.deepcopy(rows) * draw(st.integers(1, 20)))
    else:
        rows[:] = [copy.deepcopy(rows[0]) for _ in rows]
    return replace(good, body=body)


def same_names_twice(good: Draft, draw: st.DrawFn) -> Draft:
    """A member name that occurs twice."""
    content = encoded(good.body)
    name = draw(st.sampled_from([b"id", b"done", b"data", b"success", b"access_token", b"records", b"next_cursor"]))
    return replace(good, content=content.replace(b'{"', b'{"' + name + b'": 1, "', 1))


def huge_text(good: Draft, draw: st.DrawFn) -> Draft:
    """A text of up to 300,000 characters."""
    paths = [path for path in places(good.body) if isinstance(value_at(good.body, path), str)] or [()]
    text = draw(st.sampled_from(["x", "\u00e9", "\U0001f600", "' OR ", "\\", "\n", PERSONAL])) * draw(
        st.sampled_from([300, 5_000, 40_000, 300_000])
    )
    return replace(good, body=put(copy.deepcopy(good.body), draw(st.sampled_from(paths)), text))


def surrogates(good: Draft, draw: st.DrawFn) -> Draft:
    """Half characters."""
    paths = [path for path in places(good.body) if isinstance(value_at(good.body, path), str)] or [()]
    text = draw(st.sampled_from(["\ud800", "a\udfffb", "\ude00\ud83d", "00T\ud83d", "\ud83d\ud83d\ude00"]))
    return replace(good, body=put(copy.deepcopy(good.body), draw(st.sampled_from(paths)), text))


def deep(good: Draft, draw: st.DrawFn) -> Draft:
    """Lists or objects within each other, up to 200,000 of them."""
    value = nested(draw(st.sampled_from([50, 400])), of=draw(st.sampled_from(["list", "object"])))
    paths = list(places(good.body))
    spoilt = put(copy.deepcopy(good.body), draw(st.sampled_from(paths)), "\0deep\0")
    opening, closing = draw(st.sampled_from([(b"[", b"]"), (b'{"a":', b"}")]))
    deep = draw(st.sampled_from([None, 900, 1_500, 20_000, 200_000]))
    inner = encoded(value) if deep is None else opening * deep + b"1" + closing * deep
    return replace(good, content=encoded(spoilt).replace(b'"\\u0000deep\\u0000"', inner))


def elsewhere_in(url: str) -> Callable[[Draft, st.DrawFn], Draft]:
    """Addresses of another host wherever a text is, and ways to smuggle one."""

    def spoil(good: Draft, draw: st.DrawFn) -> Draft:
        host = url.removeprefix("http://")
        paths = [path for path in places(good.body) if isinstance(value_at(good.body, path), str)] or [()]
        address = draw(
            st.sampled_from(
                [
                    url,
                    f"{url}/services/data/v62.0/query/01g",
                    f"//{host}/services/data/v62.0/query/01g",
                    f"@{host}/",
                    f".{host}/",
                    f"https://login.salesforce.com@{host}",
                    f"http://{host}#https://acme.my.salesforce.com",
                    f"\\\\{host}\\x",
                    f"{url}\\@x",
                    f"/services/data/v62.0/../../../{host}",
                    f"/services/data/v62.0/query/{url}",
                    "file:///etc/passwd",
                    "http://[::1",
                    f"{url}\t",
                ]
            )
        )
        body = copy.deepcopy(good.body)
        for path in draw(st.sampled_from([paths, [draw(st.sampled_from(paths))]])):
            body = put(body, path, address)
        if isinstance(body, dict) and "done" in body:
            body |= {"done": False, "nextRecordsUrl": address}
        return replace(good, body=body)

    return spoil


def errors(good: Draft, draw: st.DrawFn) -> Draft:
    """Error objects whose members are what they should not be."""
    texts = st.sampled_from(
        [
            *ODD,
            *INJECTED,
            PERSONAL,
            CONTROLS,
            "REQUEST_LIMIT_EXCEEDED",
            "INVALID_SESSION_ID",
            "DUPLICATE_VALUE",
            "x" * 9000,
        ]
    )
    member = st.one_of(texts, VALUES, st.sampled_from(NUMBERS))
    error = st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            (
                "errorCode",
                "statusCode",
                "message",
                "fields",
                "code",
                "error",
                "error_description",
                "holder_id",
                "success",
                "status",
                "id",
            ),
            member,
        ),
    )
    found = draw(error)
    body = draw(
        st.sampled_from([[found], found, {"error": found}, [[found]], {"errors": [found]}, found.get("message")])
    )
    status = draw(st.sampled_from([400, 401, 403, 404, 409, 410, 412, 422, 429, 500, 503]))
    return replace(good, body=body, status=status)


def row_errors(good: Draft, draw: st.DrawFn) -> Draft:
    """Rows of a batch answer that failed in odd ways."""
    texts = st.sampled_from(
        [*ODD, *INJECTED, PERSONAL, CONTROLS, "UNABLE_TO_LOCK_ROW", "DUPLICATE_VALUE", "ENTITY_IS_DELETED", "NOT_FOUND"]
    )
    member = st.one_of(texts, VALUES)
    rows = (
        good.body
        if isinstance(good.body, list)
        else (good.body or {}).get("results")
        if isinstance(good.body, dict)
        else None
    )
    if not isinstance(rows, list):
        return errors(good, draw)
    failed = [
        {
            "success": False,
            "id": draw(member),
            "errors": [{"statusCode": draw(member), "message": draw(member), "fields": draw(member)}],
        }
        if isinstance(good.body, list)
        else {
            "status": draw(st.sampled_from([400, 401, 409, 412, 422, 500, 0, -1, 10**9])),
            "error": {"code": draw(member), "message": draw(member)},
        }
        for _ in rows
    ]
    return replace(good, body=failed if isinstance(good.body, list) else {**good.body, "results": failed})


def loop(good: Draft, draw: st.DrawFn) -> Draft:
    """A page that always names a further one: the same, or ever another."""
    if not isinstance(good.body, dict):
        return replace(good, body={"data": [], "records": [], "done": False, "next_cursor": "again"})
    body = copy.deepcopy(good.body)
    same = draw(st.booleans())
    mark = "again" if same else "\0count\0"
    if draw(st.booleans()):
        body |= {name: [] for name in ("data", "records") if name in body}
    body |= {"done": False, "nextRecordsUrl": f"/services/data/v62.0/query/01g-{mark}"} if "done" in body else {}
    body |= {"next_cursor": mark} if "next_cursor" in body else {}
    return replace(good, body=body)
