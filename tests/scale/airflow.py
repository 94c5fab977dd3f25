"""A real Airflow: installed from the package registry into an environment of its own, over the tests' PostgreSQL."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from filelock import FileLock

from tests.crashes.through_meltano import command_of, descendants
from tests.ledger.postgresql import USER
from tests.project.copies import OURS, ROOT, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.ledger.postgresql import Postgresql

REQUIREMENTS = ROOT / "orchestrate/airflow-requirements.txt"
POOL = "tasksync_salesforce"
START_SECONDS = 120
DAG_SECONDS = 600


def installed() -> Path:
    """The folder of Airflow's programs; installed where it is not yet, once for each state of the lock file."""
    place = ROOT / ".airflow" / hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    place.parent.mkdir(exist_ok=True)
    with FileLock(f"{place}.lock"):
        if not (place / "ready").exists():
            uv = str(Path(sys.executable).with_name("uv"))
            python = ["--python", str(place / "bin/python")]
            subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, place], check=True)  # noqa: S603
            subprocess.run([uv, "pip", "install", "--quiet", *python, "--requirement", REQUIREMENTS], check=True)  # noqa: S603
            (place / "ready").touch()
    return place / "bin"


class Airflow:
    """One with a home, a database and the DAG of this project.

    Attributes:
        programs: the folder with the command `airflow`.
        environment: the variables; none of the caller's own that mean something to us.
    """

    def __init__(self, programs: Path, home: Path, database: str) -> None:
        self.programs = programs
        kept = {name: value for name, value in os.environ.items() if not name.startswith((*OURS, "AIRFLOW"))}
        (port,) = free_ports(1)
        self._address = f"http://127.0.0.1:{port}/execution/"
        self.environment = kept | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "orchestrate"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": self._address,
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "PYTHONDONTWRITEBYTECODE": "1",
            "TASKSYNC_RETRY_SECONDS": "1",
        }

    def run(self, *arguments: str) -> str:
        """Run a command of Airflow's; returns its standard output."""
        done = subprocess.run(  # noqa: S603 - the Airflow that was installed
            [self.programs / "airflow", *arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=START_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"airflow {arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, code: str) -> str:
        """Run Python in Airflow's environment; returns what it printed."""
        done = subprocess.run(  # noqa: S603 - the Airflow that was installed
            [self.programs / "python", "-c", code],
            env=self.environment, capture_output=True, text=True, check=False, timeout=START_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The API server that the tasks of an executor report to."""
        with (Path(self.environment["AIRFLOW_HOME"]) / "api-server.log").open("wb") as log:
            server = subprocess.Popen(  # noqa: S603 - the Airflow that was installed
                [self.programs / "airflow", "api-server", "--apps", "execution", "--workers", "1"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self._wait_for(server)
            yield
        finally:
            server.terminate()
            server.wait(START_SECONDS)

    def _wait_for(self, server: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                requests.get(f"{self._address}health", timeout=START_SECONDS).raise_for_status()
            except requests.RequestException:
                if server.poll() is not None or time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return


class DagRun:
    """A run of the DAG under way: `airflow dags test` with the LocalExecutor, which runs shards at the same time.

    Attributes:
        process: Airflow's.
    """

    def __init__(self, airflow: Airflow, variables: Mapping[str, str], folder: Path) -> None:
        self._logs, self._log = folder / "logs", folder / "dags-test.log"
        more = {"AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(self._logs)}
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - the Airflow that was installed
                [airflow.programs / "airflow", "dags", "test", "--use-executor", "tasksync"],
                env=variables | airflow.environment | more, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def end(self) -> int:
        """Wait for its end; its exit code is not 0 where the DAG run failed."""
        return self.process.wait(DAG_SECONDS)

    def stop(self) -> None:
        """End it with all its workers, if a test has not waited for its end."""
        if self.process.poll() is None:
            for pid in [self.process.pid, *descendants(self.process.pid)]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def said(self) -> str:
        """What Airflow said, and behind it all that its tasks said."""
        return "\n".join(path.read_text(errors="replace") for path in [self._log, *sorted(self._logs.rglob("*.log"))])

    def attempts(self, shard: str) -> list[str]:
        """What each attempt at a shard said."""
        logs = [path.read_text(errors="replace") for path in sorted(self._logs.rglob("task_id=run_shard/**/*.log"))]
        return [log for log in logs if re.search(rf"tasksync shards run (--force )?{shard}\b", log)]

    def workers(self) -> dict[str, int]:
        """The process ids of the tasks that run a shard right now, by the shard's name."""
        found = {}
        for pid in descendants(self.process.pid):
            words = command_of(pid).split()
            task = parent_of(pid)
            if (
                words[:1] == ["/bin/sh"]
                and " shards run " in " ".join(words)
                and command_of(task).startswith("airflow")
            ):
                found[words[-1]] = task
        return found


def parent_of(pid: int) -> int:
    """The process that started another one; 0 where that has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def new_database(postgresql: Postgresql) -> str:
    """The address of an empty database for an Airflow."""
    name = f"airflow_{secrets.token_hex(4)}"
    with postgresql.connect() as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg2://{USER}@/{name}?host={postgresql.folder}"


@contextmanager
def running_airflow(home: Path, postgresql: Postgresql) -> Iterator[Airflow]:
    """Make one with its database and the pool, and serve its API."""
    airflow = Airflow(installed(), home, new_database(postgresql))
    airflow.run("db", "migrate")
    airflow.run("pools", "set", POOL, "4", "How many shards may speak to the org at once")
    with airflow.serving():
        yield airflow
