"""A record in which a member has a type that its API does not give it: parked, and nothing of it written."""

from __future__ import annotations

import json

import pytest

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tests.sync.steps import quiet

REMINDERS = [("name", {"a": 1}), ("due_date", 20261120), ("status", True), ("person", "per_1"), ("campaign", ["x"])]
REMINDERS += [("person", {"salesforce_lead_id": {}}), ("details", ["x"]), ("version", "1"), ("type", 4)]
TASKS = [("Subject", 5), ("ActivityDate", 1.5), ("IsClosed", "true"), ("WhoId", {"Id": "003"}), ("Description", {})]


def _spoil(lines, member, value, which):
    """The same lines, with one record's member spoilt."""
    messages = [json.loads(line) for line in lines.splitlines()]
    for message in messages:
        if message["type"] == "RECORD" and which in (message["record"].get("name"), message["record"].get("Subject")):
            message["record"][member] = value
    return "".join(json.dumps(message) + "\n" for message in messages).encode()


@pytest.mark.parametrize(("member", "value"), REMINDERS)
def test_a_reminder_of_another_type_is_parked(team, meltano, ledger, member, value):
    """It names the member, holds up no other reminder, and goes through once it is as it should be."""
    bad = team.remind("Spoilt")
    good = team.remind("Sound")
    lines = _spoil(
        meltano.read("to-salesforce", TapSalesconnect, meltano.sales_connect, {"people"}), member, value, "Spoilt"
    )
    meltano.write("to-salesforce", TargetSalesforceTasks, meltano.salesforce, lines)
    assert [task["Subject"] for task in team.tasks()] == ["Sound"]
    (parked,) = ledger("SELECT * FROM parked")
    assert (parked["record_id"], parked["code"]) == (bad, "INVALID_RECORD")
    assert f"promises: {member}" in parked["message"]
    team.edit_reminder(bad, name="Mended")
    meltano.sync()
    assert {team.task_of(reminder)["Subject"] for reminder in (bad, good)} == {"Mended", "Sound"}
    quiet(team, meltano)


@pytest.mark.parametrize(("member", "value"), TASKS)
def test_a_task_of_another_type_is_parked(team, meltano, ledger, member, value):
    """The other direction."""
    meltano.to_salesforce()
    team.task("Spoilt")
    team.task("Sound")
    lines = meltano.read("to-salesconnect", TapSalesforceTasks, meltano.salesforce, {"users"})
    meltano.write("to-salesconnect", TargetSalesconnect, meltano.sales_connect, _spoil(lines, member, value, "Spoilt"))
    assert [reminder["name"] for reminder in team.reminders()] == ["Sound"]
    (parked,) = ledger("SELECT * FROM parked")
    assert f"promises: {member}" in parked["message"]
