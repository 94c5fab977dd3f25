"""When the next run is due, by the schedule in meltano.yml: five fields of cron, or one of its short names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHORT_NAMES: Mapping[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SUNDAY = 7
_DAYS_AHEAD = 366 * 5


@dataclass(frozen=True, slots=True)
class Cron:
    """The minutes at which something is due, in the zone that its scheduler goes by."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def after(self, at: datetime) -> datetime | None:
        """The first minute after a time; None where there is none, such as on the 31st of February."""
        moment = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = moment + timedelta(days=_DAYS_AHEAD)
        while moment < end:
            if moment.month not in self.months or not self._on(moment):
                moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
            elif moment.hour not in self.hours:
                moment = moment.replace(minute=0) + timedelta(hours=1)
            elif moment.minute not in self.minutes:
                moment += timedelta(minutes=1)
            else:
                return moment
        return None

    def _on(self, moment: datetime) -> bool:
        day, weekday = moment.day in self.days, (moment.isoweekday() % _SUNDAY) in self.weekdays
        return (day or weekday) if self.either_day else (day and weekday)


def read_cron(text: str) -> Cron | None:
    """An interval as cron reads it; None where it is none, such as `@once`."""
    fields = SHORT_NAMES.get(text.strip().lower(), text).lower().split()
    if len(fields) != len(_RANGES):
        return None
    names: Sequence[Sequence[str]] = ((), (), (), _MONTHS, _DAYS)
    try:
        minutes, hours, days, months, weekdays = (
            _numbers(field, *bounds, known) for field, bounds, known in zip(fields, _RANGES, names, strict=True)
        )
    except ValueError:
        return None
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    return Cron(minutes, hours, days, months, frozenset(day % _SUNDAY for day in weekdays), either)


def _numbers(field: str, low: int, high: int, names: Sequence[str]) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, low, names)
            end = _number(last, low, names) if last else (high if step else begin)
        if not low <= begin <= end <= high:
            raise ValueError(field)
        found.update(range(begin, end + 1, max(1, int(step)) if step else 1))
    return frozenset(found)


def _number(text: str, low: int, names: Sequence[str]) -> int:
    return names.index(text) + (low if low == 1 else 0) if text in names else int(text)


@dataclass(frozen=True, slots=True)
class NextRun:
    """When a schedule's job is due next.

    Attributes:
        name: The schedule.
        interval: As meltano.yml has it.
        job: What it runs.
        at: When, by this machine's zone, in UTC; None where the interval says nothing of it.
        every: How far apart two runs are, from there on.
    """

    name: str
    interval: str
    job: str
    at: datetime | None
    every: timedelta | None


def next_runs(schedules: Sequence[Mapping[str, object]], at: datetime) -> list[NextRun]:
    """When each schedule is due next.

    Args:
        schedules: As in meltano.yml.
        at: Now; aware.
    """
    found = []
    for schedule in schedules:
        interval = str(schedule.get("interval") or "")
        cron = read_cron(interval)
        due = cron.after(at.astimezone()) if cron else None
        following = cron.after(due) if cron and due else None
        every = following - due if due and following else None
        name, job = str(schedule.get("name") or ""), str(schedule.get("job") or "")
        found.append(NextRun(name, interval, job, due.astimezone(UTC) if due else None, every))
    return found
