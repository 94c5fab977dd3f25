"""A walk through a day, by real `meltano run sync` calls, printed as a transcript."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.sync.team import Team, salesforce_user

pytestmark = [pytest.mark.xdist_group("meltano"), pytest.mark.timeout(900)]


class Day:
    """The day's transcript, and what is looked at between two syncs."""

    def __init__(self, project, team):
        self.project, self.team = project, team
        self.clock = 0
        self.lines: list[str] = []

    def tell(self, text):
        """One line of the transcript."""
        self.lines.append(text)

    def sync(self, **variables):
        """`meltano run sync`, and what it wrote."""
        before = self._written()
        self.project.meltano("run sync", **variables)
        after = self._written()
        there, back = after[0] - before[0], after[1] - before[1]
        self.tell(f"    $ meltano run sync   → {there} to Salesforce, {back} to Sales Connect")
        return there, back

    def later(self, seconds=60):
        """Some time goes by."""
        self.clock += seconds
        self.team.later(self.clock)

    def show(self, reminder_id):
        """Both sides of a pair, side by side."""
        reminder, task = self.team.reminder(reminder_id), self.team.task_of(reminder_id)
        self.tell(
            f"      reminder: {reminder['name']!r}, {reminder['status']}, {reminder['priority']}, "
            f"due {reminder['due_date']}, {reminder['details']!r}"
        )
        self.tell(
            f"      task:     {task['Subject']!r}, {task['Status']}, {task['Priority']}, due {task['ActivityDate']}, "
            f"{task['Description']!r}"
        )
        return reminder, task

    def rows(self, sql):
        """Rows of the ledger."""
        with closing(sqlite3.connect(self.project.folder / ".tasksync/sandbox.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]

    def _written(self):
        return tuple(len(self.team.sandbox.writes(service)) for service in ("salesforce", "sales_connect"))


@pytest.fixture
def day(project, sandbox):
    """A project of its own over an empty sandbox with the team of `Team`."""
    project.use(sandbox)
    return Day(project, Team(sandbox))


def test_a_day(day, capsys):
    """Every rule that a salesperson would notice, one after the other."""
    try:
        pairs = first_sync(day)
        edits_of_different_fields(day, pairs["offer"])
        the_same_field(day, pairs["offer"])
        completed_in_salesforce(day, pairs["offer"])
        names(day, pairs["demo"])
        deletions(day, pairs)
        off_and_on(day, pairs["demo"])
        lost_ledger(day)
    finally:
        with capsys.disabled():
            print("\n" + "\n".join(day.lines))  # noqa: T201 - the transcript is what the test is read for


def first_sync(day):
    """Ann and Bob start with reminders and tasks of their own."""
    team = day.team
    day.tell("08:00  First sync of Ann and Bob: two reminders, two tasks")
    pairs = {
        "offer": team.remind("Send the offer", due_date="2026-12-01", details="three licences"),
        "demo": team.remind("Plan the demo", assignee_id="u2"),
    }
    visit = team.task("Visit Acme", ActivityDate="2026-12-02")
    lunch = team.task("Lunch with Jo", OwnerId=salesforce_user(2), Status="In Progress")
    assert day.sync() == (2, 2)
    pairs |= {"visit": team.reminder_of(visit)["id"], "lunch": team.reminder_of(lunch)["id"]}
    for reminder in pairs.values():
        day.show(reminder)
    day.tell("08:05  Nothing changed")
    assert day.sync() == (0, 0)
    return pairs


def edits_of_different_fields(day, reminder):
    """Both edits survive."""
    team = day.team
    task = team.task_of(reminder)["Id"]
    day.later()
    day.tell("09:00  The same pair is edited on both sides: due date in Sales Connect, details in Salesforce")
    team.edit_reminder(reminder, due_date="2026-12-24")
    team.edit_task(task, Description="four licences")
    assert day.sync() == (1, 1)
    found, task_found = day.show(reminder)
    assert (found["details"], task_found["ActivityDate"]) == ("four licences", "2026-12-24")
    assert day.rows("SELECT * FROM conflicts") == []


def the_same_field(day, reminder):
    """The newest wins, and the conflict is recorded."""
    team = day.team
    task = team.task_of(reminder)["Id"]
    day.later()
    day.tell("10:00  Both edit the details: Sales Connect first, Salesforce a minute later")
    team.edit_reminder(reminder, details="five licences")
    day.later()
    team.edit_task(task, Description="six licences")
    day.sync()
    found, task_found = day.show(reminder)
    assert found["details"] == task_found["Description"] == "six licences"
    (conflict,) = day.rows("SELECT field, reminder_value, task_value, winner FROM conflicts")
    day.tell(f"      conflict: {conflict}")
    assert conflict["winner"] == "task"


def completed_in_salesforce(day, reminder):
    """The reminder is completed, by one write."""
    day.later()
    day.tell("11:00  The task is completed in Salesforce")
    day.team.edit_task(day.team.task_of(reminder)["Id"], Status="Completed")
    day.sync()
    found, _ = day.show(reminder)
    assert found["status"] == "completed"


def names(day, reminder):
    """A Subject edit does not travel; a name edit does if the template carries it."""
    team = day.team
    task = team.task_of(reminder)["Id"]
    day.later()
    day.tell("12:00  The Subject is edited in Salesforce: it does not travel")
    team.edit_task(task, Subject="Demo (Acme)")
    assert day.sync() == (0, 0)
    found, _ = day.show(reminder)
    assert found["name"] == "Plan the demo"
    day.tell("12:30  The name is edited, and the template carries {{activity_subject}}: the Subject follows")
    team.edit_reminder(reminder, name="Run the demo")
    day.sync()
    assert day.show(reminder)[1]["Subject"] == "Run the demo"
    day.tell("12:45  The template becomes 'Call', and the name is edited: the Subject stays")
    team.sandbox.load(sales_connect={"settings": {"activity_detail_customization": "Call"}})
    day.later()
    team.edit_reminder(reminder, name="Repeat the demo")
    day.sync()
    assert day.show(reminder)[1]["Subject"] == "Run the demo"


def deletions(day, pairs):
    """A deletion on each side, and an undelete."""
    team = day.team
    visit = team.task_of(pairs["visit"])["Id"]
    lunch = team.task_of(pairs["lunch"])["Id"]
    day.later()
    day.tell("14:00  'Visit Acme' is deleted in Salesforce, 'Lunch with Jo' in Sales Connect")
    team.delete_task(visit)
    team.delete_reminder(pairs["lunch"])
    day.sync()
    assert team.reminder(pairs["visit"]) is None
    assert lunch not in {row["Id"] for row in team.tasks()}
    day.tell(f"      living: {len(team.reminders())} reminders, {len(team.tasks())} tasks")
    day.later()
    day.tell("14:30  'Visit Acme' is taken out of the recycle bin: it gets a new reminder")
    team.undelete_task(visit)
    day.sync()
    new = team.reminder_of(visit)["id"]
    assert new != pairs["visit"]
    day.show(new)


def off_and_on(day, reminder):
    """Turned off, nothing travels; turned on, what waited goes through."""
    team = day.team
    day.later()
    day.tell("15:00  Bob turns task sync off and edits his reminder")
    team.switch("u2", on=False)
    team.edit_reminder(reminder, details="while off")
    day.sync()
    assert team.task_of(reminder)["Description"] is None
    day.later()
    day.tell("16:00  Bob turns it on again")
    team.switch("u2", on=True)
    day.sync()
    assert day.show(reminder)[1]["Description"] == "while off"


def lost_ledger(day):
    """Every pair is found again, and nothing is written."""
    day.tell("17:00  The ledger is deleted")
    before = {(row["reminder_id"], row["task_id"]) for row in day.rows("SELECT * FROM links WHERE state = 'open'")}
    for path in (day.project.folder / ".tasksync").glob("sandbox.db*"):
        path.unlink()
    day.later()
    assert day.sync() == (0, 0)
    after = {(row["reminder_id"], row["task_id"]) for row in day.rows("SELECT * FROM links WHERE state = 'open'")}
    assert after == before
    day.tell(f"      {len(after)} links, the same as before")
