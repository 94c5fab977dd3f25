"""Roster: who takes part, who is left out, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_engine.ledger import roster

if TYPE_CHECKING:
    from starlette.responses import Response

    from tasksync_console.web.visit import Visit


def show(visit: Visit) -> Response:
    """Everybody whom the last to-salesforce run met, those who are off included."""
    with visit.ledger() as ledger, ledger.reading() as connection:
        people = roster.participants(connection, everyone=True)
    return visit.page(
        "roster.html",
        taking_part=[who for who in people if who.is_on and not who.left_out],
        left_out=[who for who in people if who.is_on and who.left_out],
        off=[who for who in people if not who.is_on],
    )
