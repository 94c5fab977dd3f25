"""Queries of a sync walk an index, not the table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tasksync_sandbox.core.clock import Clock
from tasksync_sandbox.core.service import Core
from tasksync_sandbox.salesforce.service import SalesforceService

from .salesforce_org import ADA, BOB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasksync_sandbox.salesforce.database import Database
    from tasksync_sandbox.salesforce.soql.run import Queries

ROWS = 3000
TODAY = date(2024, 3, 2)


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Queries, Database]]:
    """The queries of an org with 3,000 tasks, one of each second, without HTTP around it."""
    folder: Path = tmp_path_factory.mktemp("org")
    core = Core("salesforce", folder, Clock(folder / "clock.json"))
    service = SalesforceService(core)
    core.store.open()
    service.start()
    start = datetime(2024, 3, 1, tzinfo=UTC)
    tasks = [
        {
            "Id": f"00TA{n:011d}AAA",
            "OwnerId": ADA if n % 300 == 0 else BOB,
            "Sales_Connect_Id__c": f"r-{n}",
            "SystemModstamp": (start + timedelta(seconds=n)).isoformat(),
        }
        for n in range(ROWS)
    ]
    with core.store.transaction():
        service.load({"objects": {"Task": tasks}})
    yield service.org.queries, service.org.database
    core.store.close()


@pytest.mark.parametrize(
    ("condition", "most", "in_order"),
    [
        ("SystemModstamp >= 2024-03-01T00:49:00Z AND SystemModstamp < 2024-03-01T00:49:10Z", 11, True),
        ("SystemModstamp > 2024-03-01T00:49:50Z", 10, True),
        (f"OwnerId = '{ADA}'", 10, False),
        (f"OwnerId = '{BOB}' AND SystemModstamp > 2024-03-01T00:49:50Z", 10, True),
        (f"OwnerId = '{ADA}' AND SystemModstamp > 2024-03-01T00:00:10Z", 10, False),
        ("Sales_Connect_Id__c IN ('r-1', 'r-2', 'none')", 2, False),
        ("Id IN ('00TA00000000001AAA', '00TA00000000002AAA') AND IsDeleted = false", 2, False),
        ("IsDeleted = true AND SystemModstamp >= 2024-03-01T00:49:50Z", 10, True),
    ],
)
def test_only_the_rows_in_question_are_looked_at(
    queries: tuple[Queries, Database], condition: str, most: int, *, in_order: bool
) -> None:
    """§8: an incremental query over any number of rows costs what its range holds, and comes in order."""
    runner, database = queries
    plan = runner.plan(f"SELECT Id FROM Task WHERE {condition} ORDER BY SystemModstamp, Id", TODAY)  # noqa: S608
    rows, ordered = plan.hints.rows(database.table(plan.sobject), by_stamp=plan.by_stamp)
    assert len(list(rows)) <= most
    assert ordered is in_order
    found = [(row.SystemModstamp, row.Id) for row in runner.rows(plan, deleted=True)]
    assert found == sorted(found)
