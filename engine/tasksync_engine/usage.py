"""What Salesforce last told about the org's API calls, remembered in the ledger for people to see.

Imports nothing of the ledger: a tap that works alone has no use for a database.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasksync_engine.ledger import Ledger

KEY = "api_usage"


def note(ledger: Ledger, told: tuple[int, int] | None) -> None:
    """Remember how many of how many calls were used.

    Args:
        ledger: The ledger.
        told: What the service's newest answer told; None: nothing, and what is remembered stays.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    if told is not None:
        ledger.put(KEY, f"{told[0]} {told[1]} {datetime.now(UTC).isoformat()}")


def read(remembered: str) -> tuple[int, int, datetime]:
    """Calls used, calls allowed, and when that was told."""
    used, total, at = remembered.split(" ")
    return int(used), int(total), datetime.fromisoformat(at)
