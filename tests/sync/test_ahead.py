"""A batch that is looked up before the one before it is carried out: what that one touches is looked up again."""

from __future__ import annotations

import pytest

from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_clients import ClientError
from tasksync_engine.ledger import open_ledger
from tests.sync.steps import begun, paired, quiet


def test_a_record_of_two_batches_is_created_once_and_brought_up_to_date(team, meltano):
    """The second batch was looked up when the first one had made nothing yet."""
    meltano.sync()
    made = team.remind("Call", details="first")
    first = team.reminder(made)
    team.edit_reminder(made, details="second")
    second = team.reminder(made)
    with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
        rests = [engine.begin([raw]) for raw in (first, second)]
        for rest in rests:
            rest()
        assert engine.context.counts["created"] == engine.context.counts["updated"] == 1
    assert [task["Description"] for task in team.tasks()] == ["second"]
    quiet(team, meltano)


def test_a_task_of_two_batches_is_imported_once(team, meltano):
    """As the other direction has it: an idempotency key would have returned the first answer, and lost the edit."""
    meltano.sync()
    task = team.task("Call", Description="first")
    with begun(meltano, TargetSalesconnect, meltano.sales_connect) as engine:
        old = team.data("GET", f"sobjects/Task/{task}").json()
        rests = [engine.begin([{**old, "Description": text}]) for text in ("first", "second")]
        for rest in rests:
            rest()
        assert engine.context.counts["created"] == 1
    assert [row["details"] for row in team.reminders()] == ["second"]


def test_what_nobody_touched_meanwhile_is_not_looked_up_again(team, meltano):
    """Two batches of different records cost one look-up each."""
    meltano.sync()
    raws = [team.reminder(team.remind(name)) for name in ("One", "Two")]
    with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
        rests = [engine.begin([raw]) for raw in raws]
        before = engine.context.destination.calls
        for rest in rests:
            rest()
        assert engine.context.destination.calls - before == len(raws)
    assert sorted(task["Subject"] for task in team.tasks()) == ["One", "Two"]


def test_a_look_up_writes_nothing(team, meltano):
    """Neither to the ledger nor to the other side: a run that dies behind it leaves all as it was."""
    reminder_id, _ = paired(team, meltano)
    team.edit_reminder(reminder_id, details="new")
    raws = [team.reminder(reminder_id), team.reminder(team.remind("Other"))]
    before = team.writes()
    with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
        engine.begin(raws)
    assert team.writes() == before
    with open_ledger(meltano.ledger_url) as ledger, ledger.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM intents").scalar_one() == 0


def test_a_look_up_that_fails_leaves_the_batch_before_it_to_be_carried_out(team, meltano):
    """The failure is the later batch's."""
    meltano.sync()
    first = team.reminder(team.remind("One"))
    second = team.reminder(team.remind("Two"))
    with begun(meltano, TargetSalesforceTasks, meltano.salesforce) as engine:
        rest = engine.begin([first])
        team.sandbox.fault("salesforce", "status", path="queryAll", status=403, times=1)
        with pytest.raises(ClientError):
            engine.begin([second])
        rest()
    assert [task["Subject"] for task in team.tasks()] == ["One"]
