"""The table of a campaign, for people and as JSON."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.sync.machine_runs import TO_SALESCONNECT, TO_SALESFORCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.crashes.campaign import Tally
    from tests.crashes.strikes import Trial

HEAD = ("fault", "where it struck", "to Salesforce", "to Sales Connect", "lost", "doubled", "how the run ended")


def told(tally: Tally) -> dict[str, Any]:
    """A campaign's outcome."""
    return {
        "trials": len(tally.trials),
        "kills": tally.kills,
        "kinds": len({trial.name for trial in tally.trials}),
        "compared": tally.rests,
        "things": tally.things,
        "problems": len(tally.problems),
        "rows": rows(tally.trials),
    }


def rows(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """One row for each fault and place."""
    by_place: dict[tuple[str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        by_place[trial.name, trial.where].append(trial)
    return [_row(name, where, group) for (name, where), group in sorted(by_place.items())]


def _row(name: str, where: str, group: Sequence[Trial]) -> dict[str, Any]:
    directions = Counter(trial.direction for trial in group)
    endings = Counter(trial.ended for trial in group)
    return {
        "fault": name,
        "where": where,
        "to_salesforce": directions[TO_SALESFORCE],
        "to_salesconnect": directions[TO_SALESCONNECT],
        "lost": sum(trial.lost for trial in group),
        "doubled": sum(trial.doubled for trial in group),
        "ended": ", ".join(f"{ended} {number}" for ended, number in sorted(endings.items())),
    }


def table(outcome: dict[str, Any]) -> str:
    """The rows in columns."""
    lines = [HEAD, *(tuple(str(value) for value in row.values()) for row in outcome["rows"])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    said = (
        f"{outcome['trials']} strikes of {outcome['kinds']} kinds, {outcome['kills']} of them kills; "
        f"{outcome['things']} things compared at {outcome['compared']} rests; {outcome['problems']} problems"
    )
    return "\n".join([*shown, "", said])
