"""The table, and the page that holds it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from measuring.rows import FLOOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Row = dict[str, Any]
HEADS = (
    "scenario",
    "records/s",
    "wall s",
    "CPU s",
    "peak MB",
    "API calls",
    "written",
    "sandbox's CPU s",
    "floor: records/s",
    "CPU s",
    "peak MB",
    "API calls",
    "CPU ÷ floor's",
    "wall ÷ floor's",
)


def table(rows: Sequence[Row]) -> str:
    """Everything as Markdown."""
    return "\n".join([_about(rows), "", cells(*HEADS), cells("---", *["--:"] * (len(HEADS) - 1)), *map(_line, rows)])


def page(path: Path, text: str, place: str = "measured") -> None:
    """Put a table into its place on a page."""
    region = re.compile(rf"(<!-- {place} -->\n).*?(<!-- end -->)", re.DOTALL)
    old = path.read_text(encoding="utf-8")
    path.write_text(region.sub(lambda found: f"{found[1]}{text}\n{found[2]}", old), encoding="utf-8")


def _about(rows: Sequence[Row]) -> str:
    machine, times = rows[-1]["machine"], sorted(row["measured_at"] for row in rows)
    loads = [row["machine"]["load_average"][0] for row in rows]
    return (
        f"Measured from {times[0]} to {times[-1]} (begin of the runs): {machine['cores']} cores of {machine['cpu']}, "
        f"{machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}; load average when they began: "
        f"{min(loads)} to {max(loads)}."
    )


def _line(row: Row) -> str:
    own = ("records_per_second", "seconds", "cpu_seconds", "peak_mb", "api_calls", "written", "sandbox_cpu_seconds")
    bare = [FLOOR + key for key in ("records_per_second", "cpu_seconds", "peak_mb", "api_calls")]
    return cells(row["scenario"], *(_number(row.get(key)) for key in (*own, *bare, "cpu_ratio", "seconds_ratio")))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if isinstance(value, int) or value >= 100 else f"{value:.2f}"  # noqa: PLR2004


def cells(*texts: str) -> str:
    """One line of a table in Markdown; a bar within a text would part cells."""
    escaped = [text.replace("|", r"\|") for text in texts]
    return f"| {' | '.join(escaped)} |"
