"""What the state machine draws: values with every oddity that both sides accept, faults, and ways to die."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.sync.machine_model import SIDES
from tests.sync.machine_runs import DIRECTIONS, STEPS
from tests.sync.machine_values import as_held, same
from tests.sync.machine_world import ASSIGNEES, OWNERS, SALES_CONNECT, SALESFORCE


class Long(str):
    """A character many times over, shown briefly: Hypothesis shows every value that it could draw."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{self[0]!r} * {len(self)}"


TEMPLATES = ("{{activity_subject}}", "{{activity_type}}: {{activity_subject}}", "{{activity_type}} reminder")

NAMES = (
    "Call Ann",
    "Write to Bob",
    "  blanks around  ",
    "two\r\nlines\nand a third",
    "bell\x07 tab\t nel\x85 end",
    Long("n" * 300),
    Long("😀" * 140),
    " ",
)
TEXTS = (
    None,
    "",
    "short",
    "another",
    " \t blanks around \n",
    "a\r\nb\rc\n",
    Long("d" * 33_000),
    Long("😀" * 16_500),
    "bell\x07 vertical\x0b \u2028 \ufeffmark",
)
DATES = (None, "2030-01-07", "2030-01-08", "2024-02-29")
TASK_TEXTS = tuple(text for text in TEXTS if len(text or "") < 16_500)
SUBJECTS = (None, *(name for name in NAMES if len(name) < 140))

VALUES: dict[str, dict[str, tuple[Any, ...]]] = {
    "reminder": {
        "name": NAMES,
        "status": ("open", "completed"),
        "priority": ("normal", "high"),
        "due_date": DATES,
        "details": TEXTS,
        "assignee": ASSIGNEES,
    },
    "task": {
        "name": SUBJECTS,
        "status": ("Not Started", "Completed", "In Progress", "Deferred"),
        "priority": ("Normal", "High", "Low"),
        "due_date": DATES,
        "details": TASK_TEXTS,
        "assignee": OWNERS,
    },
}

SUBTYPES = ("Task", "Task", "Task", "Call", "LinkedIn", "Email")

_fields = st.sampled_from(
    (*(name for name in VALUES["task"] if name != "assignee"), *("status", "due_date") * 2, "assignee")
)
"""Fields to change; not the user too often, for most other users take no part."""


def other_than(held: Any, side: str, name: str, wanted: Any) -> Any:
    """The value wanted, or the next one where that is held already: an edit that changes nothing is none."""
    values = VALUES[side][name]
    start = values.index(wanted)
    turned = values[start:] + values[:start]
    return next(value for value in turned if not same(side, as_held(side, name, value), held))


def change_of(side: str) -> st.SearchStrategy[dict[str, Any]]:
    """One or two fields with new values, by canonical name."""
    one = _fields.flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(VALUES[side][name])))
    return st.lists(one, min_size=1, max_size=2).map(dict)


changes = st.sampled_from(SIDES).flatmap(lambda side: st.tuples(st.just(side), change_of(side)))
"""A side, and what somebody changes there."""

changes_of_both = _fields.flatmap(
    lambda name: st.tuples(st.just(name), *(st.sampled_from(VALUES[side][name]) for side in SIDES))
)
"""One field, and what somebody makes of it on either side."""


@dataclass(frozen=True)
class Act:
    """What somebody does to one side of an item: changes fields, or (None) deletes it."""

    side: str
    change: dict[str, Any] | None


acts = st.one_of(
    *[changes.map(lambda change: Act(*change))] * 5, st.sampled_from(SIDES).map(lambda side: Act(side, None))
)


def whole(side: str) -> st.SearchStrategy[dict[str, Any]]:
    """All fields of a new record, by canonical name; its user takes part, mostly."""
    fields = {name: st.sampled_from(values) for name, values in VALUES[side].items() if name != "assignee"}
    users = VALUES[side]["assignee"]
    return st.fixed_dictionaries(fields | {"assignee": st.sampled_from((*users[:2], *users))})


late = st.sampled_from((0, 0, 0, 0, 40, 300))
"""Seconds until a write becomes visible: less than the taps' overlap of ten minutes."""

bins = st.sampled_from((*SIDES, "bin"))
"""Which side's record is deleted; or a task comes back from the bin."""

_CLOCK_STEPS = (0.5, 30, 700, 3600, 86_400, 5 * 86_400, 16 * 86_400, 31 * 86_400)

events = st.sampled_from(
    (
        *(("switch", user) for user in ASSIGNEES),
        *(("everybody on", None),) * 4,
        *(("wait", seconds) for seconds in _CLOCK_STEPS),
        *(("lose bookmark", direction) for direction in DIRECTIONS),
        ("lose the ledger", None),
        ("purge", None),
    )
)
"""Somebody's task sync turned on or off, seconds that go by, and what can get lost."""

then = st.sampled_from((*[""] * 8, *(*DIRECTIONS, "both") * 2, "rest"))
"""The run that follows at once, if one does; or everything comes to rest."""

kills = st.one_of(
    st.just(("after write", 1)),
    st.tuples(st.sampled_from([step for step in STEPS if step != "commit"]), st.integers(1, 2)),
    st.tuples(st.just("commit"), st.integers(1, 14)),
)

meanwhile = st.sampled_from(
    (
        "between",
        "before read",
        "before counterparts",
        "after counterparts",
        "before write",
        "before write",
        "after write",
    )
)
"""When, during a run, somebody writes."""

_WRITES = {
    SALESFORCE: {"method": "PATCH|DELETE|POST", "path": r"/composite/sobjects(\?|/Task/|$)"},
    SALES_CONNECT: {"method": "POST", "path": "/v1/reminders/batch"},
}
_ROWS = {
    SALESFORCE: (
        {"code": "UNABLE_TO_LOCK_ROW"},
        {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no"},
    ),
    SALES_CONNECT: ({"status": 500, "code": "internal"}, {"status": 422, "code": "validation"}),
}


def _faults() -> list[tuple[str, str, dict[str, Any]]]:
    found: list[tuple[str, str, dict[str, Any]]] = []
    for service, writes in _WRITES.items():
        found += [(service, kind, {**writes, "times": n}) for kind in ("drop_after", "drop_before") for n in (1, 6)]
        found += [(service, "row_error", {**row, "times": n}) for row in _ROWS[service] for n in (1, 20)]
        found.append((service, "status", {**writes, "times": 6}))
        found.append((service, "status", {"method": "GET", "times": 6, "every": 2}))
        found.append((service, "expire_session", {"times": 1, "every": 2}))
    found.append((SALESFORCE, "daily_limit", {"every": 3}))
    found += [(service, "short_pages", {"size": 1}) for service in _WRITES]
    return found


faults = st.sampled_from(_faults())
