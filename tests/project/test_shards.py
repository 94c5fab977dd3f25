"""Shards through real Meltano: a plan, two of them side by side, and what the command tells of them."""

import json
import re

import pytest

from tests.project.test_planning import example


@pytest.fixture
def shared(project, team_sandbox, postgresql):
    """A project whose ledger and system database are in PostgreSQL."""
    project.use(team_sandbox)
    project.environment |= {
        "TASKSYNC_LEDGER_URL": postgresql.new_address(),
        "MELTANO_DATABASE_URI": postgresql.new_address().replace("postgresql:", "postgresql+psycopg:"),
    }
    return project


def written(sandbox):
    """How many records each service has committed."""
    return [len(sandbox.writes(service)) for service in ("salesforce", "sales_connect")]


def test_two_shards_sync_side_by_side(shared, team_sandbox):
    """The examples of the page; both at once bring all users' records over, and the second time nothing is written."""
    shown, plan, run = example("shards")
    assert "There are no shards" in shared.run(shown)
    assert shared.run(plan.replace("4", "2")).splitlines()[0].startswith("shard 1: 2 users")
    # Meltano's own tables are made by one of them first.
    shared.run(f"{run.replace('2', '1')} & first=$!; {run} & second=$!; wait $first && wait $second")
    pairs = json.loads(shared.run(".venv/bin/tasksync links --limit 1000 --json"))
    reminders = {row["reminder_id"] for row in pairs}
    assert len(reminders) == len(pairs) > 30
    assert all(written(team_sandbox))
    before = written(team_sandbox)
    shared.run(f"{run.replace('2', '1')} & first=$!; {run} & second=$!; wait $first && wait $second")
    assert written(team_sandbox) == before
    status = shared.run(".venv/bin/tasksync status")
    assert re.search(r"Last run to-salesconnect \(run \d+, shard [12]\): ok", status)
    assert status.count("bookmark: read up to ") == len(before)
    assert "Nothing needs a person" in shared.run(".venv/bin/tasksync check")
    states = shared.meltano("state list")
    assert states.count(":shard-1") == states.count(":shard-2") == len(before)
    assert [row["users"] for row in json.loads(shared.run(f"{shown} --json"))] == [2, 2]
    # All users' run goes on where they were, and the other way round.
    shared.meltano("run sync")
    assert written(team_sandbox) == before


def test_problems_are_told_in_words(shared, project):
    """A shard that there is not, a ledger in SQLite, a run of another one: exit code 1, and what to do."""
    assert "The plan has no shard '3'" in shared.run(".venv/bin/tasksync shards run 3", exits=1)
    assert "is no name of a shard" in shared.run(".venv/bin/tasksync shards run ../1", exits=1)
    del shared.environment["TASKSYNC_LEDGER_URL"]
    project.run(".venv/bin/tasksync ledger path")
    assert "Shards need a ledger in PostgreSQL" in project.run(".venv/bin/tasksync shards plan --count 2", exits=1)
