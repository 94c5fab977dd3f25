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


class Office:
    """People who do things in both services; what they choose does not depend on the records' random ids."""

    def __init__(self, team, seed):
        self.team, self.chance = team, random.Random(seed)  # noqa: S311 - a repeatable game
        self.deleted, self.clock = [], 0
        self._order = {"reminder": [], "task": []}

    def _any(self, side):
        """One living record, by its place among all that were ever seen."""
        rows = self.team.reminders() if side == "reminder" else self.team.tasks()
        key, name = ("id", "name") if side == "reminder" else ("Id", "Subject")
        known = self._order[side]
        known += [row[key] for row in sorted(rows, key=lambda row: row[name] or "") if row[key] not in known]
        living = {row[key] for row in rows}
        found = [id_ for id_ in known if id_ in living]
        return self.chance.choice(found) if found else None

    def day(self):
        """A few things, some time apart."""
        for _ in range(self.chance.randint(3, 8)):
            self.clock += self.chance.choice((1, 60, 900))
            self.team.later(self.clock)
            deed = self.chance.choice(("make", "edit", "edit", "delete", "undelete"))
            side = self.chance.choice(("reminder", "task"))
            getattr(self, f"_{deed}")(side)

    def _make(self, side):
        given = values(side, self.chance)
        if side == "reminder":
            self.team.remind(**{**given, "name": f"R{self.chance.random()}"})
        else:
            self.team.task(f"T{self.chance.random()}", **{key: one for key, one in given.items() if key != "Subject"})

    def _edit(self, side):
        record = self._any(side)
        if record is not None:
            (self.team.edit_reminder if side == "reminder" else self.team.edit_task)(
                record, **values(side, self.chance)
            )

    def _delete(self, side):
        record = self._any(side)
        if record is None:
            return
        if side == "reminder":
            self.team.delete_reminder(record)
        else:
            self.team.delete_task(record)
            self.deleted.append(record)

    def _undelete(self, side):
        del side  # only Salesforce can
        if self.deleted:
            self.team.undelete_task(self.deleted.pop())


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_comes_true(team, meltano, ledger, seed):
    """Carried out by a sync, or by `apply` and then a sync, which writes nothing more where that was complete."""
    office, planner = Office(team, seed), Planner(team, meltano)
    meltano.settings["conflict_policy"] = ("newest", "salesforce", "salesconnect")[seed % 3]
    meltano.settings["delete_conflict_policy"] = ("delete", "keep")[seed % 2]
    for turn in range(ROUNDS):
        office.day()
        plan, before = planner.plan(), last_run(meltano)
        rows = [row for part in plan.directions for row in part.rows]
        if turn % 2:
            applied = planner.apply(plan)
            assert [one for part in applied for one in (*part.outcome.refused, *part.outcome.parked)] == []
        else:
            meltano.sync()
        assert told(history_since(meltano, before)) == told(rows)
        if ledger("SELECT * FROM deletions WHERE state = 'pending'"):
            meltano.sync()  # what one direction found deleted, the other one carries out (sync-rules §2.3)
        quiet(team, meltano)
