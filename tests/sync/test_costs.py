"""What a sync costs in counts: API calls, ledger statements and records written. Seconds are for the benchmarks.

A change that makes one of these numbers larger has to say why; one that makes it smaller writes the new one down.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

from tests.mappings.mapping_files import PACKAGED
from tests.sync.steps import paired

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIRS = 30
COSTS = {
    # changed reminders, changed tasks: (Salesforce calls, Sales Connect calls, records written), ledger statements
    (0, 0): ((3, 3, 0), 120),
    (1, 0): ((5, 3, 1), 130),
    (0, 1): ((3, 6, 1), 130),
    (10, 10): ((5, 6, 20), 140),
    (15, 15): ((5, 6, 30), 140),
}
DESCRIBE = "GET /services/data/v{version}/sobjects/{object}/describe"


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """The statements that go to any ledger, with their parameters; many rows in one statement count once."""
    said: list[tuple[str, Any]] = []

    def note(*given: Any) -> None:
        statement, parameters, many = given[2], given[3], given[5]
        said.append((statement, parameters[0] if many else parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _calls(team):
    return tuple(team.sandbox.calls(service)["total"] for service in ("salesforce", "sales_connect"))


@pytest.mark.parametrize(("changes", "expected"), COSTS.items())
def test_costs_follow_the_changes_in_steps(team, meltano, changes, expected):
    """A batch costs the same whether it brings one change or fifteen."""
    for number in range(PAIRS):
        team.remind(f"Call {number}")
    meltano.sync()
    meltano.sync()
    for reminder in team.reminders()[: changes[0]]:
        team.edit_reminder(reminder["id"], details="changed here")
    for task in team.tasks()[PAIRS - changes[1] :]:
        team.edit_task(task["Id"], Description="changed there")
    calls, writes = _calls(team), team.writes()
    with statements() as said:
        meltano.sync()
    spent = [after - before for before, after in zip(calls, _calls(team), strict=True)]
    exactly, at_most = expected
    assert (*spent, team.writes() - writes) == exactly
    assert len(said) <= at_most, Counter(statement.split()[0] for statement, _ in said)


@pytest.mark.parametrize("change", ["edit_reminder", "edit_task"])
def test_no_statement_goes_through_what_grows(team, meltano, change):
    """Links, history and conflicts are reached by an index that leads to a few, not by one of all open links."""
    reminder, task = paired(team, meltano)
    if change == "edit_reminder":
        team.edit_reminder(reminder, details="changed")
    else:
        team.edit_task(task, Description="changed")
    with statements() as said:
        meltano.sync()
    plans = {}
    with closing(sqlite3.connect(meltano.ledger_path)) as ledger:
        for statement, parameters in dict(said).items():
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                plan = ledger.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
                plans[statement] = " / ".join(step[3] for step in plan)
    assert any("ix_links_pointer_owed" in plan for plan in plans.values())
    through_all = re.compile(r"SCAN (links|history|conflicts)\b(?! USING INDEX ix_links_pointer_owed)|ix_links_state")
    assert {statement: plan for statement, plan in plans.items() if through_all.search(plan)} == {}


def _looks(team):
    return team.sandbox.calls("salesforce")["by_endpoint"].get(DESCRIBE, 0)


def test_what_was_found_in_order_is_not_looked_at_again_at_once(team, meltano):
    """One look at the org's Task serves the runs of an hour; another mapping is looked at anew."""
    reminder, _ = paired(team, meltano)
    assert _looks(team) == 1
    team.edit_reminder(reminder, details="changed")
    meltano.sync()
    assert _looks(team) == 1
    other = meltano.ledger_path.with_name("other.yml")
    other.write_text(PACKAGED.replace("default_name: Task", "default_name: To do"), encoding="utf-8")
    assert "To do" in other.read_text(encoding="utf-8")
    meltano.settings["mapping_path"] = str(other)
    team.edit_reminder(reminder, details="changed again")
    meltano.sync()
    assert _looks(team) == 2


def test_a_refused_field_has_the_org_looked_at_again(team, meltano):
    """What was in order may have been changed since: the next write looks first."""
    reminder, _ = paired(team, meltano)
    team.sandbox.fault("salesforce", "row_error", code="INVALID_FIELD", message="No such column", times=1)
    team.edit_reminder(reminder, details="changed")
    meltano.sync()
    team.heal()
    team.edit_reminder(reminder, details="changed again")
    meltano.sync()
    assert _looks(team) == 2
