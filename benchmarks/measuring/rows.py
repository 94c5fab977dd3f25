"""One row of the results: what a scenario cost, and what its floor cost in the same run."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from measuring.usage import Usage

FLOOR = "floor_"


@dataclass(frozen=True)
class Cost:
    """What a run cost.

    Attributes:
        seconds: from the start of its first process to the end of its last.
        records: how many went through; 0 where that says nothing.
        cpu_seconds: of all its processes.
        peak_mb: of its largest process.
        api_calls: of both services; logins do not count.
        written: records written at both services.
        processes: CPU seconds and peak MB of each process.
        sandbox_cpu_seconds: what the services used meanwhile.
        api_calls_of: the calls by service, where that matters.
    """

    seconds: float
    records: int
    cpu_seconds: float
    peak_mb: float
    api_calls: int
    written: int = 0
    processes: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    sandbox_cpu_seconds: float = 0.0
    api_calls_of: Mapping[str, int] | None = None

    @classmethod
    def of(cls, used: Mapping[str, Usage], records: int, **counts: Any) -> Cost:  # noqa: ANN401 - this class's own
        """Add up processes that ran side by side."""
        return cls(
            seconds=max(usage.seconds for usage in used.values()),
            records=records,
            cpu_seconds=round(sum(usage.cpu_seconds for usage in used.values()), 3),
            peak_mb=max(usage.peak_mb for usage in used.values()),
            processes={
                name: {"cpu_seconds": usage.cpu_seconds, "peak_mb": usage.peak_mb} for name, usage in used.items()
            },
            **counts,
        )

    @property
    def records_per_second(self) -> float | None:
        """Records of one second; None where they are not what is measured."""
        return round(self.records / self.seconds, 1) if self.records else None


Measured = tuple[str, Cost, Cost | None]
"""A scenario's name, what it cost, and what its floor cost, where it has one."""


def rows(measured: Iterable[Measured]) -> list[dict[str, Any]]:
    """One row of each scenario, in the order of their first appearance, with the medians of its rounds."""
    rounds: dict[str, list[Measured]] = {}
    for one in measured:
        rounds.setdefault(one[0], []).append(one)
    return [_row(name, found) for name, found in rounds.items()]


def _row(name: str, found: Sequence[Measured]) -> dict[str, Any]:
    ours = _median([cost for _, cost, _ in found])
    floors = [floor for _, _, floor in found if floor is not None]
    row = {"scenario": name, "rounds": len(found), **ours}
    if floors:
        floor = _median(floors)
        wanted = ("records_per_second", "seconds", "cpu_seconds", "peak_mb", "api_calls")
        row |= {FLOOR + key: floor[key] for key in wanted}
        row["cpu_ratio"] = round(ours["cpu_seconds"] / floor["cpu_seconds"], 2)
        row["seconds_ratio"] = round(ours["seconds"] / floor["seconds"], 2)
    return row


def _median(costs: Sequence[Cost]) -> dict[str, Any]:
    """Counts are those of the last round; they do not vary, or should not."""
    last = asdict(costs[-1])
    for key in ("seconds", "cpu_seconds", "peak_mb", "sandbox_cpu_seconds"):
        last[key] = round(statistics.median(getattr(cost, key) for cost in costs), 3)
    rate = round(last["records"] / last["seconds"], 1) if last["records"] else None
    return {"records_per_second": rate, **last}
