"""How often a target's process looks for cycles of objects that nobody needs any more."""

from __future__ import annotations

import gc

YOUNG = 20_000
"""New objects until the next look: a batch makes hundreds of thousands, and hardly any of them in cycles."""


def collect_seldom() -> None:
    """Leave what was imported out of every look, and look seldom.

    Records, their bases and the rows of the ledger hang on each other without cycles: they go when the batch that holds
    them does. With Python's own threshold of 700 a fifth of a run's time went into looking at them.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, 5, 20)
