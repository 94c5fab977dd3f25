"""Applying a plan does exactly what it has, refuses what was changed since, and can be repeated and killed."""

from __future__ import annotations

import json

import pytest

from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger import open_ledger
from tasksync_engine.plan import decode, encode
from tests.sync.machine_runs import Script
from tests.sync.plans import Planner, history_since, last_run, told
from tests.sync.steps import paired, quiet

KILLS = [
    *((f"{when} {what}", 1) for when in ("before", "after") for what in ("create", "update", "delete")),
    *(("commit", number) for number in range(1, 30, 3)),
]


@pytest.fixture
def planner(team, meltano):
    """Plans over the ledger of `meltano`."""
    return Planner(team, meltano)


@pytest.fixture
def pairs(team, meltano):
    """Four pairs that agree, and time gone by."""
    found = [paired(team, meltano, name=f"Pair {number}") for number in range(4)]
    team.later(120)
    return found


@pytest.fixture
def day(team, pairs):
    """An edit of a reminder, one of a task, both of one field, a deletion, and a new record on either side."""
    team.edit_reminder(pairs[0][0], details="new", due_date="2026-12-24")
    team.edit_task(pairs[0][1], Priority="High")
    team.edit_task(pairs[1][1], Status="Completed")
    team.edit_reminder(pairs[2][0], details="ours")
    team.later(180)
    team.edit_task(pairs[2][1], Description="theirs")
    team.delete_reminder(pairs[3][0])
    team.remind("A new reminder")
    team.task("A new task")
    return pairs


def outcome(applied):
    """(done, nothing left, refused, parked) of both directions."""
    return tuple(sum(len(getattr(part.outcome, name)) for part in applied) for name in NAMES)


NAMES = ("done", "before", "refused", "parked")


def reasons(applied):
    """Why rows were refused, by their name."""
    return {row.name: reason for part in applied for row, reason in part.outcome.refused}


def count(plan):
    """The rows of a plan."""
    return sum(len(part.rows) for part in plan.directions)


def test_a_plan_is_carried_out_exactly(team, meltano, planner, day):
    """By the engine, with its history and its conflicts; then a sync writes nothing."""
    assert day
    plan = planner.plan()
    before = last_run(meltano)
    applied = planner.apply(decode(encode(plan), "plan"))
    assert outcome(applied) == (count(plan), 0, 0, 0)
    assert told(row for part in plan.directions for row in part.rows) == told(history_since(meltano, before))
    quiet(team, meltano)


def test_applying_twice_does_nothing_the_second_time(team, planner, day):
    """And refuses nothing."""
    assert day
    plan = planner.plan()
    planner.apply(plan)
    before = team.writes()
    assert outcome(planner.apply(plan)) == (0, count(plan), 0, 0)
    assert team.writes() == before


def test_what_a_sync_did_meanwhile_is_not_done_again(team, meltano, planner, day):
    """The plan then has nothing left to do."""
    assert day
    plan = planner.plan()
    meltano.sync()
    before = team.writes()
    assert outcome(planner.apply(plan)) == (0, count(plan), 0, 0)
    assert team.writes() == before


def test_a_first_sync_is_carried_out_by_a_plan(team, meltano, planner):
    """The roster and the template come with it."""
    team.remind("Mine")
    team.task("Theirs")
    assert outcome(planner.apply(planner.plan())) == (2, 0, 0, 0)
    assert (len(team.tasks()), len(team.reminders())) == (2, 2)
    quiet(team, meltano)


def test_what_the_plan_does_not_have_is_left(team, meltano, planner, pairs):
    """A record made, or edited, after the plan waits for a sync."""
    team.edit_reminder(pairs[0][0], details="planned")
    plan = planner.plan()
    team.edit_reminder(pairs[1][0], details="later")
    team.remind("Later")
    assert outcome(planner.apply(plan)) == (1, 0, 0, 0)
    assert [row["Description"] for row in team.tasks() if row["Id"] in {pairs[0][1], pairs[1][1]}] == ["planned", "old"]
    assert len(team.tasks()) == 4
    meltano.sync()
    assert len(team.tasks()) == 5


@pytest.mark.parametrize(
    ("side", "column", "name"),
    [
        ("reminder", "details", "details"),
        ("reminder", "due_date", "due_date"),
        ("task", "Description", "details"),
        ("task", "ActivityDate", "due_date"),
    ],
)
def test_a_row_whose_record_was_changed_is_refused(planner, pairs, side, column, name):
    """On either side, in the field that would be written or in another; the other rows are carried out."""
    team, meltano = planner.team, planner.meltano
    for reminder, _ in pairs[:2]:
        team.edit_reminder(reminder, details="new")
    plan = planner.plan()
    edit = team.edit_reminder if side == "reminder" else team.edit_task
    edit(pairs[0][side == "task"], **{column: "2026-12-24"})
    writes = len(team.sandbox.writes("salesforce"))
    applied = planner.apply(plan)
    assert (outcome(applied), reasons(applied)) == ((1, 0, 1, 0), {"Pair 0": f"its {side} was changed since: {name}"})
    assert len(team.sandbox.writes("salesforce")) == writes + 1
    meltano.sync()
    quiet(team, meltano)


