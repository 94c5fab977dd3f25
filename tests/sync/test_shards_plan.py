"""Which users each shard has (sync-rules §7.6)."""

from __future__ import annotations

from tasksync_console.findings import find
from tasksync_engine.ledger import open_ledger
from tasksync_engine.sharding import cut
from tests.sync.sharded import Sharded
from tests.sync.team import salesforce_user


def test_no_shard_is_empty():
    """There always is a first one, for it has whoever belongs to none."""
    present = {"u1": "2", "u2": "2", "u3": "3"}
    plan = cut({"u1": 1, "u2": 1, "u3": 100}, 3, present)
    assert set(plan.values()) == {"1", "2", "3"}
    assert sum(plan[user] != shard for user, shard in present.items()) == 1


def test_somebody_who_is_off_and_has_the_same_salesforce_user(team, sandbox, tmp_path, postgresql):
    """Whoever is on goes by it."""
    cid = {**team._user(3, "cid", on=False), "salesforce_user_id": salesforce_user(1)}  # noqa: SLF001 - the team's own
    sandbox.load(sales_connect={"users": [cid]})
    sharded = Sharded(sandbox, tmp_path, postgresql.new_address())
    sharded.plan(2, u1="1", u2="2", u4="1")
    task = team.task("Visit")
    sharded.sync("1", "2")
    assert team.reminder_of(task)["assignee_id"] == "u1"


def test_a_shard_that_nobody_runs_fails_the_check(team, sandbox, tmp_path, postgresql):  # noqa: ARG001 - the roster
    """As long as others run: a run for all users needs none of them."""
    sharded = Sharded(sandbox, tmp_path, postgresql.new_address())
    sharded.plan(2, u1="1", u2="2", u4="1")

    def failing():
        with open_ledger(sharded.ledger_url) as ledger, ledger.reading() as connection:
            return [finding.what for finding in find(connection) if finding.fails]

    sharded.sync("1")
    assert failing() == ["Shard 2 has not run, though others have: nothing is carried over for its users."]
    sharded.sync("2")
    assert failing() == []
    sharded.plan(3)
    assert len(failing()) == 1
    sharded.whole.sync()
    assert failing() == []
    sharded.sync("1")
    assert failing()[0].startswith("Shard 2 has not run since the last run for all users, though others have: ")
