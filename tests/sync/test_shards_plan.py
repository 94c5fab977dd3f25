"""Which users each shard has (sync-rules §7.6)."""

from __future__ import annotations

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
