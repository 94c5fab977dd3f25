"""Why a tap stopped, noted in the ledger: the target behind it learns only that its input ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasksync_engine.ledger import Ledger

LONGEST = 1000
"""Characters that are kept of what it said."""
STARTS_WITHIN = timedelta(minutes=1)
"""A tap and the target behind it start within this time."""


def note(ledger: Ledger, tap: str, problem: str) -> None:
    """Keep what a tap said when it stopped; the newest word takes the place of the one before.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    ledger.put(key(tap, ledger.shard), f"{datetime.now(UTC).isoformat()} {problem[:LONGEST]}")


def said_in(noted: str | None, began: datetime) -> str | None:
    """What was noted, if that was in the run that began then: by this machine's clock, as runs are."""
    at, _, problem = (noted or "").partition(" ")
    return problem if at and datetime.fromisoformat(at) >= began - STARTS_WITHIN else None


def key(tap: str, shard: str | None) -> str:
    """Under which the ledger remembers it."""
    return f"stopped:{tap}" if shard is None else f"stopped:{tap}:{shard}"
