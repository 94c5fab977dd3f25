"""Kill, cut off and lie to real processes, and compare both sides: `python -m tests.crashes --kills 300 --seed 1`."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from random import Random
from typing import TYPE_CHECKING

from tests.crashes import report
from tests.crashes.campaign import Tally, of_faults, of_kills
from tests.crashes.kills import KILLS
from tests.crashes.pipe import ROOT
from tests.crashes.play import Share, on_bare_pipes, say, under_meltano

if TYPE_CHECKING:
    from typing import Any

RESULTS = ROOT / "docs/faults.json"


def main() -> int:
    """Play, print the table, and keep it."""
    asked = _arguments()
    random = Random(asked.seed)  # noqa: S311 - no secret
    started = time.monotonic()
    strikes = of_kills(asked.kills, random, [kill for kill in KILLS if asked.only in kill.name])
    for _ in range(asked.faults):
        strikes += of_faults(only=asked.only)
    random.shuffle(strikes)
    shares = [
        Share(
            f"{asked.seed} {number}",
            strikes[number :: asked.workers],
            not asked.without_link_field,
            asked.first,
            asked.minutes,
        )
        for number in range(asked.workers)
    ]
    with ProcessPoolExecutor(asked.workers, multiprocessing.get_context("spawn")) as workers:
        tallies = list(workers.map(on_bare_pipes, shares))
    if asked.meltano:
        tallies.append(under_meltano(random, asked.meltano, asked.minutes))
    tally = sum(tallies, Tally())
    minutes = round((time.monotonic() - started) / 60, 1)
    outcome = {
        "command": " ".join(["python -m tests.crashes", *sys.argv[1:]]),
        "minutes": minutes,
        **report.told(tally),
    }
    say(report.table(outcome))
    if asked.keep:
        _keep(asked.keep, outcome)
    return int(bool(tally.problems))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="how many processes to kill on bare pipes")
    parser.add_argument("--meltano", type=int, default=0, help="how many to kill under `meltano run`")
    parser.add_argument("--faults", type=int, default=1, help="how often to play each fault at each call")
    parser.add_argument("--only", default="", help="only what has this in its name")
    parser.add_argument("--first", action="store_true", help="stop at the first problem")
    parser.add_argument("--seed", type=int, default=1, help="what to play")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many scenes to play side by side")
    parser.add_argument("--without-link-field", action="store_true", help="play with link.task_field: null")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no further round after so many")
    parser.add_argument("--keep", metavar="NAME", help=f"write the table to {RESULTS.relative_to(ROOT)}")
    return parser.parse_args()


def _keep(name: str, outcome: dict[str, Any]) -> None:
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(kept | {name: outcome}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
