"""What lies where."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .copies import ROOT, tracked

BIN = Path(sys.executable).parent
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|root|home|Users)/\w")
PROJECTS = [path for path in tracked() if path.name == "pyproject.toml"]
SCRIPTS = [
    name
    for path in PROJECTS
    for name in tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"].get("scripts", {})
]


def test_folders_are_named_by_their_idea():
    """None is called common, utils or shared."""
    named = {part for path in tracked() for part in path.with_suffix("").parts}
    assert not named & {"common", "utils", "shared"}


def test_no_file_names_a_path_of_somebodys_machine():
    """Nothing in the project points into a home folder."""
    found = []
    for path in tracked():
        text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
        found += [f"{path}: {hit[0]}" for hit in MACHINE_PATH.finditer(text)]
        found += [str(path)] if str(ROOT) in text else []
    assert found == []


def test_everything_is_under_the_licence():
    """The licence lies in the project, and each package names it."""
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    for path in PROJECTS:
        assert tomllib.loads((ROOT / path).read_text(encoding="utf-8"))["project"]["license"] == "Apache-2.0"


@pytest.mark.parametrize("name", [*SCRIPTS, "meltano"])
def test_every_command_is_installed(name):
    """It lies beside the interpreter and can be run."""
    assert os.access(BIN / name, os.X_OK)


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name.startswith(("tap-", "target-"))])
def test_every_plugin_says_what_it_is(name):
    """`--about` prints name and settings."""
    command = [str(BIN / name), "--about", "--format=json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    assert f'"name": "{name}"' in done.stdout
    assert "loopback_only" in done.stdout


def test_the_constraints_are_those_of_the_lock_file():
    """`make lock` would change nothing."""
    command = [sys.executable, str(ROOT / "scripts/constraints.py"), "--check"]
    subprocess.run(command, check=True)  # noqa: S603 - our own script
