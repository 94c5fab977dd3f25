"""Nothing ran for longer than a side can tell of deletions: linked ids are compared instead (sync-rules §6)."""

from __future__ import annotations

import pytest

from tasksync_engine.ledger import open_ledger
from tests.sync.machine_runs import TO_SALESCONNECT, Runs
from tests.sync.steps import paired, quiet

DAY = 86_400


def purge(team, *tasks: str, log: bool = False) -> None:
    """Empty the recycle bin of these, and the list of deletions with it."""
    team.sandbox.control("salesforce", "POST", "purge", {"ids": list(tasks)})
    if log:
        team.sandbox.control("salesforce", "POST", "purge_delete_log", {})


@pytest.mark.parametrize("days", [0.05, 10, 16, 40])
@pytest.mark.parametrize("trace", ["bin", "log", "none"])
def test_a_deleted_task_takes_its_reminder_however_long_ago(team, meltano, days, trace):
    """In the recycle bin, only in the list of deletions, or in neither; the other pair stands."""
    reminder, task = paired(team, meltano)
    other = team.remind("Other")
    meltano.sync()
    team.later(60)
    team.delete_task(task)
    if trace != "bin":
        purge(team, task, log=trace == "none")
    team.later(days * DAY)
    meltano.sync()
    assert [row["id"] for row in team.reminders()] == [other]
    assert len(team.tasks()) == 1
    quiet(team, meltano)
    assert reminder != other


@pytest.mark.parametrize("days", [1, 29, 31, 400])
def test_a_deleted_reminder_takes_its_task_however_long_ago(team, meltano, days):
    """Sales Connect forgets a deletion after 30 days; the linked reminders are looked up then."""
    reminder, _ = paired(team, meltano)
    other = team.remind("Other")
    meltano.sync()
    team.delete_reminder(reminder)
    team.later(days * DAY)
    told = team.sandbox.ask("GET", "/v1/reminders?include_deleted=true&limit=500").json()["data"]
    assert any(row["id"] == reminder for row in told) is (days < 30)
    meltano.sync()
    assert [row["id"] for row in team.reminders()] == [other]
    assert [row["Subject"] for row in team.tasks()] == ["Other"]
    quiet(team, meltano)


def test_everything_else_of_a_long_gap_travels_too(team, meltano):
    """Edits of both sides, new records of both sides, and deletions of both sides, after half a year off."""
    pairs = [paired(team, meltano) for _ in range(4)]
    team.later(100 * DAY)
    team.edit_reminder(pairs[0][0], details="from Sales Connect")
    team.edit_task(pairs[1][1], Description="from Salesforce")
    team.delete_reminder(pairs[2][0])
    team.delete_task(pairs[3][1])
    purge(team, pairs[3][1], log=True)
    team.remind("New there")
    team.task("New here")
    team.later(200 * DAY)
    meltano.sync()
    assert sorted(row["details"] or row["name"] for row in team.reminders()) == [
        "New here",
        "New there",
        "from Sales Connect",
        "from Salesforce",
    ]
    assert len(team.tasks()) == 4
    quiet(team, meltano)


def test_a_purged_list_of_deletions_is_noticed_within_a_day(team, meltano):
    """The resource says from when it tells: later than the last run, so every linked task is looked at."""
    _, task = paired(team, meltano)
    team.later(600)
    team.delete_task(task)
    purge(team, task, log=True)
    team.later(1200)
    meltano.sync()
    assert team.reminders() == []


def test_a_look_that_was_cut_short_is_made_again(team, meltano):
    """The tap dies while it compares: the next run still knows that there was a gap."""
    _, task = paired(team, meltano)
    team.later(600)
    team.delete_task(task)
    purge(team, task, log=True)
    team.later(1200)
    team.sandbox.fault("salesforce", "status", status=503, path="composite/sobjects/Task$", method="POST")
    runs = Runs(team.sandbox, meltano.ledger_path.parent, meltano.settings)
    runs.states = meltano.states
    assert not runs.run(TO_SALESCONNECT)  # its last STATE arrives at the target
    team.heal()
    meltano.sync()
    assert team.reminders() == []


@pytest.mark.parametrize("policy", ["delete", "keep"])
def test_an_edit_meets_a_deletion_that_only_the_comparison_finds(team, meltano, ledger, policy):
    """The same policies hold, and the loss is recorded."""
    meltano.settings["delete_conflict_policy"] = policy
    reminder, task = paired(team, meltano)
    team.later(60)
    team.edit_reminder(reminder, details="precious")
    team.delete_task(task)
    purge(team, task, log=True)
    team.later(20 * DAY)
    meltano.sync()
    meltano.sync()
    if policy == "delete":
        assert team.reminders() == []
        assert ledger("SELECT field FROM conflicts") == [{"field": "deletion"}]
    else:
        assert [row["details"] for row in team.reminders()] == ["precious"]
    assert team.tasks() == []
    assert ledger("SELECT * FROM parked") == []


def test_many_deletions_found_by_comparison_are_braked(team, meltano, ledger):
    """A side that looks empty after a pause may be a mistake: nothing is deleted until it is allowed."""
    meltano.settings |= {"max_delete_count": 2, "max_delete_percent": 25}
    tasks = [paired(team, meltano)[1] for _ in range(4)]
    team.later(60)
    for task in tasks[:3]:
        team.delete_task(task)
    purge(team, *tasks[:3], log=True)
    team.later(20 * DAY)
    meltano.sync()
    assert len(team.reminders()) == 4
    assert [row["state"] for row in ledger("SELECT state FROM deletions")] == ["held"] * 3
    meltano.settings["allow_mass_delete"] = True
    meltano.sync()
    assert len(team.reminders()) == 1


def test_a_task_that_was_never_seen_is_missed_after_a_long_gap(team, meltano, ledger):
    """A run died behind the push, nothing ran for weeks, and the task is gone without a trace."""
    paired(team, meltano)
    reminder = team.remind("Second")
    meltano.to_salesforce()
    task = team.task_of(reminder)["Id"]
    assert ledger("SELECT task_user FROM links WHERE task_id = ?", task) == [{"task_user": None}]
    team.delete_task(task)
    purge(team, task, log=True)
    team.later(20 * DAY)
    age_links(meltano)
    meltano.sync()
    assert [row["name"] for row in team.reminders()] == ["Call"]
    quiet(team, meltano)


def age_links(meltano) -> None:
    """This machine's clock, by which the ledger notes when a link was made, has gone on as well."""
    with open_ledger(meltano.ledger_url) as opened, opened.transaction() as connection:
        connection.exec_driver_sql("UPDATE links SET created_at = '2020-01-01T00:00:00.000000Z'")
