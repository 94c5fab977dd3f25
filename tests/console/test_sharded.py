"""What status and check tell where shards run: of each shard, and of the one that is furthest behind."""

from __future__ import annotations

from datetime import datetime

import pytest

from tasksync_clients import ClientError
from tasksync_console.findings import find
from tasksync_console.sharding import as_json, present
from tasksync_console.summary import summarize
from tasksync_engine.ledger import open_ledger
from tests.sync.sharded import Sharded


@pytest.fixture
def sharded(sandbox, tmp_path, postgresql, team):  # noqa: ARG001 - the team is there before the plan is made
    """Ann in shard 1, Bob in shard 2."""
    made = Sharded(sandbox, tmp_path, postgresql.new_address())
    made.plan(2, u1="1", u2="2", u4="1")
    return made


def looked_at(sharded, look):
    """What a look at the ledger gives."""
    with open_ledger(sharded.ledger_url) as ledger, ledger.reading() as connection:
        return look(connection)


def stop(team, sharded, shard):
    """A run of this shard meets a service that is not there."""
    team.sandbox.fault("salesforce", "status", status=503, path="/composite/")
    with pytest.raises(ClientError):
        sharded.sync(shard)
    team.heal()


def began(sharded, shard):
    """When the newest run of a shard began."""
    query = "SELECT max(started_at) FROM runs WHERE direction = 'to-salesforce' AND shard = %s"
    return datetime.fromisoformat(sharded.sql(query, shard)[0][0])


def test_a_shard_that_stopped_is_named(team, sharded):
    """Though another one ran well after it; its next run ends that."""
    sharded.sync("1", "2")
    assert not [one for one in looked_at(sharded, find) if one.kind in {"stopped", "incomplete"}]
    team.remind("Call", assignee_id="u2")
    stop(team, sharded, "2")
    sharded.sync("1")
    (told,) = [one for one in looked_at(sharded, find) if one.kind in {"stopped", "incomplete"}]
    assert "of shard 2 (run " in told.what
    assert "`tasksync shards run 2`" in told.remedy
    sharded.sync("2")
    assert not [one for one in looked_at(sharded, find) if one.kind in {"stopped", "incomplete"}]


def test_the_lag_is_that_of_the_shard_furthest_behind(team, sharded):
    """And none is known while one of them never got to its end; a run for all users is one of each."""
    sharded.sync("1")
    assert looked_at(sharded, summarize).reach["to-salesforce"].settled_until is None
    sharded.sync("2")
    assert looked_at(sharded, summarize).reach["to-salesforce"].settled_until == began(sharded, "1")
    sharded.sync("1")
    summary = looked_at(sharded, summarize)
    assert summary.reach["to-salesforce"].settled_until == began(sharded, "2") < began(sharded, "1")
    assert summary.runs["to-salesforce"].shard == "1"
    sharded.whole.sync()
    assert looked_at(sharded, summarize).reach["to-salesforce"].settled_until > began(sharded, "1")
    assert looked_at(sharded, summarize).runs["to-salesforce"].shard is None
    assert not [one for one in looked_at(sharded, find) if one.kind == "stopped"]
    assert team.writes() == 0


def test_the_plan_is_shown_with_what_was_done(team, sharded):
    """Users and changes of each shard."""
    team.remind("Call", assignee_id="u2")
    sharded.sync("1", "2")
    with open_ledger(sharded.ledger_url) as ledger:
        shown = as_json(present(ledger))
    assert [(row["shard"], row["users"]) for row in shown] == [("1", 2), ("2", 1)]
    assert [row["activity"] for row in shown] == [0, 1]
