"""What the command says after real runs of both pipelines against the sandbox."""

import pytest


def test_status_names_what_a_sync_did(team, meltano, tasksync):
    """Created, updated and deleted tasks are listed by name, with what changed."""
    edited, doomed = team.remind("Call Ann [urgent]"), team.remind("Call Bob")
    team.task("Visit Cid")
    meltano.sync()
    first = tasksync("status")
    assert first.code == 0, first.err
    named = first.out.partition("  created in Salesforce: 2\n")[2]  # made within one millisecond they have no order
    assert sorted(named.splitlines()[:2]) == ["    Call Ann [urgent]", "    Call Bob"]
    assert "  created in Sales Connect: 1\n    Visit Cid\n" in first.out
    assert "Roster: 2 on, 1 left out" in first.out
    assert "left out: dan@example.com (u4): no active Salesforce user has this email" in first.out
    team.edit_reminder(edited, status="completed", due_date="2027-01-31")
    team.delete_reminder(doomed)
    meltano.sync()
    second = tasksync("status").out
    assert "    Call Ann [urgent]: status Not Started → Completed, due_date (empty) → 2027-01-31\n" in second
    assert "  deleted in Salesforce: 1\n    Call Bob\n" in second
    assert ", 2 open links" in second
    assert tasksync("check").code == 0


def test_a_plan_is_told_as_a_plan(team, meltano, tasksync):
    """After a dry run `status` says what would be done, and that nothing was."""
    team.remind("Call Ann")
    meltano.to_salesforce()
    team.remind("Call Bob")
    meltano.settings = {"dry_run": True}
    meltano.to_salesforce()
    out = tasksync("status").out
    assert "plan only, nothing was written" in out
    assert "  would be created in Salesforce: 1\n    Call Bob\n" in out


def test_held_deletions_are_named_and_the_advice_works(team, meltano, tasksync):
    """`check` fails while the brake holds, `status` names the tasks, and allowing them ends it."""
    reminders = [team.remind(f"Call {number}") for number in range(3)]
    meltano.sync()
    for reminder in reminders:
        team.delete_reminder(reminder)
    meltano.settings = {"max_delete_count": 1, "max_delete_percent": 10}
    meltano.sync()
    assert tasksync("check").code == 1
    # Deleted within one millisecond they have no order.
    named = tasksync("status").out.partition("Deletions from Sales Connect held by the brake: 3\n")[2]
    assert sorted(named.splitlines()[:3]) == ["  Call 0", "  Call 1", "  Call 2"]
    assert "held by the brake" in tasksync("explain", reminders[0]).out
    meltano.settings["allow_mass_delete"] = True
    meltano.sync()
    assert tasksync("check").code == 0
    assert team.tasks() == []


def test_a_refused_change_goes_through_after_retry(team, meltano, tasksync):
    """`check` fails once, `parked` says what to do, and `retry` brings it on."""
    team.sandbox.fault(
        "salesforce",
        "row_error",
        code="FIELD_CUSTOM_VALIDATION_EXCEPTION",
        message="Subject must not be rude",
        where={"Subject": "Call Ann"},
    )
    reminder = team.remind("Call Ann")
    meltano.sync()
    assert tasksync("check").code == 1
    (waiting,) = tasksync("parked", "--json").json
    assert (waiting["record_id"], waiting["name"]) == (reminder, "Call Ann")
    assert "validation rule" in waiting["happening"]
    assert "Subject must not be rude" in tasksync("parked").out
    team.later(3600)
    team.remind("Call Bob")
    meltano.sync()  # moves the bookmark, so that the overlap does not reach back to the refused reminder
    team.heal()
    meltano.sync()
    assert [task["Subject"] for task in team.tasks()] == ["Call Bob"]
    assert "meltano run to-salesforce" in tasksync("retry", reminder).out
    meltano.sync()
    assert {task["Subject"] for task in team.tasks()} == {"Call Ann", "Call Bob"}
    assert tasksync("parked").out == "Nothing is parked.\n"
    assert tasksync("check").code == 0


def test_explain_knows_a_task_by_either_id(team, meltano, tasksync):
    """15 and 18 characters, and the reminder's id, lead to the same pair and history."""
    reminder = team.remind("Call Ann")
    meltano.sync()
    team.edit_reminder(reminder, priority="high")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    told = [tasksync("explain", given) for given in (reminder, task, task[:15])]
    assert [ended.code for ended in told] == [0, 0, 0]
    assert len({ended.out for ended in told}) == 1
    out = told[0].out
    assert f"reminder {reminder}, task {task}; pushed, open" in out
    assert "priority Normal → High" in out
    assert "the reminder's assignee u1 takes part" in out
    assert out.index("create in Salesforce") < out.index("update in Salesforce")


def test_explain_shows_a_conflict_with_both_values(team, meltano, tasksync):
    """Who won and what was lost."""
    reminder = team.remind("Call Ann", due_date="2027-01-01")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.edit_reminder(reminder, due_date="2027-02-02")
    team.edit_task(task, ActivityDate="2027-03-03")
    meltano.settings = {"conflict_policy": "salesforce"}
    meltano.sync()
    words = "due_date: Sales Connect 2027-02-02, Salesforce 2027-03-03; Salesforce's stands"
    for command in (["explain", task], ["conflicts"], ["status"]):
        assert words in tasksync(*command).out
    assert tasksync("check").code == 0


def test_edits_lost_with_a_deletion_are_told(team, meltano, tasksync):
    """The conflict record of a deletion that took an edit with it."""
    reminder = team.remind("Call Ann")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.edit_task(task, Description="ring twice")
    team.delete_reminder(reminder)
    meltano.sync()
    out = tasksync("conflicts").out
    assert "deleted in Sales Connect, edited in Salesforce; lost there:" in out
    assert "details ring twice" in out


@pytest.mark.parametrize("user", ["u3", "u4"])
def test_explain_says_why_a_record_may_be_unknown(team, meltano, tasksync, user):
    """Of a user who is off the ledger knows nothing; of one left out it keeps what is owed."""
    reminder = team.remind("Call Ann", assignee_id=user)
    meltano.sync()
    ended = tasksync("explain", reminder)
    if user == "u3":
        assert ended.code == 1
        assert "Its assignee cid@example.com (u3) has task sync off (§1.1)" in ended.out
        assert "3 users with task sync on, 1 left out" in tasksync("explain", "--offline", reminder).out
    else:
        assert ended.code == 0
        assert "roster (Other)" in ended.out
