"""Airflow and PostgreSQL for the whole run; for each test a project and a sandbox with a team of its own."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tasksync_sandbox.both import both_services
from tasksync_sandbox.seed.team import Size, make_team
from tests.conftest import SandboxHandle
from tests.project.conftest import installed, new_project  # noqa: F401 - fixtures

from .airflow import DagRun, running_airflow
from .portrait import portrait

if TYPE_CHECKING:
    from pathlib import Path

    from tests.project.copies import Project

    from .airflow import Airflow

SHARDS = 4


@dataclass
class Stage:
    """One project whose shards run on Airflow.

    Attributes:
        project: the copy of the project that the tasks start commands of; its environment leads to the services.
        sandbox: both services, with the team.
        airflow: which has the DAG.
        folder: for logs.
        runs: of the DAG.
    """

    project: Project
    sandbox: SandboxHandle
    airflow: Airflow
    folder: Path
    runs: list[DagRun] = field(default_factory=list)

    def start(self) -> DagRun:
        """Begin a run of the DAG."""
        told = {"TASKSYNC_PROJECT": str(self.project.folder), "TASKSYNC_SHARDS": str(SHARDS)}
        folder = self.folder / f"dag-run-{len(self.runs) + 1}"
        folder.mkdir()
        self.runs.append(DagRun(self.airflow, self.project.environment | told, folder))
        return self.runs[-1]

    def run(self, code: int = 0) -> DagRun:
        """Run the DAG to its end; fails where it ends with another code."""
        run = self.start()
        assert run.end() == code, run.said()
        return run

    def written(self) -> list[int]:
        """How many records of each side were written so far."""
        return [len(self.sandbox.writes(service)) for service in ("salesforce", "sales_connect")]


@pytest.fixture(scope="session")
def airflow(tmp_path_factory, postgresql):
    """One for the whole run."""
    with running_airflow(tmp_path_factory.mktemp("airflow"), postgresql) as running:
        yield running


@pytest.fixture(scope="session")
def team():
    """Eight users with task sync, and what they have to do."""
    return make_team(Size(users=12, reminders=120, tasks=120), 1, datetime.now(UTC).isoformat(timespec="milliseconds"))


@contextmanager
def services_of(team, folder):
    """A running sandbox with that team."""
    with both_services(folder) as running:
        handle = SandboxHandle(*running.urls)
        handle.load(salesforce=team.objects, sales_connect=team.sales_connect)
        yield handle
        handle.close()


@pytest.fixture(scope="session")
def expected(team, new_project, tmp_path_factory):  # noqa: F811 - a fixture
    """What one process makes of the team, without shards."""
    project = new_project()
    with services_of(team, tmp_path_factory.mktemp("services")) as sandbox:
        project.use(sandbox)
        project.meltano("run sync")
        return portrait(sandbox)


@pytest.fixture
def stage(team, airflow, new_project, postgresql, tmp_path):  # noqa: F811 - fixtures
    """A project with its ledger and Meltano's system database in PostgreSQL, and the team before its first sync."""
    project = new_project()
    project.environment |= {
        "MELTANO_ENVIRONMENT": "sandbox",
        "TASKSYNC_LEDGER_URL": postgresql.new_address(),
        "MELTANO_DATABASE_URI": postgresql.new_address().replace("postgresql:", "postgresql+psycopg:"),
    }
    with services_of(team, tmp_path / "services") as sandbox:
        project.use(sandbox)
        project.meltano("state list")  # makes the tables, which several runs at once cannot
        stage = Stage(project, sandbox, airflow, tmp_path)
        yield stage
        for run in stage.runs:
            run.stop()
