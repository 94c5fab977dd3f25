"""What a sync costs in counts: API calls, ledger statements and records written. Seconds are for the benchmarks.

A change that makes one of these numbers larger has to say why; one that makes it smaller writes the new one down.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
def statements() -> Iterator[Counter[str]]:
    """Counts the statements that go to any ledger; many rows in one statement count once."""
    counted: Counter[str] = Counter()

    def note(*given: object) -> None:
        counted[str(given[2]).split()[0]] += 1

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _calls(team):
    return tuple(team.sandbox.calls(service)["total"] for service in ("salesforce", "sales_connect"))


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
    with statements() as counted:
        meltano.sync()
    spent = [after - before for before, after in zip(calls, _calls(team), strict=True)]
    exactly, at_most = expected
    assert (*spent, team.writes() - writes) == exactly
    assert counted.total() <= at_most, counted


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
