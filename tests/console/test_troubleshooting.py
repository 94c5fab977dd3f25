"""docs/troubleshooting.md and docs/operations.md: their commands of `tasksync` do what they say."""

import re
import shlex

import pytest
import yaml

from tasksync_console.words import TARGETS
from tests.project.copies import ROOT

PAGES = {name: (ROOT / f"docs/{name}.md").read_text(encoding="utf-8") for name in ("troubleshooting", "operations")}
BLOCKS = [block for text in PAGES.values() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]
LINES = sorted({line for block in BLOCKS for line in block.splitlines()})
OURS = [line for line in LINES if line.startswith(".venv/bin/tasksync ")]
MELTANOS = [line for line in LINES if line not in OURS]


@pytest.mark.parametrize("line", OURS)
def test_a_command_works(team, meltano, tasksync, line):
    """After a sync with a conflict: exit code 0, and something on standard output."""
    reminder = team.remind("Call", due_date="2027-01-01")
    meltano.sync()
    team.edit_reminder(reminder, due_date="2027-02-02")
    team.edit_task(team.task_of(reminder)["Id"], ActivityDate="2027-03-03")
    meltano.sync()
    meant = {"ID": reminder, "RUN": "3"}
    ended = tasksync(*(meant.get(word, word) for word in shlex.split(line)[1:]))
    assert (ended.code, ended.err) == (0, ""), ended.err or ended.out
    assert ended.out.strip()


def test_every_symptom_has_a_command():
    """Each section starts with what to run."""
    for section in PAGES["troubleshooting"].split("\n## ")[1:]:
        assert re.match(r"[^\n]+\n\n```sh\n", section), section.splitlines()[0]


def test_meltanos_commands_are_those_that_other_tests_run():
    """Runs, forced or not, and allowed deletions, of jobs that exist."""
    allowed = {f"{name}_ALLOW_MASS_DELETE=true" for name in TARGETS.values()}
    jobs = {job["name"] for job in yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["jobs"]}
    for line in MELTANOS:
        *before, command, run, job = [word for word in shlex.split(line) if word != "--force"]
        assert (command, run) == (".venv/bin/meltano", "run")
        assert job in jobs
        assert set(before) <= allowed


def test_the_alerts_ask_for_metrics_that_exist():
    """Each name in a rule is one that `check` writes."""
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGES["operations"], re.DOTALL)
    asked = {
        name for group in yaml.safe_load(text)["groups"] for rule in group["rules"]
        for name in re.findall(r"tasksync_\w+", rule["expr"])
    }  # fmt: skip
    code = (ROOT / "console/tasksync_console/metrics.py").read_text(encoding="utf-8")
    assert asked
    assert all(f'"{name.removeprefix("tasksync_")}"' in code for name in asked)
