"""The budget of API calls that shards share (sync-rules §7.6)."""

from __future__ import annotations

from tasksync_engine.ledger import open_ledger, shards
from tests.sync.sharded import Sharded


def test_what_another_shard_is_about_to_use_counts_as_gone(team, sandbox, tmp_path, postgresql, monkeypatch):
    """As long as it is there to use it."""
    sharded = Sharded(sandbox, tmp_path, postgresql.new_address())
    sharded.plan(2, u1="1", u2="2", u4="1")
    reminders = [team.remind(f"Call {number}", details="old") for number in range(3)]
    sharded.sync("1", "2")
    for reminder in reminders:
        team.edit_reminder(reminder, details="new")
    team.sandbox.control("salesforce", "POST", "allowance", {"max": 1000, "used": 860})
    monkeypatch.setattr("tasksync_engine.destinations.salesforce.COLLECTION_AT_MOST", 2)  # so few are many
    lines = sharded.read("1", "to-salesforce")
    with open_ledger(sharded.ledger_url) as other, other.running("2"):
        with other.transaction() as connection:
            shards.reserve(connection, "2", 40)
        sharded.write("1", "to-salesforce", lines)
    assert {row["Description"] for row in team.tasks()} == {"old"}
    assert {code for (code,) in sharded.sql("SELECT code FROM parked")} == {"allowance"}
    sharded.shard("1").to_salesforce()
    assert {row["Description"] for row in team.tasks()} == {"new"}
