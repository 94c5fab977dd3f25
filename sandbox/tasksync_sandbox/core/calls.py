"""Counts of calls by endpoint; they live as long as the process, or until they are deleted."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Calls:
    """Counts of one service."""

    def __init__(self) -> None:
        """Start at zero."""
        self._total = 0
        self._by_endpoint: Counter[str] = Counter()

    def count(self, endpoint: str, *, in_total: bool) -> None:
        """Count one request; those for a token are left out of the total."""
        self._by_endpoint[endpoint] += 1
        self._total += in_total

    def clear(self) -> None:
        """Back to zero."""
        self._total = 0
        self._by_endpoint.clear()

    def shown(self) -> dict[str, Any]:
        """As `GET /_sandbox/calls` shows it."""
        return {"total": self._total, "by_endpoint": dict(self._by_endpoint)}
