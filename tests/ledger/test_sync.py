"""Both directions over a ledger in either database, and what a complete run forgets (sync-rules §6, §7)."""

from datetime import timedelta

import pytest

from tap_salesconnect.tap import TapSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_engine.engine import Engine
from tasksync_engine.errors import Busy
from tasksync_engine.ledger import deletions, intents, links, lock, open_ledger, parked
from tasksync_engine.ledger.deletions import Deletion
from tasksync_engine.ledger.intents import Intent
from tasksync_engine.ledger.parked import Parked
from tasksync_engine.ledger.store import now
from tasksync_engine.settings import EngineSettings
from tests.sync.pipelines import Meltano
from tests.sync.team import Team

MONTH = timedelta(days=30)


@pytest.fixture
def team(sandbox):
    """Ann and Bob."""
    return Team(sandbox)


@pytest.fixture
def meltano(sandbox, address, tmp_path):
    """Both pipelines, with a new ledger in either database."""
    return Meltano(sandbox, tmp_path, ledger_url=address)


def test_both_directions_work_in_either_database(team, meltano):
    """Create, edit, conflict, refuse and delete; then a run that writes nothing."""
    reminder, gone = team.remind("A ☎", details="old\0"), team.remind("Gone")
    task = team.task("Visit", Description="🙈")
    meltano.sync()
    imported = team.reminder_of(task)["id"]
    team.edit_task(task, Description="from Salesforce")
    team.edit_reminder(reminder, priority="high")
    team.delete_reminder(gone)
    meltano.sync()
    assert team.reminder(imported)["details"] == "from Salesforce"
    assert team.task_of(reminder)["Priority"] == "High"
    assert len(team.tasks()) == 2
    team.sandbox.fault(
        "salesforce", "row_error", code="ENTITY_IS_LOCKED", message="no\0", where={"Status": "Completed"}
    )
    team.edit_reminder(reminder, status="completed")
    meltano.sync()
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        assert [change.code for change in parked.everything(connection)] == ["ENTITY_IS_LOCKED"]
        assert links.count_open(connection) == 2
    team.sandbox.clear_faults("salesforce")
    team.edit_reminder(reminder, details="new")
    meltano.sync()
    assert team.task_of(reminder)["Status"] == "Completed"
    before = team.writes()
    meltano.sync()
    assert team.writes() == before


def test_a_dry_run_leaves_either_database_as_it_was(team, meltano):
    """What it would do is stored; what it decided over is not."""
    reminder = team.remind()
    meltano.settings["dry_run"] = True
    meltano.to_salesforce()
    assert team.tasks() == []
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        assert links.count_open(connection) == 0
    meltano.settings.clear()
    meltano.sync()
    assert team.task_of(reminder)["Subject"] == "Call"


def test_a_tap_claims_a_new_ledger_while_its_target_pretends(team, meltano):
    """Both run at once, and a dry run's target has the ledger in hand from its first line on."""
    target = TargetSalesforceTasks(config={**meltano.salesforce, "ledger_url": meltano.ledger_url, "dry_run": True})
    engine = Engine(EngineSettings.from_config(dict(target.config)), target.connector())
    engine.open()
    try:
        meltano.read("to-salesforce", TapSalesconnect, meltano.sales_connect, {"people"})
        settings = team.sandbox.ask("GET", "/v1/settings/salesforce").json()
        engine.take_settings(settings)
    finally:
        engine.close()
    with open_ledger(meltano.ledger_url) as ledger:
        assert ledger.get("account_id") == settings["account_id"]


def test_the_second_run_is_refused_in_either_database(team, meltano):
    """And goes on once the first one has ended."""
    team.remind()
    with open_ledger(meltano.ledger_url) as first, lock.hold(first.engine, "run"), pytest.raises(Busy):
        meltano.to_salesforce()
    meltano.to_salesforce()
    assert len(team.tasks()) == 1


def test_a_complete_run_forgets_what_is_old(team, meltano):
    """Done deletions and unsettled creates of a month ago, but none that is pending, or still owed."""
    meltano.sync()
    old, young = now() - MONTH - timedelta(minutes=1), now() - MONTH + timedelta(minutes=10)
    states = {"done-old": (deletions.DONE, old), "done": (deletions.DONE, young), "held-old": (deletions.PARKED, old)}
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        noted = [Deletion("reminder", name, state, at, {}, at, 1) for name, (state, at) in states.items()]
        deletions.note(connection, noted)
        for name, at in (("old", old), ("young", young), ("owed", old)):
            intents.note(connection, [Intent("reminder", name, name, {})], at)
        owed = Parked("reminder", "owed", "ENTITY_IS_LOCKED", "Access/Validation", "locked", {"id": "owed"}, old)
        parked.park(connection, [owed])
    meltano.to_salesforce()
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        assert set(deletions.of_records(connection, "reminder", list(states))) == {"done", "held-old"}
        assert set(intents.of_records(connection, "reminder", ["old", "young", "owed"])) == {"young", "owed"}
    assert team.tasks() == []
