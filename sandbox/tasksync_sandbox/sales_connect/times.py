"""Times as this API writes them: RFC 3339, UTC, milliseconds; such texts sort like the times they name."""

from __future__ import annotations

from datetime import UTC, datetime


def text_of(moment: datetime) -> str:
    """Write an aware time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def moment_of(text: str) -> datetime:
    """Read a time that `text_of` wrote."""
    return datetime.fromisoformat(text)
