"""The service's clock, as its answers tell it."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

SANE_YEARS: Final = range(1900, 2200)
"""A time outside of them is a mistake, and days could not be added to every one of them."""


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date as an aware UTC time; None when there is none or it makes no sense."""
    if not text:
        return None
    try:
        parsed = parsedate_to_datetime(text)
        moment = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return moment if moment.year in SANE_YEARS else None


class ServerClock:
    """Keeps the newest `Date` header and moves it on by the local monotonic clock.

    The header is cut to whole seconds and was old when it arrived, so the clock is never ahead of the service's.
    """

    def __init__(self) -> None:
        """Start without knowing the time."""
        self._lock = threading.Lock()
        self._seen: tuple[datetime, float] | None = None

    def observe(self, date_header: str | None) -> None:
        """Take the time from an answer that has just arrived."""
        told = http_date(date_header)
        if told is not None:
            with self._lock:
                self._seen = (told, time.monotonic())

    def now(self) -> datetime | None:
        """Give the service's time (aware UTC), or None when no answer has told it yet."""
        with self._lock:
            seen = self._seen
        if seen is None:
            return None
        told, at = seen
        return told + timedelta(seconds=time.monotonic() - at)
