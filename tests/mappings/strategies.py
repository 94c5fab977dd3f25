"""Random links: records and bases with every kind of value that either side may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tasksync_mappings import ConflictPolicy, Field, Kind, Pair, Translation

from .links import FIELDS, NEWER, SIDES, USERS, Link, in_step

if TYPE_CHECKING:
    from collections.abc import Callable

# The same examples on every run, so that a failure is a change of the code and not of the dice; and no clock, because
# other test runs may have the machine.
thoroughly = settings(
    derandomize=True, deadline=None, database=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)

TEMPLATES = ("{{activity_subject}}", "{{activity_type}}: {{Activity_Subject}}", "{{sales_campaign_name}}", "Call")

# Few words and many blanks, breaks, emoji and borders, so that equal, nearly equal and different texts all come up.
_words = st.sampled_from(["", "a", "b", " ", "\t", "\n", "\r\n", "\r", "😀", "é", "x" * 254, "x" * 31_999])
_texts = st.one_of(st.none(), st.lists(_words, max_size=4).map("".join))
_dates = st.sampled_from([None, "2026-11-20", "2026-12-24", "2024-02-29"])
_names = _texts.map(lambda text: text or "n")

_REMINDER_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.SUBJECT: _names,
    Kind.TEXT: _texts,
    Kind.DATE: _dates,
    Kind.USER: st.sampled_from(["u1", "u2", "u9", None]),
}
_TASK_VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    **_REMINDER_VALUES,
    Kind.SUBJECT: _texts,
    Kind.USER: st.sampled_from(["005A", "005B", "005X"]),
}


def _values(field: Field, side: str) -> st.SearchStrategy[Any]:
    if field.values:
        mapped = field.values if side == "reminder" else field.values.values()
        return st.sampled_from([*mapped, "unmapped", "another", None])
    return (_REMINDER_VALUES if side == "reminder" else _TASK_VALUES)[field.kind]


def cut(value: Any) -> Any:
    """A text no longer than Salesforce takes, so that it could lie there."""
    return value[:10_000] if isinstance(value, str) else value


@st.composite
def links(draw: st.DrawFn, *, based: bool = False) -> Link:
    """Any reminder, any task, and any base: none, of some fields, or of all (`based`)."""
    link = in_step()
    for field in FIELDS.fields:
        reminder, task = _values(field, "reminder"), _values(field, "task").map(cut)
        base = Pair(draw(reminder), draw(task)) if based or draw(st.integers(0, 9)) else None
        # A value is likelier to be the base's than a new one: most fields of most changes are untouched.
        keep = [draw(st.booleans()) and base is not None for _ in range(2)]
        held = [
            base.on(side) if kept and base else draw(values)
            for side, kept, values in zip(SIDES, keep, (reminder, task), strict=True)
        ]
        link = link.holding(field.name, *held, base)
    return link


def edits() -> st.SearchStrategy[tuple[str, str, Any]]:
    """A change that a person makes: side, canonical field name, new value."""
    fields = [(side, field) for side in SIDES for field in FIELDS.fields]
    return st.sampled_from(fields).flatmap(
        lambda place: st.tuples(st.just(place[0]), st.just(place[1].name), _values(place[1], place[0]).map(cut))
    )


@st.composite
def hows(draw: st.DrawFn) -> dict[str, Any]:
    """What a merge depends on besides the link: template, policy, and who is newer."""
    return {
        "translation": Translation(FIELDS, USERS, draw(st.sampled_from(TEMPLATES))),
        "policy": draw(st.sampled_from(list(ConflictPolicy))),
        "newer": draw(st.sampled_from(list(NEWER))),
    }


def _trim(value: str) -> str | None:
    return value.strip() or None


def _empty_to_null(value: str) -> str | None:
    return value or None


def _dos(value: str) -> str:
    return _unix(value).replace("\n", "\r\n")


def _unix(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n")


def _then(*steps: Callable[[str], str | None]) -> Callable[[Any], Any]:
    def made(value: Any) -> Any:
        for step in steps:
            if isinstance(value, str):
                value = step(value)
        return value

    return made


salesforces = st.tuples(
    st.sampled_from([[], [_trim]]), st.sampled_from([[], [_unix], [_dos]]), st.sampled_from([[], [_empty_to_null]])
).map(lambda readings: _then(*(step for reading in readings for step in reading)))
"""Readings of what Salesforce does to a written text: trims it or not, line breaks, empty or null."""
