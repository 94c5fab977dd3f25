"""Conflicts: where both sides changed one field, and whose value stands."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tasksync_console.conflicts import conflict_rows
from tasksync_console.web.leafing import leaf_of, user_ids
from tasksync_console.words import SERVICES
from tasksync_engine.ledger import browsing, roster
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.ledger.store import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from tasksync_console.web.visit import Visit
    from tasksync_engine.ledger import Participant

SIZE = 50
AGES = {"1": "the last day", "7": "the last 7 days", "30": "the last 30 days"}


def show(visit: Visit) -> Response:
    """A page of conflicts, the newest first."""
    chosen = {name: visit.query.get(name, "") for name in ("field", "winner", "user", "age")}
    with visit.ledger() as ledger, ledger.reading() as connection:
        people = roster.participants(connection, everyone=True)
        winner = chosen["winner"] if chosen["winner"] in SERVICES else None
        page = browsing.conflicts_page(connection, _sought(chosen, people), leaf_of(visit, SIZE), winner=winner)
        rows = conflict_rows(connection, page.rows)
        fields, total = browsing.conflict_fields(connection), browsing.count_conflicts(connection)
    return visit.page(
        "conflicts.html", page=page, rows=rows, fields=fields, total=total, chosen=chosen, ages=AGES, people=people
    )


def _sought(chosen: Mapping[str, str], people: Sequence[Participant]) -> Sought:
    days = int(chosen["age"]) if chosen["age"] in AGES else None
    return Sought(
        users=user_ids(people, chosen["user"]),
        kinds=[chosen["field"].lower()] if chosen["field"] else None,
        since=now() - timedelta(days=days) if days else None,
    )
