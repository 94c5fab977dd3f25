"""The DAG as a real Airflow sees it."""

import json
import subprocess
import sys

import pytest

from tests.project.copies import ROOT

from .airflow import POOL

pytestmark = pytest.mark.timeout(900)
DAG = ROOT / "orchestrate/tasksync_dag.py"
LOOK = f"""
import json
from airflow.dag_processing.dagbag import DagBag
(dag,) = DagBag({str(DAG)!r}).dags.values()
print(json.dumps({{
    "dag": [dag.dag_id, dag.catchup, dag.max_active_runs, dag.schedule, sorted(dag.params)],
    "tasks": {{
        task.task_id: [
            task.is_mapped, task.pool, task.retries, task.trigger_rule.value, sorted(task.downstream_task_ids)
        ]
        for task in dag.tasks
    }},
}}))
"""


def test_airflow_has_nothing_against_it(airflow):
    """No import error."""
    assert airflow.run("dags", "list-import-errors", "--local", "--output=json").splitlines()[-1] == "[]"


def test_its_form(airflow):
    """One plan, a mapped task with retries in the pool, and a report whatever becomes of it."""
    told = json.loads(airflow.python(LOOK).splitlines()[-1])
    assert told["dag"] == ["tasksync", False, 1, "*/5 * * * *", ["environment", "shards"]]
    assert told["tasks"] == {
        "plan": [False, "default_pool", 3, "all_success", ["report", "run_shard"]],
        "run_shard": [True, POOL, 3, "all_success", ["report"]],
        "report": [False, "default_pool", 0, "all_done", []],
    }


def test_it_is_well_typed(airflow):
    """Against the Airflow that it is for, which the other environment does not have."""
    command = [sys.executable, "-m", "mypy", "--python-executable", str(airflow.programs / "python"), str(DAG)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our tool
    assert done.returncode == 0, done.stdout
