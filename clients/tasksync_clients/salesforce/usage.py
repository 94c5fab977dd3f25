"""The org's API calls of the last 24 hours: how many there may be, how many were made, how many stay untouched."""

import math
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tasksync_clients.clock import http_date
from tasksync_clients.errors import AllowanceExhausted
from tasksync_clients.transport import Answer

_HEADER: Final = re.compile(r"(?:^|;\s*)api-usage=(\d{1,12})/(\d{1,12})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer told (header Sforce-Limit-Info).

    Attributes:
        used: calls of the last 24 hours, whoever made them.
        total: how many there may be.
        told_at: the service's time of the answer, where it says so.
    """

    used: int
    total: int
    told_at: datetime | None

    def __str__(self) -> str:
        """Say it for people."""
        when = f"at {self.told_at:%Y-%m-%d %H:%M:%S} UTC " if self.told_at else ""
        return f"{when}{self.used:,} of {self.total:,} calls of the last 24 hours were used"

    @classmethod
    def told(cls, headers: Mapping[str, str]) -> "Usage | None":
        """Read an answer's headers; an allowance of nothing is not believed."""
        found = _HEADER.search(headers.get("Sforce-Limit-Info", ""))
        if found is None or not int(found.group(2)):
            return None
        return cls(int(found.group(1)), int(found.group(2)), http_date(headers.get("Date")))


class Meter:
    """Stops calls before they touch the reserve; safe for several threads."""

    def __init__(self, reserve_percent: float) -> None:
        """Leave this share of the allowance to others; nothing is known until the first answer."""
        self._percent = reserve_percent
        self._usage: Usage | None = None
        self._under_way = 0
        self._side_by_side = False
        self._lock = threading.Lock()

    @property
    def usage(self) -> Usage | None:
        """What the newest answer told."""
        return self._usage

    @property
    def left(self) -> int | None:
        """How many calls may still be made; None while nothing is known."""
        with self._lock:
            return self._left()

    def _left(self) -> int | None:
        if self._usage is None:
            return None
        return self._usage.total - self._reserve(self._usage) - self._usage.used - self._under_way

    def _reserve(self, usage: Usage) -> int:
        return math.ceil(usage.total * self._percent / 100)

    def check(self) -> None:
        """Make sure that a call may be made.

        Raises:
            AllowanceExhausted: it would touch the reserve.
        """
        with self._lock:
            self._check()

    def _check(self) -> None:
        left = self._left()
        if self._usage is None or left is None or left > 0:
            return
        message = (
            f"Salesforce's API calls are short: {self._usage}, and {self._reserve(self._usage):,} are left to others "
            f"(api_reserve_percent {self._percent:g}). A call becomes free again 24 hours after it was made; the next "
            "run continues once there are enough."
        )
        raise AllowanceExhausted(message)

    def begin(self) -> None:
        """Count a call that is about to be made.

        Raises:
            AllowanceExhausted: it would touch the reserve; it is not to be made.
        """
        with self._lock:
            self._check()
            self._side_by_side = self._side_by_side or self._under_way > 0
            self._under_way += 1

    def end(self, answer: Answer | None) -> None:
        """Take in what an answer tells; None: there was none."""
        told = Usage.told(answer.headers) if answer is not None else None
        with self._lock:
            self._under_way -= 1
            # Answers of calls made side by side overtake each other; only that of a call made alone may tell of fewer.
            older = self._side_by_side and self._usage is not None and told is not None and told.used < self._usage.used
            self._usage = self._usage if told is None or older else told
            self._side_by_side = self._side_by_side and self._under_way > 0
