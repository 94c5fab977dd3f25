"""Diagnostics: what is parked, why, what to do about it, and a button to have it tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_console.listing import next_step
from tasksync_console.names import Names, name_in
from tasksync_console.retrying import NOT_TRIED, in_words, retry
from tasksync_engine.diagnostics import Diagnosis, diagnose
from tasksync_engine.ledger import browsing
from tasksync_engine.ledger.overview import Sought

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from starlette.responses import Response

    from tasksync_console.web.visit import Visit
    from tasksync_engine.ledger.browsing import ParkedGroup
    from tasksync_engine.ledger.parked import Parked

SIZE = 50
SHOWN_OF_EACH = 5
CATEGORIES = {
    "Authentication": "The connector could not log in, or was logged out.",
    "Intermittent": "Tried again by itself: in the next run, then with growing pauses.",
    "Access/Validation": "Salesforce or Sales Connect refused the values, or the right to write them.",
    "Other": "Everything else, and what waits for another event.",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One parked change, as it is shown."""

    parked: Parked
    name: str | None
    next: str

    @property
    def can_be_retried(self) -> bool:
        """Whether trying it again could help."""
        return self.parked.code not in NOT_TRIED


@dataclass(frozen=True, slots=True)
class Group:
    """Parked changes with one code, and what it means."""

    counted: ParkedGroup
    words: Diagnosis
    changes: Sequence[Change]
    after: tuple[str, str] | None

    @property
    def can_be_retried(self) -> bool:
        """Whether trying them again could help."""
        return self.counted.code not in NOT_TRIED


def show(visit: Visit) -> Response:
    """All categories with the first changes of each code; with `code` in the query, one code page by page."""
    code, category = visit.query.get("code") or None, visit.query.get("category") or None
    after = _key(visit.query.get("after"))
    with visit.ledger() as ledger, ledger.reading() as connection:
        counted = browsing.parked_groups(connection)
        shown = [group for group in counted if category in {None, group.category} and code in {None, group.code}]
        size = SIZE if code else SHOWN_OF_EACH
        groups = [_group(connection, group, size, after if code else None) for group in shown]
    return visit.page(
        "diagnostics.html",
        groups=groups,
        counted=counted,
        categories={name: words for name, words in CATEGORIES.items() if any(g.category == name for g in counted)},
        category=category,
        code=code,
        after=after,
    )


def _key(text: str | None) -> tuple[str, str] | None:
    side, _, record_id = (text or "").partition(":")
    return (side, record_id) if side in {"reminder", "task"} and record_id else None


def _group(connection: Connection, counted: ParkedGroup, size: int, after: tuple[str, str] | None) -> Group:
    found, more = browsing.parked_page(connection, size, category=counted.category, code=counted.code, after=after)
    names = Names(connection, [_ids(change) for change in found])
    changes = [
        Change(change, names.of(_ids(change), change.payload) or name_in(change.payload), next_step(change))
        for change in found
    ]
    return Group(counted, diagnose(counted.code, counted.message, counted.category), changes, more)


def _ids(change: Parked) -> tuple[str | None, str | None]:
    return (change.record_id, None) if change.side == "reminder" else (None, change.record_id)


def retry_parked(visit: Visit) -> Response:
    """Have one record's change, or those of a category or a code, tried again in the next run."""
    record_id, kind = visit.form.get("record_id") or None, visit.form.get("kind", "")
    if record_id is None and not kind:
        return visit.go("/diagnostics", "Nothing was chosen.", kind="bad")
    with visit.ledger() as ledger:
        asked = retry(ledger, record_id, Sought(kinds=[kind.lower()]) if kind else Sought())
    words = in_words(asked, record_id, filtered=bool(kind))
    return visit.go(visit.form.get("next") or "/diagnostics", words, kind="good" if asked.due else "bad")
