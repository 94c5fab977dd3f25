"""Links: which reminder is paired with which task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.names import name_of
from tasksync_console.web.leafing import leaf_of, user_ids
from tasksync_engine.ledger import browsing, overview, roster
from tasksync_engine.ledger.links import CLOSED, KEPT, OPEN
from tasksync_engine.ledger.overview import Sought

if TYPE_CHECKING:
    from starlette.responses import Response

    from tasksync_console.web.visit import Visit

SIZE = 50
STATES = {OPEN: "open", CLOSED: "closed by a deletion", KEPT: "closed, and kept apart"}


def show(visit: Visit) -> Response:
    """A page of links, the newest first."""
    state, user = visit.query.get("state", OPEN), visit.query.get("user", "")
    with visit.ledger() as ledger, ledger.reading() as connection:
        people = roster.participants(connection, everyone=True)
        sought = Sought(user_ids(people, user), [state] if state in STATES else None)
        page = browsing.links_page(connection, sought, leaf_of(visit, SIZE))
        counts = overview.count_links(connection)
    return visit.page(
        "links.html",
        page=page,
        names={link.id: name_of(link) for link in page.rows},
        counts=counts,
        states=STATES,
        state=state if state in STATES else "",
        user=user,
        people=people,
    )
