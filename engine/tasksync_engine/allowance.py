"""What goes first where the API calls are short: completions, deletions and what is due today.

The decisions here are pure: functions of the work, the calls that are left, what work costs, and today's date.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import Base, FieldMap

COMPLETED = "completed"
KEPT_BACK = 4000
"""Changes whose calls are kept back for what is urgent: a batch that may still come, and one of deletions."""


class Cost(Protocol):
    """What bringing changes over costs."""

    def __call__(self, linked: int, unlinked: int) -> int:
        """API calls for this many changes of linked records, and this many that have no counterpart yet."""


@dataclass(frozen=True, slots=True)
class Work:
    """One change that is to be brought over.

    Attributes:
        record: The source's record.
        linked: Whether it has a link.
        urgent: Whether it goes first.
    """

    record: Record
    linked: bool
    urgent: bool


def is_urgent(record: Record, base: Base | None, fields: FieldMap, today: str) -> bool:
    """Whether a change goes first: it completes a linked task, or the task is due today.

    Args:
        record: The source's record.
        base: The link's base; None without a link.
        fields: The field map.
        today: Its user's date, as both services write dates.
    """
    rows = {row.name: row for row in fields.fields}
    due, status = rows.get("due_date"), rows.get("status")
    if due is not None and record.raw.get(due.column(record.side)) == today:
        return True
    if status is None or base is None:
        return False
    done = COMPLETED if record.side == "reminder" else (status.values or {}).get(COMPLETED)
    held = base.get("status")
    now_done = record.raw.get(status.column(record.side)) == done
    return now_done and (held is None or held.on(record.side) != done)


def today(at: datetime, time_zone: str | None) -> str:
    """A user's date; by UTC where their time zone is unknown."""
    zone: tzinfo = UTC
    if time_zone:
        with suppress(KeyError, OSError, ValueError):  # no such zone, no data of it here, or no name of a zone
            zone = ZoneInfo(time_zone)
    return at.astimezone(zone).date().isoformat()


def is_short(linked: int, unlinked: int, left: int | None, cost: Cost, *, kept_back: int) -> bool:
    """Whether the calls do not suffice for these changes and for what is kept back.

    Args:
        linked: Changes of linked records.
        unlinked: Changes of records without a counterpart.
        left: Calls that may still be made; None: they are not counted.
        cost: What changes cost.
        kept_back: Changes of linked records, or deletions, that go before these and may still come.
    """
    return left is not None and cost(linked, unlinked) + cost(kept_back, 0) > left


def what_fits(work: Sequence[Work], left: int | None, cost: Cost, most: int) -> list[Work]:
    """As much of it as the calls suffice for, what is urgent first, else in the order given."""
    in_order = sorted(work, key=lambda one: not one.urgent)[:most]
    if left is None:
        return in_order
    fit: list[Work] = []
    linked = 0
    for one in in_order:
        linked += one.linked
        if cost(linked, len(fit) + 1 - linked) > left:
            break
        fit.append(one)
    return fit


def work_of(context: Context, record: Record, link: Link | None) -> Work:
    """A record's change, with whether it goes first: by its user's date of now."""
    person = context.participation.user(record.side, record.user)
    date = today(context.destination.time(), person.time_zone if person else None)
    urgent = is_urgent(record, link.base if link else None, context.fields, date)
    return Work(record, linked=link is not None, urgent=urgent)
