"""What runs the shards on Airflow, as far as this can be seen without an Airflow: `make test-scale` has one."""

import ast
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import yaml

from .copies import ROOT

FOLDER = ROOT / "orchestrate"
TREE = ast.parse((FOLDER / "tasksync_dag.py").read_text(encoding="utf-8"))
CONSTANTS = {
    target.id: node.value.value
    for node in TREE.body
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    for target in node.targets
}
CHART = {
    "airflowVersion", "apiSecretKeySecretName", "config", "dagProcessor", "data", "defaultAirflowTag", "executor",
    "extraEnvFrom", "env", "fernetKeySecretName", "images", "jwtSecretName", "migrateDatabaseJob", "postgresql",
    "redis", "scheduler", "statsd", "triggerer", "workers",
}  # fmt: skip
"""Keys of the official chart (apache/airflow, chart/values.yaml, for Airflow 3) that an example may use."""


def imported():
    """The modules that the DAG's file imports, wherever in it."""
    for node in ast.walk(TREE):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def decorators():
    """The keyword arguments of the decorators `task` and `dag`, by function."""
    for node in ast.walk(TREE):
        for made in getattr(node, "decorator_list", ()):
            if isinstance(made, ast.Call) and getattr(made.func, "id", "") in {"task", "dag"}:
                yield node.name, {word.arg: ast.unparse(word.value) for word in made.keywords}


def test_the_dag_needs_nothing_but_airflow():
    """Whatever loads it has Airflow alone: of that it uses what DAGs may, and nothing of an executor."""
    others = {name for name in imported() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert others == {"airflow.sdk"}


def test_the_form_of_the_dag():
    """Shards are tried again and share a pool, the report always comes, and no run waits behind another."""
    found = dict(decorators())
    assert found.keys() == {"plan", "run_shard", "report", "pipeline"}
    assert found["run_shard"]["pool"] == "POOL"
    assert None in found["run_shard"]  # **RETRIES
    assert found["report"]["trigger_rule"] == "'all_done'"
    assert (found["pipeline"]["catchup"], found["pipeline"]["max_active_runs"]) == ("False", "1")


def start(command, **how):
    """Start a command as the DAG's tasks do."""
    return subprocess.Popen(  # noqa: S603 - what the DAG itself runs
        ["/bin/sh", "-c", CONSTANTS["AS_LONG_AS_WE"], "/bin/sh", "-c", command],
        stdin=subprocess.PIPE, start_new_session=True, text=True, **how,
    )  # fmt: skip


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_ends_with_its_own_code(code):
    """What it left running ends with it."""
    with start(f"sleep 600 & echo $!; exit {code}", stdout=subprocess.PIPE) as process:
        left = process.stdout.readline()
        assert process.wait(30) == code
        assert process.stdout.read() == ""  # nobody has it open any more
    assert not is_alive(left)


def test_a_command_ends_when_its_task_says_so():
    """By closing the pipe: the whole process group gets the signal to end."""
    with start("sleep 600 & echo $!; wait", stdout=subprocess.PIPE) as process:
        left = process.stdout.readline()
        process.stdin.close()
        assert process.wait(30) == -signal.SIGTERM
    assert not is_alive(left)


def test_a_command_ends_when_its_task_is_killed():
    """Which then can do nothing about it."""
    code = """import subprocess, sys
command = ["/bin/sh", "-c", sys.argv[1], "/bin/sh", "-c", "echo $$; sleep 600"]
subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True).wait()
"""
    task = [sys.executable, "-c", code, CONSTANTS["AS_LONG_AS_WE"]]
    with subprocess.Popen(task, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        command = process.stdout.readline()
        process.kill()
    assert not is_alive(command)


def is_alive(pid):
    """Whether a process goes on, a moment after it was told to end."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return False
        time.sleep(0.01)
    return True


def test_the_lock_file_holds_what_is_asked_for():
    """Each package is pinned, and those that `airflow-requirements.in` names are among them."""
    pinned = (FOLDER / "airflow-requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in pinned.splitlines() if line and not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+", line) for line in lines)
    asked = (FOLDER / "airflow-requirements.in").read_text(encoding="utf-8")
    names = {re.split(r"[=<>]", line)[0] for line in asked.splitlines() if line and not line.startswith("#")}
    assert names <= {line.split("==")[0] for line in lines}
    assert re.search(r"^apache-airflow==3\.", pinned, re.MULTILINE)


def version():
    """Airflow's, that the DAG is tried with."""
    pinned = (FOLDER / "airflow-requirements.txt").read_text(encoding="utf-8")
    return re.search(r"^apache-airflow==(\S+)", pinned, re.MULTILINE)[1]


def test_the_image_is_of_the_same_airflow():
    """It ends as Airflow's own user, and its commands can be read by a shell."""
    lines = (FOLDER / "Containerfile").read_text(encoding="utf-8").splitlines()
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    assert steps[0] == ["FROM", f"docker.io/apache/airflow:{version()}-python3.11"]
    assert [rest for step, rest in steps if step == "USER"][-1] == "airflow"
    for step, rest in steps:
        if step == "RUN":
            subprocess.run(["/bin/sh", "-n", "-c", rest], check=True)  # noqa: S603


def test_the_example_for_the_chart():
    """It is of the Airflow that the DAG is tried with, uses keys that the chart has, and holds no secret."""
    text = (FOLDER / "values.example.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    assert values.keys() <= CHART
    assert (values["airflowVersion"], values["defaultAirflowTag"]) == (version(), version())
    assert set(values["executor"].split(",")) <= {"LocalExecutor", "CeleryExecutor", "KubernetesExecutor"}
    named = {entry["name"]: entry["value"] for entry in values["env"]}
    assert {"TASKSYNC_PROJECT", "TASKSYNC_SHARDS", "MELTANO_ENVIRONMENT"} <= named.keys()
    assert not [name for name in named if re.search("SECRET|TOKEN|PASSWORD|_UR[IL]", name)]
