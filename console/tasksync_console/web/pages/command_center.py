"""Command Center: what is due today and tomorrow, on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.agenda import agenda
from tasksync_engine.ledger.store import now

if TYPE_CHECKING:
    from starlette.responses import Response

    from tasksync_console.web.visit import Visit


def show(visit: Visit) -> Response:
    """Reminders next to their tasks, user by user; `user` in the query shows one alone."""
    user, only = visit.query.get("user") or None, visit.query.get("show") or "all"
    with visit.ledger() as ledger:
        people = [who for who in ledger.participants() if not who.left_out]
        found = agenda(ledger, visit.console.services, now(), user=user)
    return visit.page("command_center.html", agenda=found, people=people, user=user, only=only)
