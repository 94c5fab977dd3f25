"""The commands of docs/scale.md, as somebody who follows the page would type them."""

import pytest

from tests.project.test_doc_commands import script_of

from .airflow import new_database

pytestmark = pytest.mark.timeout(1800)


def test_the_commands_of_the_page_work(stage, postgresql):
    """One after the other, each with exit code 0; shards run one by one, without any service of Airflow's."""
    told = {
        "AIRFLOW_HOME": str(stage.folder / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(stage.project.folder / "orchestrate"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": new_database(postgresql),
        "TASKSYNC_PROJECT": str(stage.project.folder),
        "TASKSYNC_SHARDS": "2",
    }
    said = stage.project.run(f"set -e\n{script_of('docs/scale.md')}", patience=1500, **told)
    assert "No data found" in said  # of import errors
    assert all(stage.written())
