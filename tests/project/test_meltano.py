"""The sync as Meltano runs it: both directions, what they cost, and the states that they leave."""

import json
import re

import pytest

from .copies import ROOT

PAGE = (ROOT / "docs/state.md").read_text(encoding="utf-8")
STATES = ("sandbox:tap-salesconnect-to-target-salesforce-tasks", "sandbox:tap-salesforce-tasks-to-target-salesconnect")


def test_the_first_sync_fills_both_sides(synced):
    """`meltano run sync` exits with 0, and has made tasks from reminders and reminders from tasks."""
    _, sandbox = synced
    for service in ("salesforce", "sales_connect"):
        actions = {write["action"] for write in sandbox.writes(service)}
        assert "create" in actions
        assert "delete" not in actions


def test_a_sync_without_changes_writes_nothing_and_asks_little(synced):
    """No write; at most 5 API calls to Salesforce's direction, and 8 in both."""
    project, sandbox = synced
    before = len(sandbox.writes("salesforce")), len(sandbox.writes("sales_connect"))
    sandbox.forget_calls()
    project.meltano("run to-salesforce")
    calls = [sandbox.calls(service)["total"] for service in ("salesforce", "sales_connect")]
    assert sum(calls) <= 5
    project.meltano("run to-salesconnect tasksync:check")
    calls = [sandbox.calls(service)["total"] for service in ("salesforce", "sales_connect")]
    assert sum(calls) <= 8
    assert (len(sandbox.writes("salesforce")), len(sandbox.writes("sales_connect"))) == before


@pytest.mark.parametrize("state_id", STATES)
def test_every_key_of_a_state_is_explained(synced, state_id):
    """What `meltano state get` prints is in docs/state.md, key by key."""
    project, _ = synced
    shown = project.meltano(f"--log-level=error state get {state_id} 2>/dev/null")
    bookmarks = json.loads(shown)["singer_state"]["bookmarks"]
    explained = set(re.findall(r"`(\w+)`", PAGE))
    keys = {key for bookmark in bookmarks.values() for key in bookmark}
    assert {"replication_key_value", "ledger", "complete"} <= keys
    assert keys <= explained
    assert state_id in PAGE


def test_a_cleared_state_costs_no_write(synced):
    """With the page's command for it: everything is read again, and found equal."""
    project, sandbox = synced
    (command,) = re.findall(r"^\.venv/bin/meltano (state clear .+)$", PAGE, re.MULTILINE)
    project.meltano(command)
    before = len(sandbox.writes("salesforce"))
    assert "echoed" in project.meltano("run to-salesforce")
    assert len(sandbox.writes("salesforce")) == before
