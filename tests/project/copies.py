"""Copies of the project, each with ports, ledger, system database and sandbox of its own."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = ("MELTANO_", "SALESFORCE_", "SALES_CONNECT_", "SANDBOX_", "TASKSYNC_", "TAP_", "TARGET_")


def ignored():
    """The folders and files that .gitignore leaves out, which no copy has."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return [line.rstrip("/") for line in lines]


def copy(folder):
    """The project as it is in version control, in another folder; with the same virtual environment."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".git", ".ruff_cache", *ignored()))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def tracked():
    """Every file that a copy would have, relative to the project."""
    names = shutil.ignore_patterns(".git", *ignored())
    found = []
    for folder, folders, files in os.walk(ROOT):
        left_out = names(folder, [*folders, *files])
        folders[:] = [name for name in folders if name not in left_out]
        found += [Path(folder, name).relative_to(ROOT) for name in files if name not in left_out]
    return sorted(found)


def free_ports(number):
    """Ports that nobody listens on; below those that the system hands out by itself."""
    ports = []
    while len(ports) < number:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - no secret
        with socket.socket() as probe:
            if port not in ports and probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.append(port)
    return ports


class Project:
    """A project folder and the environment that its commands run in.

    Attributes:
        folder: where it lies.
        environment: the variables; none of the caller's own that mean something to us.
    """

    def __init__(self, folder, installed=None):
        self.folder = folder
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
        self.environment |= {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "MELTANO_CLI_LOG_LEVEL": "info"}
        if installed is not None:
            self.borrow_plugins(installed)

    def borrow_plugins(self, installed):
        """Take over the plugins that are installed in another copy, whose code is the same.

        Meltano installs a plugin again when its address changes, so theirs are written into meltano.yml.
        """
        path = self.folder / "meltano.yml"
        text = path.read_text(encoding="utf-8")
        path.write_text(
            re.sub(r"pip_url: .*", lambda line: line[0].replace("${MELTANO_PROJECT_ROOT}", str(installed)), text),
            encoding="utf-8",
        )
        for plugin in installed.glob(".meltano/*/*/venv"):
            place = self.folder / plugin.relative_to(installed)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(plugin)

    def use(self, sandbox):
        """Point the sandbox environment at a running sandbox."""
        self.environment |= {
            "SALESFORCE_LOGIN_URL": sandbox.salesforce_url,
            "SALES_CONNECT_URL": sandbox.sales_connect_url,
        }

    def run(self, command, exits=0, patience=240, **variables):
        """Run a shell command in the folder; returns what it printed, on both streams.

        Fails where the exit code is another one than `exits`, or after so many seconds.
        """
        done = subprocess.run(  # noqa: S602 - commands of the README, as a person would type them
            command,
            shell=True,
            cwd=self.folder,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=patience,
        )
        assert done.returncode == exits, f"{command} exited with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def meltano(self, arguments, exits=0, **variables):
        """Run Meltano."""
        return self.run(f".venv/bin/meltano {arguments}", exits, **variables)

    def edit_meltano_yml(self, change):
        """Let `change` work on the parsed file."""
        path = self.folder / "meltano.yml"
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(document)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
