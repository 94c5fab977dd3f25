"""Recurring tasks: which properties a pattern has, and on which days its tasks are due (Salesforce facts, §7)."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Values = dict[str, Any]

MOST = 100
"""Most tasks of one series, so that a daily one over decades does not fill the sandbox."""

_INTERVAL, _MASK, _DAY = "RecurrenceInterval", "RecurrenceDayOfWeekMask", "RecurrenceDayOfMonth"
_WHICH, _MONTH = "RecurrenceInstance", "RecurrenceMonthOfYear"
_START, _END = "RecurrenceStartDateOnly", "RecurrenceEndDateOnly"
_RANGES = {_INTERVAL: range(1, 10**8), _MASK: range(1, 2**7), _DAY: range(1, 32)}
_USED: dict[str, tuple[str, ...]] = {
    "RecursDaily": (_INTERVAL,),
    "RecursEveryWeekday": (_MASK,),
    "RecursWeekly": (_INTERVAL, _MASK),
    "RecursMonthly": (_INTERVAL, _DAY),
    "RecursMonthlyNth": (_INTERVAL, _WHICH, _MASK),
    "RecursYearly": (_DAY, _MONTH),
    "RecursYearlyNth": (_MASK, _WHICH, _MONTH),
}
_PROPERTIES = (_INTERVAL, _MASK, _DAY, _WHICH, _MONTH)
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
PATTERN = ("RecurrenceType", _START, _END, *_PROPERTIES)
"""The fields that say on which days a series' tasks are due."""
_WEEKEND = 5
_YEAR = 12


def check_pattern(values: Values) -> None:
    """Refuse a recurring task whose pattern lacks a property, or has one that its type does not use.

    Raises:
        SalesforceError: REQUIRED_FIELD_MISSING or FIELD_INTEGRITY_EXCEPTION, the latter also for a value that makes no
            pattern.
    """
    if not values.get("IsRecurrence"):
        return
    kind = values.get("RecurrenceType")
    needed = ("RecurrenceType", _START, _END, *_USED.get(kind or "", ()))
    missing = tuple(name for name in needed if values.get(name) is None)
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise SalesforceError(Code.REQUIRED_FIELD_MISSING, message, fields=missing)
    unused = tuple(n for n in _PROPERTIES if n not in needed and values.get(n) is not None)
    if unused:
        message = f"{', '.join(unused)}: must be null for {kind}"
        raise SalesforceError(Code.FIELD_INTEGRITY_EXCEPTION, message, fields=unused)
    wrong = tuple(name for name in needed if name in _RANGES and values[name] not in _RANGES[name])
    if values[_END] < values[_START]:
        wrong = (*wrong, _END)
    if wrong:
        message = f"{', '.join(wrong)}: no pattern for {kind}"
        raise SalesforceError(Code.FIELD_INTEGRITY_EXCEPTION, message, fields=wrong)


def occurrences(values: Values) -> list[str]:
    """Return the due dates of a series' tasks, at most 100."""
    start, end = date.fromisoformat(values[_START]), date.fromisoformat(values[_END])
    found: list[str] = []
    for day in _days(values, start):
        if day > end or len(found) == MOST:
            break
        if day >= start:
            found.append(day.isoformat())
    return found


def _days(values: Values, start: date) -> Iterator[date]:
    """Yield the pattern's days without end, some perhaps before the start."""
    kind, interval, mask = values["RecurrenceType"], values.get(_INTERVAL) or 1, values.get(_MASK) or 0
    if kind == "RecursDaily":
        for count in range(0, 366 * 30, interval):
            yield start + timedelta(days=count)
    elif kind in {"RecursWeekly", "RecursEveryWeekday"}:
        sunday = start - timedelta(days=(start.weekday() + 1) % 7)
        for count in range(366 * 30):
            day = sunday + timedelta(days=count)
            wanted = day.weekday() < _WEEKEND if kind == "RecursEveryWeekday" else _in_mask(day, mask)
            if wanted and count // 7 % interval == 0:
                yield day
    else:
        yield from _monthly(values, start, interval, mask)


def _monthly(values: Values, start: date, interval: int, mask: int) -> Iterator[date]:
    yearly = values["RecurrenceType"].startswith("RecursYearly")
    first = start.year * _YEAR + (_MONTHS.index(values[_MONTH]) if yearly else start.month - 1)
    for months in range(0, 30 * _YEAR, _YEAR if yearly else interval):
        year, month = divmod(first + months, _YEAR)
        if values["RecurrenceType"].endswith("Nth"):
            yield _nth(year, month + 1, mask, values[_WHICH])
        else:
            yield date(year, month + 1, min(values[_DAY], monthrange(year, month + 1)[1]))


def _nth(year: int, month: int, mask: int, which: str) -> date:
    """Return the first to fourth or last day of a month whose weekday is in the mask."""
    days = [date(year, month, number + 1) for number in range(monthrange(year, month)[1])]
    fitting = [day for day in days if _in_mask(day, mask)] or days
    return fitting[-1] if which == "Last" else fitting[("First", "Second", "Third", "Fourth").index(which)]


def _in_mask(day: date, mask: int) -> bool:
    """Say whether a weekday is in a mask: Sunday is 1, Monday 2, Tuesday 4 …."""
    return bool(mask >> ((day.weekday() + 1) % 7) & 1)
