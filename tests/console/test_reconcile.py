"""`tasksync reconcile` and `tasksync adopt`: what they say, and how they end."""

import pytest


def test_what_agrees_is_said_to_agree(team, meltano, tasksync):
    """With exit code 0."""
    team.remind()
    meltano.sync()
    ended = tasksync("reconcile")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "Both sides were read whole, and 1 linked pair compared.",
        "",
        "Both sides agree.",
    ]


def test_drift_is_shown_and_mended(team, meltano, tasksync):
    """Field by field; with `--repair` it goes through the engine, and is then in the history of a run of its own."""
    reminder = team.remind("Call Ann", details="old")
    meltano.sync()
    team.edit_reminder(reminder, details="new")
    team.task("Visit")
    found = tasksync("reconcile")
    assert (found.code, found.err) == (1, "")
    assert "Pairs that differ: 1" in found.out
    assert "details: old → new (changed at its source only)" in found.out
    assert "Records without a counterpart: 1" in found.out
    assert "`tasksync reconcile --repair` mends what the rules can mend" in found.out
    told = tasksync("reconcile", "--json")
    assert (told.code, told.json["in_order"], told.json["repaired"]) == (1, False, [])
    mended = tasksync("reconcile", "--repair")
    assert (mended.code, mended.err) == (0, "")
    assert "to-salesforce (run 3): 1 updated." in mended.out
    assert "to-salesconnect (run 4): 1 created." in mended.out
    assert mended.out.splitlines()[-1] == "Everything that was found is mended."
    again = tasksync("reconcile", "--repair", "--json")
    assert (again.code, again.json["in_order"], again.json["repaired"]) == (0, True, [])
    assert "run 3  update in Salesforce" in tasksync("explain", reminder).out
    assert "would get earlier values back" in tasksync("undo", "3", "--dry-run").out


def test_what_is_for_a_person_is_named(team, meltano, tasksync):
    """Second counterparts and doubles, with their ids; exit code 1 also after a repair."""
    task = team.task("Visit")
    meltano.sync()
    linked = team.reminder_of(task)["id"]
    second = team.task("Second", Sales_Connect_Id__c=linked)
    double, other = team.remind("Double"), team.task("Double")
    ended = tasksync("reconcile", "--repair")
    assert ended.code == 1
    assert f"task {second} Second in Salesforce names reminder {linked}, which is linked to task {task}" in ended.out
    assert f"Double (reminder {double}, task {other})" in ended.out
    assert ended.out.splitlines()[-1] == "What is left is for a person, or for the next `tasksync reconcile --repair`."


def test_twins_are_shown_and_linked(team, meltano, tasksync):
    """Without a terminal `--yes` accepts them; `--dry-run` only shows them."""
    reminder, task = team.remind("Call Ann", due_date="2026-12-24"), team.task("Call Ann", ActivityDate="2026-12-24")
    shown = f"  Call Ann, due 2026-12-24 (reminder {reminder}, task {task})"
    planned = tasksync("adopt", "--dry-run")
    assert (planned.code, planned.out.splitlines()) == (
        0,
        ["1 pair with the same subject, due date, person and user:", shown, "Nothing was linked: this was a dry run."],
    )
    refused = tasksync("adopt")
    assert (refused.code, "say --yes" in refused.out) == (1, True)
    assert tasksync("links", "--json").json in ([], {"links": []})
    linked = tasksync("adopt", "--yes")
    assert (linked.code, linked.err) == (0, "")
    assert linked.out.splitlines()[-1] == "1 pair linked (run 1); the next sync compares their fields."
    meltano.sync()
    assert (len(team.tasks()), len(team.reminders())) == (1, 1)
    assert tasksync("adopt").out.splitlines()[0] == "No unlinked reminder looks like an unlinked task."


def test_what_is_ambiguous_is_listed(team, meltano, tasksync):
    """And not linked, even with `--yes`."""
    assert meltano
    reminders = [team.remind("Call"), team.remind("Call")]
    task = team.task("Call")
    ended = tasksync("adopt", "--yes", "--json")
    assert ended.code == 0
    (group,) = ended.json["ambiguous"]
    assert (sorted(group["reminders"]), group["tasks"]) == (sorted(reminders), [task])
    assert (ended.json["pairs"], ended.json["linked"]) == ([], [])
    assert "Call: 2 reminders, 1 task" in tasksync("adopt").out


@pytest.mark.parametrize("words", [("reconcile",), ("reconcile", "--repair"), ("adopt", "--yes")])
def test_a_problem_is_told_in_words(team, meltano, tasksync, monkeypatch, words):
    """A service that is not there, and a run that is going on: exit code 1, and nothing on standard output."""
    team.remind()
    meltano.sync()
    monkeypatch.setenv("SALES_CONNECT_URL", "http://127.0.0.1:9")
    ended = tasksync(*words)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("tasksync: Sales Connect")


def test_reconciling_needs_a_ledger(project, meltano, tasksync):
    """Without one there is nothing to compare with."""
    assert project
    assert meltano
    ended = tasksync("reconcile")
    assert (ended.code, "There is no ledger" in ended.err) == (1, True)


def test_a_warning_is_said_once(team, meltano, tasksync, caplog):
    """However often the roster is read in one command."""
    team.remind()
    meltano.sync()
    team.task("New")
    caplog.clear()
    assert tasksync("reconcile", "--repair").code == 0
    (said,) = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert "u4 (no active Salesforce user has this email)" in said
