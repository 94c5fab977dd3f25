"""`tasksync check --prometheus`: a text file for node_exporter's textfile collector."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tasksync_engine.errors import EngineError
from tasksync_engine.ledger.runs import OK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasksync_console.checking import Verdict
    from tasksync_console.summary import Summary

Sample: TypeAlias = "tuple[Mapping[str, str], float | None]"


class UnwritableFile(EngineError):
    """The file cannot be written; names it and says why."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One gauge with its samples; a sample without a value is left out.

    Attributes:
        name: Without the prefix `tasksync_`.
        samples: (labels, value).
    """

    name: str
    help: str
    samples: Sequence[Sample]

    def lines(self) -> Iterator[str]:
        """The text format, version 0.0.4."""
        known = [(labels, value) for labels, value in self.samples if value is not None]
        if not known:
            return
        yield f"# HELP tasksync_{self.name} {self.help}"
        yield f"# TYPE tasksync_{self.name} gauge"
        for labels, value in known:
            told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            yield f"tasksync_{self.name}{{{told}}} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def text_of(summary: Summary, verdict: Verdict, environment: str, at: float) -> str:
    """All gauges as text.

    Args:
        summary: What the ledger knows.
        verdict: What the check found.
        environment: The Meltano environment, a label of every sample.
        at: When, in seconds since 1970.
    """
    here = {"environment": environment}
    about = [*_runs(summary, here), *_waiting(summary, here), *_calls(summary, here)]
    about += [
        Metric("check_passed", "Whether the last check found nothing that fails.", [(here, float(verdict.passed))]),
        Metric("check_timestamp_seconds", "When the last check was.", [(here, at)]),
    ]
    return "".join(f"{line}\n" for metric in about for line in metric.lines())


def _runs(summary: Summary, here: Mapping[str, str]) -> list[Metric]:
    ran = [({**here, "direction": direction}, run) for direction, run in summary.runs.items() if run is not None]
    records = [({**at, "what": what}, number) for at, run in ran for what, number in sorted(run.counts.items())]
    skipped = [({**at, "reason": why}, number) for at, run in ran for why, number in sorted(run.skipped.items())]
    return [
        Metric(
            "last_run_timestamp_seconds",
            "When the last run of a direction began.",
            [(at, run.started_at.timestamp()) for at, run in ran],
        ),
        Metric("last_run_duration_seconds", "How long it took.", [(at, run.seconds) for at, run in ran]),
        Metric("last_run_ok", "Whether it got to its end.", [(at, float(run.outcome == OK)) for at, run in ran]),
        Metric("last_run_api_calls", "API calls of its target.", [(at, run.api_calls) for at, run in ran]),
        Metric("last_run_records", "What it did, by what was done.", records),
        Metric("last_run_skipped", "Records that rules leave out, by reason.", skipped),
        *_reach(summary, here),
    ]


def _reach(summary: Summary, here: Mapping[str, str]) -> list[Metric]:
    reached = [({**here, "direction": direction}, reach) for direction, reach in summary.reach.items()]
    until = [(at, one.settled_until.timestamp() if one.settled_until else None) for at, one in reached]
    behind = [(at, one.behind_seconds) for at, one in reached]
    return [
        Metric("settled_until_timestamp_seconds", "Everything changed before then went over or is parked.", until),
        Metric("behind_seconds", "How long ago that was when this was written.", behind),
        Metric("waiting", "Changes and deletions that have to go over.", [(at, one.waiting) for at, one in reached]),
    ]


def _waiting(summary: Summary, here: Mapping[str, str]) -> list[Metric]:
    groups = [({**here, "category": one.category, "code": one.code}, one) for one in summary.parked]
    asking = [(labels, one.needs_person) for labels, one in groups]
    held = [({**here, "side": one.side, "state": one.state}, one.count) for one in summary.deletions]
    links = [({**here, "state": state}, number) for state, number in sorted(summary.links.items())]
    states = Counter("left_out" if who.left_out else "on" for who in summary.roster)
    users = [({**here, "state": state}, number) for state, number in sorted(states.items())]
    return [
        Metric("parked", "Parked changes.", [(labels, one.count) for labels, one in groups]),
        Metric("parked_for_a_person", "Those that only a person brings on.", asking),
        Metric("deletions", "Deletions pending, or held by the brake.", held),
        Metric("conflicts_of_last_runs", "Conflicts that the last runs decided.", [(here, len(summary.conflicts))]),
        Metric("links", "Links by state.", links),
        Metric("users", "Users with task sync on.", users),
    ]


def _calls(summary: Summary, here: Mapping[str, str]) -> list[Metric]:
    told = summary.budget
    if told is None:
        return []
    return [
        Metric("salesforce_api_calls_used", "Calls of 24 hours, by whomever.", [(here, told.used)]),
        Metric("salesforce_api_calls_allowed", "Calls that the org has in 24 hours.", [(here, told.total)]),
        Metric(
            "salesforce_api_calls_told_timestamp_seconds",
            "When Salesforce told that.",
            [(here, told.told_at.timestamp())],
        ),
    ]


def write(path: Path, text: str) -> None:
    """Put a text in a file's place, all at once: whoever reads meanwhile finds the old one or the new one.

    Raises:
        UnwritableFile: It cannot be written.
    """
    kept = None
    try:
        descriptor, kept = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(kept).chmod(0o644)  # node_exporter is another user
        Path(kept).replace(path)
    except OSError as error:
        if kept is not None:
            with suppress(OSError):
                Path(kept).unlink()
        message = f"The metrics were not written to {path}: {error.strerror}. Check the folder and who may write there."
        raise UnwritableFile(message) from error
