"""The deleted-records resource: which window to ask for, and what an answer leaves open (Salesforce facts, §6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tasksync_engine.singer.tap_times import moment

if TYPE_CHECKING:
    from tasksync_clients.salesforce import DeletedRecords

REACHES_BACK = timedelta(days=15)
# The service's limit counts to the moment in which it answers, not to the one in which we ask.
_MARGIN = timedelta(minutes=5)
# "More than one minute" between start and end, whose seconds it cuts off.
_SHORTEST = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class LogWindow:
    """What to ask for.

    Attributes:
        start: a whole minute.
        end: the service's time now.
        needed_from: where the last run's answer ended; None where there was none.
    """

    start: datetime
    end: datetime
    needed_from: datetime | None

    @classmethod
    def after(cls, deleted_until: str | None, now: datetime) -> LogWindow:
        """The window that follows the last `latestDateCovered`, as far as the service reaches back."""
        needed_from = None if deleted_until is None else moment(deleted_until)
        oldest = now - REACHES_BACK + _MARGIN
        wanted = oldest if needed_from is None else max(needed_from, oldest)
        start = min(wanted, now - _SHORTEST).replace(second=0, microsecond=0)
        return cls(start, now, needed_from)

    def leaves_a_gap(self, answer: DeletedRecords) -> bool:
        """Whether deletions since the last run may be missing from the answer."""
        if self.needed_from is None:
            return True
        known_from = max(self.start, answer.earliest_available)
        return known_from > self.needed_from
