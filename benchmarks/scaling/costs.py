"""The unit costs that the benchmark has measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scaling.model import Costs

if TYPE_CHECKING:
    from pathlib import Path

IDLE, MANY = "meltano run sync, 0 changes, 100,000 links", "meltano run sync, 10,000 changes, 100,000 links"
FIRST = "first sync, 20,000"


def measured(results: Path, latency: float, write_latency: float) -> tuple[Costs, str]:
    """The costs, and when and where they were measured.

    Raises:
        KeyError: the benchmark has not measured them yet.
    """
    rows: dict[str, dict[str, Any]] = {row["scenario"]: row for row in json.loads(results.read_text(encoding="utf-8"))}
    idle, many, first = rows[IDLE], rows[MANY], rows[FIRST]
    costs = Costs(
        seconds=idle["seconds"],
        cpu_seconds=idle["cpu_seconds"],
        cpu_seconds_a_change=(many["cpu_seconds"] - idle["cpu_seconds"]) / many["records"],
        creates_a_second=first["records_per_second"],
        latency=latency,
        write_latency=write_latency,
    )
    return costs, f"{idle['measured_at'][:10]}, {idle['machine']['cores']} cores of {idle['machine']['cpu']}"
