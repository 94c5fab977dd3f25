# noqa: INP001  a script, no package
"""What this connector costs: one table, each scenario next to a floor that was measured in the same run.

`--quick` takes a selection of a few minutes, `--only TEXT` the groups whose name holds the text, `--rounds N` other
than three. The results go to results/latest.json and into docs/performance.md. A quick or a partial run writes neither,
but for `--write`: then its rows take the place of those of the same scenarios. Seconds depend on what else the machine
does, so the ratios say more.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring.project import Project
from measuring.report import page, table
from measuring.rows import Measured, rows
from measuring.usage import machine
from scenarios import reading, syncing, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results/latest.json"
FEW, MANY, ALL = 20_000, 200_000, 1_000_000
CHANGES = (0, 1, 100, 10_000)


@dataclass(frozen=True)
class Group:
    """Scenarios that are measured together.

    Attributes:
        name: what `--only` looks at.
        measure: takes a folder and gives what it measured.
        quick: whether the selection of a few minutes has it.
    """

    name: str
    measure: Callable[[Path], Iterable[Measured]]
    quick: bool = False


def groups(rounds: int, project: Callable[[], Project]) -> list[Group]:
    """All of them, in the order of the table."""
    once = 1

    def runs(folder: Path, links: int, changes: tuple[int, ...], times: int) -> Iterator[Measured]:
        return syncing.runs(folder, project(), links, changes, times)

    return [
        Group("read tasks, 20,000", partial(reading.tasks, number=FEW, rounds=rounds), quick=True),
        Group("read tasks, 200,000", partial(reading.tasks, number=MANY, rounds=rounds), quick=True),
        Group("read reminders, 20,000", partial(reading.reminders, number=FEW, rounds=rounds), quick=True),
        Group("read reminders, 200,000", partial(reading.reminders, number=MANY, rounds=rounds)),
        Group(
            "write tasks, collections",
            partial(writing.tasks, number=FEW, rounds=rounds, modes=("collections",)),
            quick=True,
        ),
        Group("write tasks, bulk", partial(writing.tasks, number=FEW, rounds=rounds, modes=("bulk",))),
        Group("write reminders", partial(writing.reminders, number=FEW, rounds=rounds), quick=True),
        Group("first sync", partial(writing.first_sync, number=FEW, rounds=rounds)),
        Group("sync, 1,000 links", partial(runs, links=1_000, changes=CHANGES[:3], times=rounds), quick=True),
        Group("sync, 20,000 links", partial(runs, links=FEW, changes=CHANGES[:1], times=once)),
        Group("sync, 100,000 links", partial(runs, links=100_000, changes=CHANGES, times=rounds)),
        Group("sync, 1,000,000 links", partial(runs, links=ALL, changes=CHANGES, times=once)),
    ]


def main() -> None:
    """Measure, print, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    about = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        measured = _measure(Path(folder), 1 if asked.quick else asked.rounds, quick=asked.quick, only=asked.only)
    found = [{**row, **about} for row in rows(measured)]
    print(table(found))
    if asked.write or not (asked.quick or asked.only):
        _keep(found, merged=bool(asked.quick or asked.only))


def _keep(found: list[dict[str, Any]], *, merged: bool) -> None:
    RESULTS.parent.mkdir(exist_ok=True)
    if merged and RESULTS.exists():
        known = {row["scenario"]: row for row in json.loads(RESULTS.read_text(encoding="utf-8"))}
        found = list((known | {row["scenario"]: row for row in found}).values())
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    page(HERE.parent / "docs/performance.md", table(found))


def _measure(folder: Path, rounds: int, *, quick: bool, only: str) -> list[Measured]:
    made: list[Project] = []

    def project() -> Project:
        if not made:
            made.append(Project(folder / "project"))
        return made[0]

    measured: list[Measured] = []
    for number, group in enumerate(groups(rounds, project)):
        if only in group.name and (group.quick or not quick):
            started = time.perf_counter()
            measured += group.measure(folder / str(number))
            print(f"{group.name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return measured


if __name__ == "__main__":
    main()
