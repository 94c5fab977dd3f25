"""The commands that look ahead, and that carry out what was looked at, in a project with Meltano."""

import json
import re

from .copies import ROOT

PAGE = (ROOT / "docs/commands.md").read_text(encoding="utf-8")


def example(command):
    """The lines of a command's section in docs/commands.md."""
    section = next(part for part in PAGE.split("\n## ") if part.startswith(f"{command}\n"))
    lines = re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1].splitlines()
    return [f".venv/bin/{line}".replace("FILE", "plan.json") for line in lines]


def quoted(text):
    """The JSON document at the end of what a command printed."""
    return json.loads(text[text.index("{\n") if text.lstrip().startswith("{") else text.index("[\n") :])


def test_a_first_sync_is_planned_applied_and_done(project, team_sandbox):
    """The plan shows both directions, moves no bookmark and writes nothing; applied, it leaves a sync nothing to do."""
    project.use(team_sandbox)
    (plan, save), (apply,) = example("plan"), example("apply")
    assert "create task: " in project.run(plan)
    said = project.run(f"{save} --limit 2")
    assert "creates" in said
    assert "create task: " in said
    assert "more (--limit N shows more, --json all)" in said
    assert "`tasksync apply plan.json` carries it out" in said
    assert project.meltano("state list").count("tap-") == 0
    assert not team_sandbox.writes("salesforce")
    assert not team_sandbox.writes("sales_connect")
    assert "exists already" in project.run(save, exits=1)
    assert (project.folder / "plan.json").stat().st_mode & 0o077 == 0
    applied = project.run(apply)
    assert "to-salesforce (run 1): " in applied
    assert "to-salesconnect (run 2): " in applied
    written = len(team_sandbox.writes("salesforce")), len(team_sandbox.writes("sales_connect"))
    assert all(written)
    project.meltano("run sync")
    assert (len(team_sandbox.writes("salesforce")), len(team_sandbox.writes("sales_connect"))) == written
    assert "nothing left to do" in project.run(apply)
    planned = quoted(project.run(".venv/bin/tasksync plan --json"))
    assert [part["rows"] for part in planned["directions"]] == [[], []]
    assert [part["summary"]["creates"] for part in planned["directions"]] == [0, 0]
    assert "Nothing to do." in project.run(".venv/bin/tasksync plan")
    assert "would be deleted" in project.run(".venv/bin/tasksync undo 1 --dry-run")


def test_problems_are_told_in_words(project, team_sandbox):
    """A service that is not there, a file that is no plan, one that was edited: exit code 1, and no traceback."""
    project.use(team_sandbox)
    (project.folder / "no-plan.json").write_text("{}", encoding="utf-8")
    assert "no-plan.json is no plan" in project.run(".venv/bin/tasksync apply no-plan.json", exits=1)
    assert "cannot be read" in project.run(".venv/bin/tasksync apply nothing.json", exits=1)
    said = project.run(".venv/bin/tasksync plan", exits=1, SALES_CONNECT_URL="http://127.0.0.1:9")
    assert re.search(r"tap-salesconnect stopped: \S+ \[error *\] meltano +Sales Connect at", said)
    assert "Nothing was written" in said
    assert "Traceback" not in said
