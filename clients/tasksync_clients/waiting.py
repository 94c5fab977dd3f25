"""How long to wait before asking again: exponential back-off with full jitter, and Retry-After."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from urllib3.util import Retry

from tasksync_clients.clock import http_date

ATTEMPTS: Final = 5
"""How often one request is made before its failure counts."""
LONGEST_WAIT: Final = 60.0
"""Seconds: no single wait is longer, whatever Retry-After asks for."""
_MOST_DIGITS: Final = 9


def jittered(base: float, attempt: int) -> float:
    """Draw a wait in seconds between nothing and base · 2^attempt, so that parallel requests part company."""
    return random.uniform(0, min(LONGEST_WAIT, base * 2**attempt))  # noqa: S311 - jitter guards no secret


def before_retry(base: float, attempt: int, headers: Mapping[str, str]) -> float:
    """Seconds to wait before attempt + 1: what Retry-After asks for and a little more, else the back-off."""
    asked = retry_after(headers)
    if asked is None:
        return jittered(base, attempt)
    return min(LONGEST_WAIT, asked + jittered(base, 0))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After in seconds, given as seconds or as a date; a date counts from the answer's own Date."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _MOST_DIGITS else LONGEST_WAIT
    until = http_date(text)
    if until is None:
        return None
    since = http_date(headers.get("Date")) or datetime.now(UTC)
    return max(0.0, (until - since).total_seconds())


class ConnectRetry(Retry):
    """Repeats only attempts to connect: until a connection stands nothing was sent, so any request may be repeated."""

    @classmethod
    def with_base(cls, base: float) -> "ConnectRetry":
        """Make one whose first wait is up to `base` seconds long."""
        return cls(
            total=None, connect=3, read=False, redirect=False, status=0, other=0, backoff_factor=base, backoff_max=10
        )

    def get_backoff_time(self) -> float:
        """Seconds to wait, with full jitter where urllib3 would wait the whole back-off."""
        return random.uniform(0, super().get_backoff_time())  # noqa: S311 - jitter guards no secret
