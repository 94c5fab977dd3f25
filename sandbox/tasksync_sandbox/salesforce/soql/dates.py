"""Date and dateTime literals (SOQL guide, "Date Formats and Date Literals"); the org's time zone is GMT."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

STAMP = "%Y-%m-%dT%H:%M:%S.000+0000"
"""A dateTime as rows hold it and answers show it: fixed width and UTC, so that text order is time order."""

FIRST_YEAR, LAST_YEAR = 1700, 4000
"""The years of valid dates (SOQL guide, "Date Formats and Date Literals")."""

_MONTHS = 12
_QUARTER = 3
_FIXED_DAYS = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
_SPAN = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)|(LAST|NEXT)_90_DAYS", re.IGNORECASE)
_COUNTED = re.compile(
    r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S:(\d+)|N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(\d+)", re.IGNORECASE
)


def stamp(moment: datetime) -> str:
    """Return a moment as rows hold it, truncated to the second."""
    return moment.astimezone(UTC).strftime(STAMP)


def parse_stamp(text: str) -> datetime:
    """Return the moment that a dateTime in any documented form says.

    Raises:
        ValueError: it is none.
        OverflowError: it lies outside the years that can be told in UTC.
    """
    return datetime.fromisoformat(text.upper()).astimezone(UTC)


def exact_stamp(text: str) -> str:
    """Return a dateTime literal in the rows' form; a fraction stays, so that comparison keeps its order.

    Raises:
        ValueError: there is no such moment, or it lies outside the valid years.
    """
    try:
        moment = parse_stamp(text)
    except OverflowError as error:
        raise ValueError(text) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(text)
    return stamp(moment) if not moment.microsecond else moment.strftime("%Y-%m-%dT%H:%M:%S.%f+0000")


def _month(day: date, months: int) -> date:
    """Return the first day of the month that lies so many months after the day's."""
    count = day.year * _MONTHS + day.month - 1 + months
    return date(count // _MONTHS, count % _MONTHS + 1, 1)


def _start(unit: str, day: date, steps: int) -> date:
    """Return the first day of the unit that lies `steps` units after the one that holds the day."""
    if unit == "DAY":
        return day + timedelta(days=steps)
    if unit == "WEEK":  # Sunday to Saturday, as in the locale en_US
        return day - timedelta(days=(day.weekday() + 1) % 7) + timedelta(weeks=steps)
    if unit == "MONTH":
        return _month(day, steps)
    if unit == "QUARTER":
        return _month(day, -((day.month - 1) % _QUARTER) + _QUARTER * steps)
    return date(day.year + steps, 1, 1)


def relative_range(literal: str, today: date) -> tuple[date, date] | None:
    """Return the first day that a date literal covers and the first after it; None when there is no such literal.

    Raises:
        ValueError: it lies outside the valid years.
    """
    try:
        found = _range(literal, today)
    except OverflowError as error:
        raise ValueError(literal) from error
    if found is not None and not FIRST_YEAR <= found[0].year <= found[1].year <= LAST_YEAR + 1:
        raise ValueError(literal)
    return found


def _range(literal: str, today: date) -> tuple[date, date] | None:
    name = literal.upper()
    if name in _FIXED_DAYS:
        day = today + timedelta(days=_FIXED_DAYS[name])
        return day, day + timedelta(days=1)
    if match := _SPAN.fullmatch(name):
        if match[3]:
            return _counted(match[3], "DAY", 90, today)
        step = {"LAST": -1, "THIS": 0, "NEXT": 1}[match[1]]
        return _start(match[2], today, step), _start(match[2], today, step + 1)
    if match := _COUNTED.fullmatch(name):
        if match[4]:
            return _start(match[4], today, -int(match[5])), _start(match[4], today, 1 - int(match[5]))
        return _counted(match[1], match[2], int(match[3]), today)
    return None


def _counted(side: str, unit: str, count: int, today: date) -> tuple[date, date]:
    """Return the range of LAST_N_… (with today for days, without the current unit for the rest) or NEXT_N_…."""
    if side == "NEXT":
        return _start(unit, today, 1), _start(unit, today, count + 1)
    return _start(unit, today, -count), _start(unit, today, 1 if unit == "DAY" else 0)
