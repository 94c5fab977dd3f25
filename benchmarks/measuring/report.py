"""Medians, ratios and the table."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Row = dict[str, Any]
COSTS = ("seconds", "cpu_seconds", "peak_mb", "sandbox_cpu_seconds")
KEYS = ("how", "process", "changes", "links")
COMPARED = (*COSTS[:3], "calls", COSTS[3])
HEADS = (
    ("wall", "s"),
    ("CPU", "s"),
    ("peak", "MB"),
    ("calls", "Salesforce"),
    ("calls", "Sales Connect"),
    ("written", "Salesforce"),
    ("written", "Sales Connect"),
    ("sandbox's CPU", "s"),
    ("ledger", "MB"),
)
REGION = re.compile(r"(<!-- measured: sync -->\n).*?(<!-- end -->)", re.DOTALL)


def medians(rows: Iterable[Row]) -> list[Row]:
    """One row of each process, number of changes and number of links; counts are those of the last round."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in KEYS), []).append(row)
    return [{**group[-1], **{cost: _median(group, cost) for cost in COSTS}} for group in groups.values()]


def ratios(rows: Sequence[Row], few: int, many: int) -> list[Row]:
    """What `many` links cost, in what `few` cost."""
    found = {tuple(row[key] for key in KEYS): row for row in rows}
    compared = []
    for (how, process, changes, links), row in found.items():
        if links == few:
            other = found[how, process, changes, many]
            costs = {cost: round(other[cost] / row[cost], 2) for cost in COSTS if row[cost]}
            calls = round(sum(other["calls"].values()) / sum(row["calls"].values()), 2)
            compared.append({"how": how, "process": process, "changes": changes, **costs, "calls": calls})
    return compared


def table(about: Mapping[str, Any], rows: Sequence[Row], compared: Sequence[Row]) -> str:
    """Everything as Markdown."""
    by_run = [sorted(part, key=lambda row: (row["how"], row["changes"])) for part in (rows, compared)]
    lines = [
        _about(about),
        "",
        _cells("run", "process", "changes on each side", "links", *(f"{head} {unit}" for head, unit in HEADS)),
        _cells(*["---"] * 2, *["--:"] * (2 + len(HEADS))),
        *map(_line, by_run[0]),
        "",
        "The larger number of links : the smaller one:",
        "",
        _cells("run", "process", "changes on each side", *(f"{cost} ratio".replace("_", " ") for cost in COMPARED)),
        _cells(*["---"] * 2, *["--:"] * (1 + len(COMPARED))),
        *map(_ratio_line, by_run[1]),
    ]
    return "\n".join(lines)


def page(path: Path, text: str) -> None:
    """Put the table into its place on a page."""
    old = path.read_text(encoding="utf-8")
    path.write_text(REGION.sub(lambda found: f"{found[1]}{text}\n{found[2]}", old), encoding="utf-8")


def _median(rows: Sequence[Row], cost: str) -> float:
    return round(float(statistics.median(row[cost] for row in rows)), 3)


def _about(about: Mapping[str, Any]) -> str:
    machine = about["machine"]
    return (
        f"Measured {about['measured_at']}: {machine['cores']} cores of {machine['cpu']}, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; load average when it began: {machine['load_average'][0]}."
    )


def _line(row: Row) -> str:
    counts = [str(row[kind][service]) for kind in ("calls", "writes") for service in ("salesforce", "sales_connect")]
    costs = [f"{row['seconds']:.2f}", f"{row['cpu_seconds']:.2f}", f"{row['peak_mb']:.0f}"]
    rest = [f"{row['sandbox_cpu_seconds']:.2f}", f"{row['ledger_mb']:.1f}"]
    return _cells(row["how"], row["process"], str(row["changes"]), f"{row['links']:,}", *costs, *counts, *rest)


def _ratio_line(row: Row) -> str:
    costs = (f"{row[cost]:.2f}" if cost in row else "" for cost in COMPARED)
    return _cells(row["how"], row["process"], str(row["changes"]), *costs)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
