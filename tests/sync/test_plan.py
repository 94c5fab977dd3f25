"""A plan is what the next sync does, both directions one after the other; and making it leaves nothing behind."""

from __future__ import annotations

import pytest

from tasksync_engine.errors import Busy
from tasksync_engine.ledger import open_ledger
from tests.sync.plans import Planner, actions, history_since, last_run, told
from tests.sync.steps import paired, pass_over
from tests.sync.team import salesforce_user


@pytest.fixture
def planner(team, meltano):
    """Plans over the ledger of `meltano`."""
    return Planner(team, meltano)


@pytest.fixture
def busy_day(team, meltano):
    """Five pairs that agreed, and everything that may happen to them and beside them."""
    pairs = [paired(team, meltano, name=f"Pair {number}") for number in range(5)]
    team.later(120)
    (edited, _), (_, raised), both, (gone, late), (_, dropped) = pairs
    team.edit_reminder(edited, details="new", due_date="2026-12-24")
    team.edit_task(raised, Priority="High", Status="In Progress")
    team.edit_reminder(both[0], details="ours")
    team.later(180)
    team.edit_task(both[1], Description="theirs", ActivityDate="2026-12-31")
    team.edit_task(late, Description="edited, but deleted there")
    team.delete_reminder(gone)
    team.delete_task(dropped)
    team.remind("A new reminder", priority="high")
    team.task("A new task", Description="from Salesforce")
    team.remind("Of somebody who is off", assignee_id="u3")
    team.remind("Of somebody left out", assignee_id="u4")
    return pairs


def test_a_plan_is_what_the_next_sync_does(meltano, planner, busy_day):
    """Row by row: the same creates, updates with the same values before and after by the same rule, and deletions."""
    assert busy_day
    plan = planner.plan()
    before = last_run(meltano)
    meltano.sync()
    assert told(row for part in plan.directions for row in part.rows) == told(history_since(meltano, before))
    assert actions(plan) == {
        "create task": 1,
        "update task": 1,
        "delete task": 1,
        "settle task": 1,
        "create reminder": 1,
        "update reminder": 2,
        "delete reminder": 1,
    }


def test_a_plan_leaves_nothing_behind(team, meltano, planner, busy_day):
    """Not in a service, not in any table of the ledger, and the bookmarks stay where they are."""
    assert busy_day
    before = team.writes(), meltano.ledger_path.read_bytes(), dict(meltano.states)
    planner.plan()
    assert (team.writes(), meltano.ledger_path.read_bytes(), meltano.states) == before


def test_a_plan_records_what_every_conflict_meets(planner, busy_day):
    """Who wins, and what is lost; the second direction sees the first one's decision, and no second conflict."""
    assert busy_day
    first, second = planner.plan().directions
    met = {(conflict.field, conflict.winner) for row in first.rows for conflict in row.conflicts}
    assert met == {("details", "task"), ("deletion", "reminder")}
    (lost,) = [row.conflicts[0].task for row in first.rows if row.action == "delete"]
    assert lost["details"] == "edited, but deleted there"
    assert [conflict for row in second.rows for conflict in row.conflicts] == []
    written = {name: one["after"] for row in second.rows for name, one in row.fields.items() if row.name == "Pair 2"}
    assert written == {"details": "theirs", "due_date": "2026-12-31"}


def test_a_plan_counts_what_is_left_out_and_what_would_wait(planner, busy_day):
    """By reason, as the run's report does."""
    assert busy_day
    first, _ = planner.plan().directions
    assert first.counts["skipped: user is off"] == 1
    (waiting,) = first.parked
    assert (waiting.name, waiting.code) == ("Of somebody left out", "roster")


def test_the_first_sync_can_be_planned(team, meltano, planner):
    """Without a roster yet: the second direction reads for the people whom the first would enrol."""
    team.remind("Mine")
    team.task("Theirs")
    team.task("Bob's", OwnerId=salesforce_user(2))
    plan = planner.plan()
    assert actions(plan) == {"create task": 1, "create reminder": 2}
    meltano.sync()
    assert sorted(row["Subject"] for row in team.tasks()) == ["Bob's", "Mine", "Theirs"]
    assert len(team.reminders()) == 3


def test_a_record_that_the_first_direction_would_delete_is_met_deleted(team, meltano, planner):
    """A task edited before its reminder was deleted comes back as no new reminder."""
    reminder, task = paired(team, meltano)
    team.edit_task(task, Description="newer")
    team.delete_reminder(reminder)
    assert actions(planner.plan()) == {"delete task": 1}


def test_a_winner_that_was_passed_over_is_carried_by_the_second_direction(team, meltano, planner):
    """A task that the first direction writes to is read by the second, however long ago it had been changed."""
    meltano.settings["conflict_policy"] = "salesforce"
    reminder, task = paired(team, meltano)
    team.edit_task(task, Description="theirs")
    pass_over(team, meltano)
    team.edit_reminder(reminder, details="ours", due_date="2026-12-24")
    plan = planner.plan()
    assert actions(plan) == {"update task": 1, "update reminder": 1}
    before = last_run(meltano)
    meltano.sync()
    assert told(row for part in plan.directions for row in part.rows) == told(history_since(meltano, before))
    assert team.reminder(reminder)["details"] == "theirs"


def test_the_brake_is_planned(team, meltano, planner):
    """What it would hold is named, and no deletion is planned."""
    reminders = [team.remind(f"R{number}") for number in range(25)]
    meltano.sync()
    for reminder in reminders:
        team.delete_reminder(reminder)
    first, _ = planner.plan().directions
    assert (len(first.held), first.rows) == (25, [])
    meltano.settings["allow_mass_delete"] = True
    first, _ = planner.plan().directions
    assert (len(first.held), {row.action for row in first.rows}, len(first.rows)) == (0, {"delete"}, 25)


def test_a_plan_waits_for_no_run(meltano, planner):
    """While one is going on it says so."""
    meltano.sync()
    with open_ledger(meltano.ledger_url) as ledger, ledger.running(), pytest.raises(Busy):
        planner.plan()


@pytest.mark.usefixtures("without_link_field")
def test_pointers_are_planned(team, meltano, planner):
    """Without a link field the reminder gets the id of a task that is yet to be made."""
    reminder = team.remind("Mine")
    plan = planner.plan()
    assert actions(plan) == {"create task": 1, "point reminder": 1}
    (row,) = plan.directions[1].rows
    assert (row.reminder_id, row.task_id) == (reminder, None)
    meltano.sync()
    assert actions(planner.plan()) == {}


@pytest.mark.parametrize("record_id", ["new-business", "tasksync-not-made-by-us"])
def test_an_id_that_looks_like_one_of_a_new_record_is_read(team, meltano, planner, sandbox, record_id):
    """Sales Connect's ids may be any text: a reminder is never taken for one that is yet to be made."""
    reminder = team.reminder(team.remind("Call"))
    sandbox.load(sales_connect={"reminders": [{**reminder, "id": record_id}]})
    meltano.sync()
    team.later(120)
    team.edit_task(team.task_of(record_id)["Id"], ActivityDate="2026-12-24")
    (row,) = [row for part in planner.plan().directions for row in part.rows]
    assert (row.action, row.to, row.writes) == ("update", "reminder", {"due_date": "2026-12-24"})
