"""A record in which a member has a type that its API does not give it: parked, and nothing of it written."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tests.sync.steps import begun, paired, quiet

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


@pytest.mark.parametrize("last", ["valid", "invalid"])
def test_the_later_version_of_a_batch_counts_whether_it_is_a_record_or_not(team, meltano, ledger, last):
    """What came last is brought over or parked: a bookmark may pass it (§7.1)."""
    reminder, _ = paired(team, meltano)
    raw = team.reminder(reminder)
    valid, invalid = {**raw, "details": "new"}, {**raw, "details": ["x"]}
    with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
        engine.process([invalid, valid] if last == "valid" else [valid, invalid])
        assert engine.context.counts["read"] == 2
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["INVALID_RECORD"] * (last == "invalid")
    assert team.task_of(reminder)["Description"] == ("new" if last == "valid" else "old")


@pytest.mark.parametrize(("days", "tasks"), [(-3, 0), (1, 1)])
def test_a_reminder_that_was_no_record_gets_a_task_only_if_it_is_new(team, meltano, days, tasks):
    """To one from before task sync was turned on nothing is owed, though it was parked for a while (§2.2)."""
    meltano.sync()
    raw = team.reminder(team.remind("Call"))
    raw["created_at"] = team.stamp(team.enabled_at + timedelta(days=days))
    for details in (["x"], "mended"):
        with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
            engine.process([{**raw, "details": details}])
    assert [task["Description"] for task in team.tasks()] == ["mended"] * tasks


def test_a_create_that_is_owed_stays_owed_though_its_reminder_is_no_record_for_a_while(team, meltano):
    """It was refused before task sync was turned off and on again (§2.2)."""
    meltano.sync()
    reminder = team.remind("Call")
    raw = team.reminder(reminder)
    team.refuse("salesforce", code="FIELD_CUSTOM_VALIDATION_EXCEPTION")
    meltano.sync()
    team.heal()
    team.later(60)
    team.switch("u1", on=False)
    team.switch("u1", on=True)
    meltano.to_salesforce()
    for name in (["x"], "Mended"):
        with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
            engine.process([{**raw, "name": name}])
    assert [task["Subject"] for task in team.tasks()] == ["Mended"]