def test_a_row_whose_record_was_only_touched_is_refused(team, planner, pairs):
    """Another stamp with the same values: somebody was there."""
    team.edit_reminder(pairs[0][0], details="new")
    plan = planner.plan()
    team.later(240)
    team.edit_reminder(pairs[0][0], details="other")
    team.edit_reminder(pairs[0][0], details="new")
    assert reasons(planner.apply(plan)) == {"Pair 0": "its reminder was touched since"}


def test_a_create_whose_source_is_gone_is_refused(team, planner, meltano):
    """Nothing is made for it."""
    reminder = team.remind("Short-lived")
    plan = planner.plan()
    team.delete_reminder(reminder)
    assert reasons(planner.apply(plan)) == {"Short-lived": "its reminder was deleted since"}
    assert team.tasks() == []
    quiet(team, meltano)


def test_a_create_that_got_a_counterpart_meanwhile_is_not_made_again(team, meltano, planner):
    """Whoever made it: it is not doubled, and not written over, though the reminder would win."""
    meltano.settings["conflict_policy"] = "salesconnect"
    reminder = team.remind("Mine", details="ours")
    plan = planner.plan()
    team.task("Mine", Sales_Connect_Id__c=reminder, Description="theirs")
    applied = planner.apply(plan)
    assert outcome(applied)[2] == 1
    (task,) = team.tasks()
    assert task["Description"] == "theirs"


def test_a_deletion_whose_record_lives_again_is_refused(team, planner, pairs):
    """Its counterpart stays."""
    team.delete_task(pairs[0][1])
    plan = planner.plan()
    team.undelete_task(pairs[0][1])
    assert reasons(planner.apply(plan)) == {"Pair 0": "its task lives again"}
    assert team.reminder(pairs[0][0]) is not None


def test_a_deletion_of_what_was_edited_since_is_refused(team, planner, pairs):
    """The plan told nobody that an edit would be lost."""
    team.delete_reminder(pairs[0][0])
    plan = planner.plan()
    team.edit_task(pairs[0][1], Description="important")
    assert reasons(planner.apply(plan)) == {"Pair 0": "its task was changed since: details"}
    assert team.count_tasks() == 4


def test_a_deletion_of_what_is_edited_while_it_goes_out_is_refused(team, meltano, planner, pairs, ledger):
    """Sales Connect's version tells; a plan that told of no lost edit takes none along, and the rules then decide."""
    reminder, task = pairs[0]
    team.delete_task(task)
    plan = planner.plan()
    script = Script(do_at=("before delete", 1), action=lambda: team.edit_reminder(reminder, details="important"))
    assert reasons(planner.apply(plan, script=script)) == {"Pair 0": "its reminder was changed since: details"}
    assert team.reminder(reminder)["details"] == "important"
    assert ledger("SELECT * FROM conflicts") == []
    assert ledger("SELECT ahead FROM links WHERE reminder_id = ?", reminder) == [{"ahead": None}]
    meltano.sync()
    assert [row["field"] for row in ledger("SELECT field FROM conflicts")] == ["deletion"]
    quiet(team, meltano)


def test_the_brake_holds_for_a_plan_too(team, meltano, planner):
    """A plan that was made while it was released is refused where it is on again."""
    reminders = [team.remind(f"R{number}") for number in range(25)]
    meltano.sync()
    for reminder in reminders:
        team.delete_reminder(reminder)
    meltano.settings["allow_mass_delete"] = True
    plan = planner.plan()
    meltano.settings["allow_mass_delete"] = False
    applied = planner.apply(plan)
    assert set(reasons(applied).values()) == {"the brake holds it"}
    assert (outcome(applied), team.count_tasks()) == ((0, 0, 25, 0), 25)
    meltano.settings["allow_mass_delete"] = True
    assert outcome(planner.apply(plan)) == (25, 0, 0, 0)
    assert team.count_tasks() == 0


@pytest.mark.parametrize(("planned", "now"), [("salesconnect", "salesforce"), ("salesforce", "salesconnect")])
def test_a_conflict_that_would_be_decided_in_another_way_is_refused(planner, pairs, ledger, planned, now):
    """The policy was changed since the plan: nothing is written, and nothing is settled or recorded."""
    team, meltano = planner.team, planner.meltano
    team.edit_reminder(pairs[0][0], details="ours")
    team.edit_task(pairs[0][1], Description="theirs")
    meltano.settings["conflict_policy"] = planned
    plan = planner.plan()
    meltano.settings["conflict_policy"] = now
    before = team.writes(), ledger("SELECT * FROM links"), len(ledger("SELECT * FROM history"))
    assert outcome(planner.apply(plan)) == (0, 0, count(plan), 0)
    assert (team.writes(), ledger("SELECT * FROM links"), len(ledger("SELECT * FROM history"))) == before
    assert ledger("SELECT * FROM conflicts") == []


