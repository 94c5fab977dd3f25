"""A create that Salesforce refuses as a duplicate, naming the task that holds the value (sync-rules §2.3, §7)."""

from __future__ import annotations

from importlib.resources import files

import pytest
from sqlalchemy import delete

from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_engine.ledger import open_ledger
from tasksync_engine.ledger.schema import links
from tests.sync.steps import begun, paired, quiet


def refuse_naming(team, task_id):
    """The next task called Late is refused as a duplicate of this one, which the message names as orgs do."""
    said = f"duplicate value found: Sales_Connect_Id__c duplicates value on record with id: {task_id[:15]}"
    team.sandbox.fault("salesforce", "row_error", code="DUPLICATE_VALUE", message=said, where={"Subject": "Late"})


def test_a_free_holder_is_linked(team, meltano, ledger):
    """The task that holds the value is the reminder's: no second one is made, and the pair agrees from then on."""
    meltano.sync()
    holder = team.task("Late already")
    team.later(60)
    reminder = team.remind("Late", details="x")
    refuse_naming(team, holder)
    meltano.to_salesforce()
    team.heal()
    found = ledger("SELECT reminder_id, task_id, state FROM links")
    assert found == [{"reminder_id": reminder, "task_id": holder, "state": "open"}]
    meltano.sync()
    assert [row["Id"] for row in team.tasks()] == [holder]
    quiet(team, meltano)


def test_a_holder_that_is_linked_keeps_its_reminder(team, meltano, ledger):
    """The second reminder is parked with the refusal, and the linked pair stays as it is."""
    first, task = paired(team, meltano)
    late = team.remind("Late")
    refuse_naming(team, task)
    meltano.sync()
    assert ledger("SELECT record_id, code FROM parked") == [{"record_id": late, "code": "DUPLICATE_VALUE"}]
    assert [row["reminder_id"] for row in ledger("SELECT reminder_id FROM links")] == [first]


def test_a_holder_is_linked_once_though_two_creates_of_a_batch_name_it(team, meltano, ledger):
    """The first reminder gets it; the second is parked with the refusal, and the run goes on."""
    meltano.sync()
    holder = team.task("Late already")
    team.later(60)
    late = [team.remind("Late", details=details) for details in ("x", "y")]
    team.remind("Other")
    refuse_naming(team, holder)
    meltano.to_salesforce()
    (parked,) = ledger("SELECT record_id, code FROM parked")
    assert (parked["record_id"] in late, parked["code"]) == (True, "DUPLICATE_VALUE")
    (first,) = set(late) - {parked["record_id"]}
    found = ledger("SELECT reminder_id, task_id FROM links")
    assert {"reminder_id": first, "task_id": holder} in found
    assert len(found) == 2


@pytest.mark.parametrize("batches", [1, 2])
def test_a_holder_that_names_its_own_reminder_is_that_ones(team, meltano, ledger, batches):
    """After a lost ledger the pair is found again; a create that names its task before that does not get it."""
    first, task = paired(team, meltano)
    meltano.lose_ledger()
    meltano.to_salesforce()
    with open_ledger(meltano.ledger_url) as opened, opened.transaction() as connection:
        connection.execute(delete(links))
    team.later(60)
    late = team.remind("Late", details="late")
    team.edit_reminder(first, details="new")
    refuse_naming(team, task)
    raws = [team.reminder(late), team.reminder(first)]
    with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
        for batch in [raws] if batches == 1 else [[raw] for raw in raws]:
            engine.process(batch)
    assert ledger("SELECT reminder_id, task_id FROM links") == [{"reminder_id": first, "task_id": task}]
    assert ledger("SELECT record_id, code FROM parked") == [{"record_id": late, "code": "DUPLICATE_VALUE"}]
    assert team.task_of(first)["Description"] == "new"


def test_a_holder_that_the_same_batch_made_keeps_its_reminder(team, meltano, ledger, tmp_path):
    """The org holds a column unique, and two new reminders have one value for it: the second is parked."""
    added = {"name": "Unique__c", "length": 100, "unique": True, "externalId": True}
    team.sandbox.control("salesforce", "POST", "schema", {"objects": {"Task": {"add": [added]}}})
    packaged = files("tasksync_mappings").joinpath("reminder-task.yml").read_text(encoding="utf-8")
    mapping = tmp_path / "unique.yml"
    mapping.write_text(packaged.replace("task: Description", "task: Unique__c"), encoding="utf-8")
    meltano.settings["mapping_path"] = str(mapping)
    reminders = [team.remind(name, details="same") for name in ("One", "Two")]
    meltano.to_salesforce()
    (made,) = team.tasks()
    (link,) = ledger("SELECT reminder_id, task_id FROM links")
    assert link == {"reminder_id": made["Sales_Connect_Id__c"], "task_id": made["Id"]}
    (other,) = set(reminders) - {made["Sales_Connect_Id__c"]}
    assert ledger("SELECT record_id, code FROM parked") == [{"record_id": other, "code": "DUPLICATE_VALUE"}]
