# noqa: INP001  a script, no package
"""What a sync costs without changes and with 100 on each side, at 1,000 and at 100,000 links.

`--links N N` takes other numbers, `--rounds N` other than three; the table is the median of the rounds. Both sizes are
measured in turns, so that what else this machine does is shared out fairly; the ratios are what counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring.project import Project
from measuring.report import medians, page, ratios, table
from measuring.usage import machine
from measuring.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from measuring.usage import Usage

    Run = Callable[[], dict[str, Usage]]

HERE = Path(__file__).resolve().parent
CHANGES = (0, 100)


class Bench:
    """The rounds of one size.

    Attributes:
        rows: one for each process of each round.
    """

    def __init__(self, world: World, project: Project) -> None:
        """Measure this world with this project."""
        self.world = world
        self.rows: list[dict[str, Any]] = []
        self._project = project
        self._states: tuple[Any, ...] = world.states

    def pipe_round(self, changes: int) -> None:
        """Both directions as bare pipes."""

        def run() -> dict[str, Usage]:
            used, self._states = self._project.pipes(self.world, self._states)
            return used

        self._round("pipes", changes, run)

    def meltano_round(self, changes: int) -> None:
        """`meltano run sync`."""
        self._round("meltano", changes, lambda: self._project.sync(self.world))

    def hand_over(self) -> None:
        """Let Meltano go on where the pipes ended, with one run to get warm."""
        self._project.state(self.world, self._states)
        self.world.wait()
        self._project.sync(self.world)

    def _round(self, how: str, changes: int, run: Run) -> None:
        world = self.world
        world.wait()
        if changes:
            world.edit(changes)
        calls, writes, cpu = world.calls(), world.writes(), world.cpu_seconds()
        used = run()
        of_run = {
            "calls": {service: number - calls[service] for service, number in world.calls().items()},
            "writes": {service: number - writes[service] for service, number in world.writes().items()},
            "sandbox_cpu_seconds": round(world.cpu_seconds() - cpu, 3),
            "ledger_mb": world.ledger_mb(),
        }
        what = {"how": how, "links": world.pairs.number, "changes": changes}
        self.rows += [{**what, "process": name, **vars(usage), **of_run} for name, usage in used.items()]


def measure(links: Sequence[int], rounds: int, folder: Path) -> list[dict[str, Any]]:
    """All rounds of all sizes, in turns."""
    project = Project(folder / "project")
    with contextlib.ExitStack() as opened:
        benches = [Bench(opened.enter_context(World(folder / str(n), n)), project) for n in links]
        for bench in benches:
            bench.pipe_round(0)  # to get warm
            bench.rows.clear()
        _rounds(rounds, [bench.pipe_round for bench in benches])
        for bench in benches:
            bench.hand_over()
        _rounds(rounds, [bench.meltano_round for bench in benches])
        return [row for bench in benches for row in bench.rows]


def _rounds(rounds: int, measures: Sequence[Callable[[int], None]]) -> None:
    for _ in range(rounds):
        for changes in CHANGES:
            for one in measures:
                one(changes)


def check(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What was claimed and is not so: counts, never seconds."""
    broken = []
    by_changes = defaultdict(set)
    for row in rows:
        written, calls = set(row["writes"].values()), sum(row["calls"].values())
        if written != {row["changes"]}:
            broken.append(f"{row['writes']} written for {row['changes']} changes on each side")
        if row["changes"] == 0 and calls > 8:  # noqa: PLR2004  the goal
            broken.append(f"{calls} API calls without a change")
        by_changes[row["changes"]].add(tuple(row["calls"].values()))
    broken += [f"API calls differ: {calls}" for calls in by_changes.values() if len(calls) > 1]
    return broken


def main() -> None:
    """Measure, print, and write results/sync.json and the table of docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, nargs=2, default=[1_000, 100_000], metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    asked = parser.parse_args()
    about = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(asked.links, asked.rounds, Path(folder))
    found = medians(rows)
    compared = ratios(found, *asked.links)
    print(table(about, found, compared))
    results = {**about, "rounds": asked.rounds, "rows": found, "ratios": compared, "every_round": rows}
    (HERE / "results/sync.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page(HERE.parent / "docs/performance.md", table(about, found, compared))
    if broken := check(rows):
        raise SystemExit("\n".join(sorted(set(broken))))


if __name__ == "__main__":
    main()
