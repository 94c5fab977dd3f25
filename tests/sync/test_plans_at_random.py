"""Whatever people do, a plan is what the next sync does; and applied, it leaves the next sync nothing of it to do."""

from __future__ import annotations

import random

import pytest

from tests.sync.plans import Planner, history_since, last_run, told
from tests.sync.steps import quiet
from tests.sync.team import salesforce_user

ROUNDS = 5
STATUSES = {"reminder": ("open", "completed"), "task": ("Not Started", "Completed", "In Progress")}
PRIORITIES = {"reminder": ("normal", "high"), "task": ("Normal", "High", "Low")}
DATES = (None, "2026-12-01", "2026-12-24")
TEXTS = (None, "a", "b", "c\r\nd")
USERS = {"reminder": ("u1", "u2", "u3"), "task": tuple(salesforce_user(number) for number in (1, 2, 3))}


def values(side, chance):
    """A few changed members of one side's record."""
    all_of_them = {
        "reminder": {"name": ("One", "Two"), "status": STATUSES[side], "priority": PRIORITIES[side], "due_date": DATES},
        "task": {
            "Subject": ("One", "Two"),
            "Status": STATUSES[side],
            "Priority": PRIORITIES[side],
            "ActivityDate": DATES,
        },
    }[side]
    all_of_them |= {"details" if side == "reminder" else "Description": TEXTS}
    all_of_them |= {"assignee_id" if side == "reminder" else "OwnerId": USERS[side]}
    return {name: chance.choice(all_of_them[name]) for name in chance.sample(list(all_of_them), chance.randint(1, 3))}


def act(team, chance, deleted):
    """One thing that somebody does."""
    reminders = sorted(row["id"] for row in team.reminders())
    tasks = sorted(row["Id"] for row in team.tasks())
    deed = chance.choice(
        ("remind", "task", "edit reminder", "edit reminder", "edit task", "edit task", "delete", "undelete")
    )
    if deed == "remind":
        team.remind(
            f"R{chance.random()}", **{key: value for key, value in values("reminder", chance).items() if key != "name"}
        )
    elif deed == "task":
        team.task(
            f"T{chance.random()}", **{key: value for key, value in values("task", chance).items() if key != "Subject"}
        )
    elif deed == "edit reminder" and reminders:
        team.edit_reminder(chance.choice(reminders), **values("reminder", chance))
    elif deed == "edit task" and tasks:
        team.edit_task(chance.choice(tasks), **values("task", chance))
    elif deed == "delete" and chance.random() < 0.5 and reminders:
        team.delete_reminder(chance.choice(reminders))
    elif deed == "delete" and tasks:
        deleted.append(chance.choice(tasks))
        team.delete_task(deleted[-1])
    elif deed == "undelete" and deleted:
        team.undelete_task(deleted.pop())


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_comes_true(team, meltano, seed):
    """Carried out by a sync, or by `apply` and then a sync, which writes nothing more where that was complete."""
    chance, planner, deleted, clock = random.Random(seed), Planner(team, meltano), [], 0  # noqa: S311 - a repeatable game
    meltano.settings["conflict_policy"] = ("newest", "salesforce", "salesconnect")[seed % 3]
    meltano.settings["delete_conflict_policy"] = ("delete", "keep")[seed % 2]
    for turn in range(ROUNDS):
        for _ in range(chance.randint(3, 8)):
            clock += chance.choice((1, 60, 900))
            team.later(clock)
            act(team, chance, deleted)
        plan, before = planner.plan(), last_run(meltano)
        rows = [row for part in plan.directions for row in part.rows]
        if turn % 2:
            applied = planner.apply(plan)
            assert [one for part in applied for one in (*part.outcome.refused, *part.outcome.parked)] == []
            assert told(history_since(meltano, before)) == told(rows)
            quiet(team, meltano)
        else:
            meltano.sync()
            assert told(history_since(meltano, before)) == told(rows)
            quiet(team, meltano)
