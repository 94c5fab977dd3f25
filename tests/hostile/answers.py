"""Answers of a service that has gone wrong, or means harm: each kind spoils a good answer in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

from .bad_bodies import (
    deep,
    doubled,
    elsewhere_in,
    errors,
    huge_text,
    loop,
    missing,
    replaced,
    row_errors,
    same_names_twice,
    surrogates,
)
from .bad_http import (
    HEADERS,
    bomb,
    broken_bytes,
    chunks,
    encoded_lies,
    html,
    lengths,
    raw_kinds,
    redirect,
    retry_after,
    statuses,
    truncated,
)
from .drafts import Bad, Draft, Good, draft
from .values import CONTROLS, DATES, INJECTED, NUMBERS, ODD, VALUES

SPOILERS: dict[str, Callable[[Draft, st.DrawFn], Draft]] = {
    "wrong type": replaced(VALUES),
    "missing member": missing,
    "huge text": huge_text,
    "control characters": replaced(st.sampled_from([CONTROLS, "\0", "a\0b", "\x1b[2J", "\r\n", "\x9b31m", "\u2028"])),
    "lone surrogates": surrogates,
    "odd Unicode": replaced(st.sampled_from(ODD)),
    "injected texts": replaced(st.sampled_from(INJECTED)),
    "absurd numbers": replaced(st.sampled_from(NUMBERS)),
    "absurd dates": replaced(st.sampled_from(DATES)),
    "deep nesting": deep,
    "doubled rows or ids": doubled,
    "doubled member names": same_names_twice,
    "cursors that never end": loop,
    "HTML": html,
    "truncated JSON": truncated,
    "broken bytes": broken_bytes,
    "compressed bomb": bomb,
    "lying Content-Encoding": encoded_lies,
    "lying Content-Length": lengths,
    "broken chunks": chunks,
    "odd status": statuses,
    "odd error object": errors,
    "odd row errors": row_errors,
    "Retry-After": retry_after,
    **HEADERS,
}


def kinds(elsewhere: str) -> dict[str, Callable[[Draft, st.DrawFn], Draft]]:
    """All kinds, those that lead to another host included; a body is spoilt before it is framed."""
    return SPOILERS | {"redirect": redirect(elsewhere), "address elsewhere": elsewhere_in(elsewhere)}


BROKEN_HTTP = "broken HTTP"


KINDS = (*kinds(""), BROKEN_HTTP)


@st.composite
def bad_answers(draw: st.DrawFn, kind: str, good: Good, elsewhere: str) -> Bad:
    """Answers to one request, spoilt in one of `KINDS`, and every fifth with an absurd header besides."""
    start = draft(good)
    if kind == BROKEN_HTTP:
        return Bad(kind, raw_kinds(start.raw(), draw))
    spoilt = kinds(elsewhere)[kind](start, draw)
    if draw(st.integers(0, 4)) == 0:
        spoilt = draw(st.sampled_from(list(HEADERS.values())))(spoilt, draw)
    return Bad(kind, spoilt.raw())
