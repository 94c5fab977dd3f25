"""Leafing through a list by the key in the address, and seeing one user's rows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.filters import ids_of
from tasksync_engine.ledger.browsing import Leaf

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tasksync_console.web.visit import Visit
    from tasksync_engine.ledger import Participant

_MOST_DIGITS = 15


def leaf_of(visit: Visit, size: int) -> Leaf:
    """The page that an address asks for: `older` or `newer` than a key; the first one where that is no number."""
    for name, back in (("older", False), ("newer", True)):
        text = visit.query.get(name, "")
        if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
            return Leaf(size, int(text), back)
    return Leaf(size)


def user_ids(people: Sequence[Participant], chosen: str | None) -> Collection[str] | None:
    """The ids, on both sides, of the user who was chosen by their Sales Connect id; None where nobody was."""
    if not chosen:
        return None
    return next((ids_of(who) for who in people if who.sales_connect_id == chosen), [chosen])
