"""Four shards on Airflow: undisturbed, with a worker killed, and with a shard that fails."""

import os
import shutil
import signal
import time
from contextlib import contextmanager

import pytest

from tests.crashes.through_meltano import command_of, descendants
from tests.project.copies import ROOT

from .conftest import SHARDS
from .portrait import portrait

pytestmark = pytest.mark.timeout(1800)
PATIENCE_SECONDS = 120
NAMES = [str(number) for number in range(1, SHARDS + 1)]


def wait_for(happened):
    """Look until it is so."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_four_shards_do_what_one_process_does(stage, expected):
    """Both sides hold the same as after a sync without shards; the next run writes nothing."""
    run = stage.run()
    assert [len(run.attempts(name)) for name in NAMES] == [1] * SHARDS, run.said()
    assert portrait(stage.sandbox) == expected
    before = stage.written()
    stage.run()
    assert stage.written() == before


def test_a_worker_that_is_killed(stage, expected):
    """Its commands end with it, and its shard is tried again; nothing is lost and nothing doubled."""
    stage.sandbox.fault("salesforce", "latency", method="PATCH", path="composite/sobjects", seconds=10, times=SHARDS)
    run = stage.start()
    wait_for(lambda: sum(fault["hits"] for fault in stage.sandbox.faults("salesforce")) > 1 or run.process.poll())
    workers = run.workers()
    assert len(workers) > 1, run.said()
    name, worker = workers.popitem()
    commands = descendants(worker)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: not any(command_of(pid) for pid in commands))
    assert run.end() == 0, run.said()
    first, *others = ["--force" in attempt for attempt in run.attempts(name)]
    assert not first
    assert others, run.said()  # as a rule one; more where the machine is slow to see that the killed one is gone
    assert all(others)
    assert portrait(stage.sandbox) == expected
    before = stage.written()
    stage.run()
    assert stage.written() == before


def test_a_shard_that_fails(stage, expected):
    """The others go through all the same, and the report names it; the next run makes up for it."""
    with breaking(stage.project, "3"):
        run = stage.run(code=1)
    assert [len(run.attempts(name)) for name in NAMES] == [1, 1, 4, 1], run.said()
    assert 'these failed: shard 3"' in run.said()
    assert "ended with 7" in run.said()
    assert "broken on purpose at ***" in run.said()
    assert stage.project.environment["TASKSYNC_LEDGER_URL"] not in run.said()
    assert all(stage.written())
    stage.run()
    assert portrait(stage.sandbox) == expected


@contextmanager
def breaking(project, shard):
    """Let one shard's command fail, by a program in the place of the project's own."""
    environment, real = project.folder / ".venv", ROOT / ".venv/bin"
    environment.unlink()
    (environment / "bin").mkdir(parents=True)
    for program in real.iterdir():
        (environment / "bin" / program.name).symlink_to(program)
    tasksync = environment / "bin/tasksync"
    tasksync.unlink()
    tasksync.write_text(
        "#!/bin/sh\n"
        f'case "$* " in "shards run "*"{shard} ") echo "broken on purpose at $TASKSYNC_LEDGER_URL" >&2; exit 7;; esac\n'
        f'exec "{real}/tasksync" "$@"\n'
    )
    tasksync.chmod(0o755)
    yield
    shutil.rmtree(environment)
    environment.symlink_to(ROOT / ".venv")
