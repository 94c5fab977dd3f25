# noqa: INP001 - a file of its own in Airflow's folder
"""The sync on many workers: plan the shards, run each of them, then check and report.

For Airflow 3, in whose environment nothing of ours has to be: each worker has the project's folder, and the tasks start
the project's own command from the project's own virtual environment. docs/scale.md has the settings.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import tempfile
from collections import deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn
from urllib.parse import unquote, urlsplit

from airflow.sdk import Param, dag, get_current_context, task

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEDULE = os.environ.get("TASKSYNC_SCHEDULE", "*/5 * * * *")
SHARDS = int(os.environ.get("TASKSYNC_SHARDS") or 0) or None
ENVIRONMENT = os.environ.get("MELTANO_ENVIRONMENT") or "production"
POOL = os.environ.get("TASKSYNC_POOL", "tasksync_salesforce")
RETRIES: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(seconds=float(os.environ.get("TASKSYNC_RETRY_SECONDS") or 30)),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
}
LONGEST = timedelta(hours=6)
"""A first sync of very many tasks takes hours; deploy/tasksync.service has the same."""
TAIL_LINES = 20
GRACE_SECONDS = 4
"""For a command to end by SIGTERM: Airflow kills its task 5 seconds after it has asked it to end."""
AS_LONG_AS_WE = """
exec 3<&0 </dev/null
"$0" "$@" 3<&- & command=$!
{ read -r _ <&3; kill -TERM 0; } &
wait $command; code=$?
trap '' TERM; kill -TERM 0
exit $code
"""
"""Runs a command in its process group, and ends the group with it, or when its own input ends: so also when the task
is killed, which then can do nothing itself."""
OF_AIRFLOW = re.compile("_?AIRFLOW|PYTHON|VIRTUAL_ENV")
SECRET = re.compile("PASSWORD|SECRET|TOKEN|(DATABASE|LEDGER|NOTIFY)_UR[IL]")

log = logging.getLogger(__name__)


class CommandFailed(Exception):
    """The project's command ended with another code than 0; the message has the code and what it said last."""


class ShardsFailed(Exception):
    """Some shards did not go through; the message names them."""


class Stopped(Exception):
    """Airflow asks the task to end: somebody cleared it, or its worker shuts down."""


@task(**RETRIES, execution_timeout=timedelta(minutes=10))
def plan() -> list[dict[str, Any]]:
    """Renew the roster, and cut it into shards: what `tasksync shards plan --json` prints."""
    number = get_current_context()["params"]["shards"]
    count = ["--count", str(number)] if number else []
    shards: list[dict[str, Any]] = json.loads(tasksync("shards", "plan", "--json", *count))
    return shards


@task(**RETRIES, execution_timeout=LONGEST, pool=POOL, map_index_template="{{ task.op_kwargs['shard']['shard'] }}")
def run_shard(shard: dict[str, Any]) -> None:
    """Run both pipelines of one shard.

    After a kill Meltano refuses a state id for some minutes, as it cannot know that its run is gone: a retry does not
    ask it. The shard's own lock in the ledger keeps two runs apart.
    """
    force = ["--force"] if get_current_context()["ti"].try_number > 1 else []
    log.info("%s", tasksync("shards", "run", *force, shard["shard"]))


@task(trigger_rule="all_done")
def report(shards: list[dict[str, Any]] | None) -> None:
    """Say which shards failed, and what needs a person; fail where there is any of either.

    Raises:
        ShardsFailed: Some shard did not go through, or there is no plan.
    """
    failed = unfinished(shards or [])
    log.info("Of %d shards these failed: %s", len(shards or []), ", ".join(failed) or "none")
    try:
        log.info("%s", tasksync("check"))
    finally:
        if failed:
            message = ", ".join(failed)
            raise ShardsFailed(message)


def unfinished(shards: list[dict[str, Any]]) -> list[str]:
    """The tasks before the report that failed, or could not begin; a shard's task by the shard's name."""
    ti = get_current_context()["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, task_ids=["plan", "run_shard"], run_ids=[ti.run_id])[ti.run_id]
    names = {f"run_shard_{index}": f"shard {shard['shard']}" for index, shard in enumerate(shards)}
    return [names.get(task_id, task_id) for task_id, state in states.items() if state not in {"success", "skipped"}]


def tasksync(*arguments: str) -> str:
    """Run the project's command; what it says on its standard error goes to the task's log, line by line.

    Returns:
        Its standard output.

    Raises:
        CommandFailed: It ended with another code than 0.
    """
    project = Path(os.environ.get("TASKSYNC_PROJECT", "/srv/tasksync"))
    last: deque[str] = deque(maxlen=TAIL_LINES)
    log.info("tasksync %s", " ".join(arguments))
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        with running(project, arguments, output) as process:
            for line in process.stderr or ():
                last.append(without_secrets(line.rstrip()))
                log.info("%s", last[-1])
            code = process.wait()
        output.seek(0)
        said = without_secrets(output.read())
    if code:
        tail = "\n".join([*said.splitlines(), *last][-TAIL_LINES:])
        message = f"`tasksync {' '.join(arguments)}` ended with {code}:\n{tail}"
        raise CommandFailed(message)
    return said


@contextmanager
def running(project: Path, arguments: Sequence[str], output: IO[str]) -> Iterator[subprocess.Popen[str]]:
    """The project's command in a process group of its own, which ends with this block, however the block ends."""
    environment = get_current_context()["params"]["environment"]
    variables = {name: value for name, value in os.environ.items() if not OF_AIRFLOW.match(name)}
    previous = signal.signal(signal.SIGTERM, stop)  # the one that Airflow sets lets the task go on
    process = subprocess.Popen(  # noqa: S603 - the project's own command
        ["/bin/sh", "-c", AS_LONG_AS_WE, str(project / ".venv/bin/tasksync"), *arguments],
        cwd=project, env=variables | {"MELTANO_ENVIRONMENT": environment}, start_new_session=True,
        stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE, text=True, errors="replace",
    )  # fmt: skip
    try:
        yield process
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # asked once is enough: what follows has to come to its end
        if process.stdin is not None:
            process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        signal.signal(signal.SIGTERM, previous)


def stop(*_: object) -> NoReturn:
    """Leave the task's code, by way of what ends its command.

    Raises:
        Stopped: Always.
    """
    raise Stopped


def without_secrets(text: str) -> str:
    """Take the values of secret variables out of a text, should a program ever have printed one."""
    for name, value in os.environ.items():
        if value and SECRET.search(name):
            password = unquote(urlsplit(value).password or "") if "://" in value else ""
            for secret in filter(None, (value, password)):
                text = text.replace(secret, "***")
    return text


@dag(
    dag_id="tasksync",
    schedule=SCHEDULE,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["tasksync"],
    doc_md=__doc__,
    params={
        "shards": Param(
            SHARDS, type=["null", "integer"], minimum=1, description="How many; none: as many as there are"
        ),
        "environment": Param(ENVIRONMENT, type="string", description="Meltano's environment"),
    },
)
def pipeline() -> None:
    """One shard that fails stops neither the others nor the report, which then fails the run."""
    shards = plan()
    reported: Any = report  # which takes at run time what the plan then is
    run_shard.expand(shard=shards) >> reported(shards)


pipeline()
