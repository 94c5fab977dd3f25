"""docs/commands.md: every command on it does what it says, after a sync of both pipelines."""

import re
import shlex

import pytest

from tasksync_console.commands.all import app
from tests.project.copies import ROOT

PAGE = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
SAID = [
    (section.splitlines()[0], line)
    for section in PAGE.split("\n## ")[1:]
    for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("tasksync ")
]


def test_the_sections_are_in_order():
    """Alphabetical, each once."""
    assert sorted(set(SECTIONS)) == SECTIONS


def test_every_section_is_a_command_and_shows_it():
    """A section's first word is a subcommand that exists, and its examples are of that one."""
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    assert {section.split()[0] for section in SECTIONS} <= known
    assert {section.split()[0] for section, _ in SAID} == {section.split()[0] for section in SECTIONS}
    assert all(line.split()[1] == section.split()[0] for section, line in SAID)


@pytest.fixture(name="ready")
def a_synced_project(team, meltano, tasksync, tmp_path):
    """A pair, a conflict and a parked change of Ann's, reported; returns what an example's words stand for."""
    reminder = team.remind("Call", due_date="2027-01-01")
    meltano.sync()
    team.edit_reminder(reminder, due_date="2027-02-02")
    team.edit_task(team.task_of(reminder)["Id"], ActivityDate="2027-03-03")
    meltano.sync()
    team.refuse("salesforce", "ENTITY_IS_LOCKED")
    team.edit_reminder(reminder, details="new")
    meltano.sync()
    team.heal()
    assert tasksync("check").code == 1
    return {"ID": reminder, "RUN": "1", "FILE": str(tmp_path / "file"), "USER": "ann@example.com", "CODE": "0"}


EXITS = {"reconcile": {0, 1}}
"""Where another code than 0 is an answer: here something waits for a person."""

ELSEWHERE = {"plan", "apply", "shards", "serve"}
"""Their examples run in a project with installed taps (tests/project/test_planning.py and test_shards.py), or go on
until they are ended (tests/web/test_serving.py)."""


@pytest.mark.parametrize("line", [line for section, line in SAID if section.split()[0] not in ELSEWHERE])
def test_an_example_works(ready, tasksync, line):
    """Exit code 0, something on standard output, nothing on standard error."""
    words = [ready.get(word, word) for word in shlex.split(line)[1:]]
    ended = tasksync(*words)
    assert ended.code in EXITS.get(words[0], {0}), ended.err or ended.out
    assert not ended.err
    assert ended.out.strip()
