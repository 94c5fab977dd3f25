"""A copy of the project with its plugins installed, for every test that asks."""

from contextlib import contextmanager

import pytest
from filelock import FileLock

from tasksync_sandbox.both import both_services
from tasksync_sandbox.seed.team import Size, make_team
from tests.conftest import SandboxHandle

from .copies import Project, copy


@pytest.fixture(scope="session")
def installed(tmp_path_factory, worker_id):
    """A copy in which `meltano install` was run, once for all workers of this test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "installed"
    with FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            made = Project(copy(folder))
            made.meltano("install")
            made.run(".venv/bin/python -m compileall -q $(dirname */pyproject.toml)")  # as make does with the original
            (folder / "ready").touch()
    return folder


@pytest.fixture(scope="session")
def new_project(tmp_path_factory, installed):
    """Makes a copy with installed plugins."""
    return lambda: Project(copy(tmp_path_factory.mktemp("copy") / "project"), installed)


@pytest.fixture
def project(new_project):
    """A copy with installed plugins, for one test."""
    return new_project()


@contextmanager
def seeded(folder):
    """A running sandbox with the sample team."""
    with both_services(folder) as running:
        handle = SandboxHandle(*running.urls)
        now = handle.control("sales_connect", "GET", "clock")["now"]
        team = make_team(Size(), 1, now)
        handle.load(salesforce=team.objects, sales_connect=team.sales_connect)
        yield handle
        handle.close()


@pytest.fixture
def team_sandbox(tmp_path):
    """A running sandbox with the sample team, for one test."""
    with seeded(tmp_path / "services") as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def synced(new_project, tmp_path_factory):
    """A project whose first `meltano run sync` is behind it, and the sandbox with what that wrote."""
    project = new_project()
    with seeded(tmp_path_factory.mktemp("services")) as sandbox:
        project.use(sandbox)
        project.meltano("run sync")
        yield project, sandbox