def test_a_refused_write_is_parked_as_in_a_sync(team, meltano, planner, pairs, ledger):
    """With the service's reason; the next sync tries it again."""
    team.edit_reminder(pairs[0][0], details="new")
    plan = planner.plan()
    team.refuse("salesforce")
    assert outcome(planner.apply(plan)) == (0, 0, 0, 1)
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["UNABLE_TO_LOCK_ROW"]
    team.heal()
    meltano.sync()
    assert team.task_of(pairs[0][0])["Description"] == "new"


def test_a_parked_change_is_planned_and_applied(team, meltano, planner, pairs, ledger):
    """What is due counts as a row, and is no longer parked once it is done."""
    team.edit_reminder(pairs[0][0], details="new")
    team.refuse("salesforce")
    meltano.to_salesforce()
    team.heal()
    plan = planner.plan()
    assert outcome(planner.apply(plan)) == (1, 0, 0, 0)
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_what_is_newer_than_what_is_parked_is_applied(team, meltano, planner, pairs, ledger):
    """The base has moved since the parking: the old change is over, and the new one is none of it."""
    reminder, task = pairs[0]
    team.edit_task(task, ActivityDate="2026-12-24")
    team.refuse("sales_connect")
    meltano.to_salesconnect()
    team.heal()
    team.later(180)
    team.edit_reminder(reminder, due_date="2026-12-25")
    meltano.to_salesforce()
    team.later(240)
    team.edit_task(task, ActivityDate="2026-12-26")
    assert outcome(planner.apply(planner.plan())) == (1, 0, 0, 0)
    assert team.reminder(reminder)["due_date"] == "2026-12-26"
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


@pytest.mark.usefixtures("without_link_field")
def test_pointers_are_written_with_the_plan(team, meltano, planner):
    """Without a link field: the task that the plan could not name yet is the one that is made."""
    reminder = team.remind("Mine")
    plan = planner.plan()
    assert outcome(planner.apply(plan)) == (2, 0, 0, 0)
    assert team.reminder(reminder)["salesforce_task_id"] == team.tasks()[0]["Id"]
    quiet(team, meltano)
    assert outcome(planner.apply(plan)) == (0, 2, 0, 0)


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: f"{kill[0]} {kill[1]}")
def test_a_killed_apply_is_finished_by_the_next_one(team, meltano, planner, day, kill):
    """Nothing is doubled, nothing is lost, and nothing is refused."""
    assert day
    plan = planner.plan()
    planner.apply(plan, script=Script(kill_at=kill))
    applied = planner.apply(plan)
    assert reasons(applied) == {}
    quiet(team, meltano)
    assert (len(team.tasks()), len(team.reminders())) == (5, 5)
    rows = {row["name"]: row["details"] for row in team.reminders()}
    assert rows == {"Pair 0": "new", "Pair 1": "old", "Pair 2": "theirs", "A new reminder": None, "A new task": None}


def test_a_plan_of_another_ledger_is_refused(team, meltano, planner, pairs):
    """Nothing is written."""
    team.edit_reminder(pairs[0][0], details="new")
    plan = planner.plan()
    meltano.lose_ledger()
    with open_ledger(meltano.ledger_url):
        pass
    before = team.writes()
    with pytest.raises(ConfigError, match="was made for the ledger"):
        planner.apply(plan)
    assert team.writes() == before


def test_a_plan_of_another_mapping_is_refused(team, meltano, planner, pairs, tmp_path):
    """Nothing is written."""
    team.edit_reminder(pairs[0][0], details="new")
    plan = planner.plan()
    meltano.without_link_field(tmp_path)
    before = team.writes()
    with pytest.raises(ConfigError, match="another mapping"):
        planner.apply(plan)
    assert team.writes() == before


def edited(text, **members):
    """The file with other members at its top."""
    return json.dumps({**json.loads(text), **members})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:-40], "it is not JSON"),
        (lambda text: "[]", "is no plan"),  # noqa: ARG005 - whatever it was
        (lambda text: "{}", "is no plan"),  # noqa: ARG005 - see above
        (lambda text: edited(text, tasksync_plan=0), "version 0"),
        (lambda text: text.replace('"new"', '"newer"'), "was changed after it was saved"),
        (lambda text: edited(text, sha256=None), "was changed after it was saved"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_in_words(team, planner, pairs, spoil, said):
    """Cut off, another document, an older form, or edited by hand."""
    team.edit_reminder(pairs[0][0], details="new")
    with pytest.raises(ConfigError, match=said):
        decode(spoil(encode(planner.plan())), "plan.json")
