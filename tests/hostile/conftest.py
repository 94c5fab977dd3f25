"""The table of what was tried."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def ledger_rows() -> Callable[..., list[tuple[Any, ...]]]:
    """Reads a ledger's tables as anybody with SQL would."""

    def rows(meltano: Any, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(meltano.ledger_path)) as connection:
            return connection.execute(sql).fetchall()

    return rows


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print kinds, endpoints, numbers and outcomes, whichever worker tried them."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    told = [json.loads(value) for report in reports for name, value in report.user_properties if name == "hostile"]
    if not told:
        return
    lines = [("endpoint", "cases", "kinds", "outcomes"), *sorted(_row(one["endpoint"], one["kinds"]) for one in told)]
    kinds: dict[str, Counter[str]] = {}
    for one in told:
        for kind, outcomes in one["kinds"].items():
            kinds.setdefault(kind, Counter()).update(outcomes)
    lines += [("", "", "", ""), ("kind of answer", "cases", "", "outcomes")]
    lines += [(kind, str(outcomes.total()), "", _told(outcomes)) for kind, outcomes in sorted(kinds.items())]
    for line in lines:
        terminalreporter.write_line(f"{line[0]:<42} {line[1]:>6} {line[2]:>5}  {line[3]}")
    total = sum(outcomes.total() for outcomes in kinds.values())
    terminalreporter.write_line(f"{total} bad answers at {len(told)} places")


def _row(endpoint: str, kinds: dict[str, dict[str, int]]) -> tuple[str, str, str, str]:
    outcomes: Counter[str] = Counter()
    for found in kinds.values():
        outcomes.update(found)
    return endpoint, str(outcomes.total()), str(len(kinds)), _told(outcomes)


def _told(outcomes: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in outcomes.most_common())
