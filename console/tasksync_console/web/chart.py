"""The chart of the last days' runs: where its bars stand. The template draws it, and a table tells the same."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from tasksync_console.words import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasksync_console.pace import Day

WIDTH, HEIGHT = 720, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 12, 40
STEPS = 4
_SHARE = 0.36
_LEAST = 2.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One direction's changes of one day."""

    direction: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """One day; `middle`: where its label stands."""

    day: Day
    middle: float
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the grid, with the number that it stands for."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Chart:
    """All of it, in the units of its view box."""

    columns: Sequence[Column]
    lines: Sequence[Line]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def chart(days: Sequence[Day]) -> Chart:
    """Bars for these days, one per direction, on a scale that begins at nothing."""
    top = scale(max((number for day in days for number in day.written.values()), default=0))
    room = (WIDTH - LEFT - RIGHT) / max(1, len(days))
    columns = []
    for place, day in enumerate(days):
        begin, width = LEFT + place * room, room * _SHARE
        bars = []
        for number, direction in enumerate(DIRECTIONS):
            written = day.written.get(direction, 0)
            high = max(_LEAST, (HEIGHT - TOP - BOTTOM) * written / top) if written else 0.0
            x = begin + room / 2 + (number - 1) * width + (1 if number else -1)
            bars.append(Bar(direction, round(x, 1), round(HEIGHT - BOTTOM - high, 1), round(width, 1), round(high, 1)))
        columns.append(Column(day, round(begin + room / 2, 1), bars))
    lines = [
        Line(round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * step / STEPS, 1), top * step // STEPS)
        for step in range(STEPS + 1)
    ]
    return Chart(columns, lines)


def scale(highest: int) -> int:
    """The number at the top: round, not below the highest, and parted into whole steps."""
    if highest <= STEPS:
        return STEPS
    magnitude = int(10 ** floor(log10(highest)))
    for share in (1, 2, 4, 8, 10):
        top = ceil(share * magnitude / STEPS) * STEPS
        if highest <= top:
            return top
    return 10 * magnitude
