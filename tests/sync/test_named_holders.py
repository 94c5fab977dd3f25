"""A create that Salesforce refuses as a duplicate, naming the task that holds the value (sync-rules §2.3, §7)."""

from __future__ import annotations

from tests.sync.steps import paired, quiet


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
