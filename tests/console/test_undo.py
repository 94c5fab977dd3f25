"""`tasksync undo`, and the settings that the command takes from the project."""

import pytest

from tasksync_console.project import Project


def test_a_run_is_undone_with_the_projects_credentials(team, meltano, tasksync):
    """The report says what was done, and `parked` shows what waits; `check` has nothing against it."""
    reminder = team.remind(details="old")
    meltano.sync()
    team.edit_reminder(reminder, details="new")
    meltano.sync()
    ended = tasksync("undo", "3")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "1 task in Salesforce got earlier values back.",
        "Their changes are parked as undone: `tasksync retry ID` or a new edit carries them over again.",
    ]
    assert team.task_of(reminder)["Description"] == "old"
    (parked,) = tasksync("parked", "--json").json
    assert (parked["record_id"], parked["code"], parked["needs_person"]) == (reminder, "undone", False)
    assert f"goes over again when the record changes, or by `tasksync retry {reminder}`" in tasksync("parked").out
    assert tasksync("check").code == 0
    told = tasksync("explain", reminder).out
    assert (
        "undo in Salesforce (run 3): a person took back what a run had written\n    details new → old: undone\n" in told
    )


def test_records_are_deleted_only_when_somebody_agrees(team, meltano, tasksync):
    """Without a terminal `--yes` says so; the number is told, and nothing is written before."""
    team.remind("A")
    team.remind("B")
    meltano.to_salesforce()
    before = team.writes()
    refused = tasksync("undo", "1")
    assert (refused.code, refused.out) == (1, "")
    assert "This would delete 2 tasks in Salesforce, which that run had made" in refused.err
    assert team.writes() == before
    planned = tasksync("undo", "1", "--dry-run").out
    assert planned == "2 tasks that run 1 had made would be deleted.\n"
    assert team.writes() == before
    told = tasksync("undo", "1", "--yes", "--json").json
    assert (told["run"], told["deleted"], told["put_back"], told["left"]) == (1, 2, 0, [])
    assert team.tasks() == []
    assert tasksync("undo", "1", "--yes").out == "Nothing of run 1 was taken back.\n"


def test_the_other_direction_is_undone_by_its_own_credentials(team, meltano, tasksync):
    """A reminder that was made is deleted; what was changed since is left and named."""
    changed, made = team.task("Changed"), team.task("Made")
    meltano.sync()
    team.later(60)
    team.edit_reminder(team.reminder_of(changed)["id"], details="mine")
    ended = tasksync("undo", "2", "--yes")
    assert ended.code == 0
    assert "1 reminder that run 2 had made was deleted." in ended.out
    assert "Left, because it was changed since:" in ended.out
    assert f"task {changed} Changed" in ended.out
    assert [row["salesforce_task_id"] for row in team.reminders()] == [changed]
    assert made not in ended.out


@pytest.mark.parametrize(("run", "said"), [("9", "There is no run 9"), ("1", "was a dry run")])
def test_what_cannot_be_undone_is_said(book, project, tasksync, run, said):
    """On standard error, with exit code 1; no service is asked."""
    assert project
    book.run(dry_run=True)
    ended = tasksync("undo", run)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


def test_a_problem_of_a_service_is_told_in_words(team, meltano, tasksync, monkeypatch):
    """Not as a traceback."""
    team.remind()
    meltano.to_salesforce()
    monkeypatch.setenv("SALESFORCE_CLIENT_ID", "wrong")
    ended = tasksync("undo", "1", "--yes")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("tasksync: Salesforce at 127.0.0.1")
    assert len(ended.err.splitlines()) <= 2


def test_settings_come_from_where_meltano_has_them(project, monkeypatch):
    """Terminal before `.env` before the environment's config before the plugin's own; an empty variable is unset."""
    monkeypatch.delenv("TASKSYNC_LEDGER_URL")
    name = "target-salesforce-tasks"
    sandbox = Project(project, "sandbox")
    assert sandbox.plugin_settings(name)["login_url"] == "http://127.0.0.1:8641"
    assert sandbox.plugin_settings(name)["loopback_only"] is True
    assert sandbox.plugin_settings(name)["ledger_url"] == f"sqlite:///{project}/.tasksync/sandbox.db"
    assert "login_url" not in Project(project, "production").plugin_settings(name)
    (project / ".env").write_text("SALESFORCE_LOGIN_URL=https://dotenv.example\nSALESFORCE_CLIENT_ID=\n")
    assert sandbox.plugin_settings(name)["login_url"] == "https://dotenv.example"
    assert sandbox.plugin_settings(name)["client_id"] == "sandbox"
    monkeypatch.setenv("SALESFORCE_LOGIN_URL", "https://terminal.example")
    assert sandbox.plugin_settings(name)["login_url"] == "https://terminal.example"
    monkeypatch.setenv("TARGET_SALESFORCE_TASKS_MAPPING_PATH", "ours.yml")
    assert sandbox.plugin_settings(name)["mapping_path"] == "ours.yml"
