"""`tasksync explain` for tasks of different fates: each explanation says what became of it, by which rule.

With TASKSYNC_PRINT_FATES=FILE the explanations are written there, for people to look at.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sync.team import salesforce_user

PRINT_TO = os.environ.get("TASKSYNC_PRINT_FATES")


@pytest.fixture
def told(tasksync):
    """Explains a record; returns what was printed, and prints it into the file that was asked for."""

    def explain(fate, record_id, *words, code=0):
        ended = tasksync("explain", record_id, *words)
        assert (ended.code, ended.err) == (code, "")
        if PRINT_TO:
            with Path(PRINT_TO).open("a", encoding="utf-8") as file:
                file.write(f"===== {fate}\n$ tasksync explain {record_id}\n{ended.out}\n")
        return ended.out

    return explain


def says(out, *words):
    """Assert that all of these were said, in this order."""
    place = 0
    for word in words:
        found = out.find(word, place)
        assert found >= 0, f"{word!r} is missing behind {place} in:\n{out}"
        place = found


def test_pushed_and_edited(team, meltano, told, tasksync):
    """Created by §2.3, then one field by §5; both sides' values of now stand beside the base."""
    reminder = team.remind("Call Ann", details="old")
    meltano.sync()
    team.edit_reminder(reminder, details="new", priority="high")
    meltano.sync()
    says(
        told("pushed, then edited in Sales Connect", reminder),
        f"Link 1: reminder {reminder}, task {team.task_of(reminder)['Id']}; pushed, open",
        "now: Sales Connect  now: Salesforce",
        "The next runs:\n  nothing: both sides agree",
        "History:",
        "run 1  create in Salesforce: no counterpart was found (§2.3), so one was made",
        "Subject Call Ann",
        "run 3  update in Salesforce\n",
        "priority Normal → High: changed at its source only (§5)",
        "details old → new: changed at its source only (§5)",
    )
    assert "name not written" not in tasksync("explain", reminder).out


def test_imported_with_a_value_that_does_not_travel(team, meltano, told):
    """In Progress stays in Salesforce, and is no difference that a run would mend."""
    task = team.task("Visit", Status="In Progress", Priority="Low")
    meltano.sync()
    out = told("imported; its Status does not travel", task)
    says(
        out, "imported, open", "status", "open", "In Progress", "The next runs:", "History:", "create in Sales Connect"
    )
    assert "will write" not in out
    assert "the reminder's assignee is told by the next run" in out


def test_a_conflict_and_who_won(team, meltano, told):
    """Both values, the winner, and the run that decided."""
    reminder = team.remind("Call", due_date="2027-01-01")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.edit_reminder(reminder, due_date="2027-02-02")
    team.edit_task(task, ActivityDate="2027-03-03")
    meltano.settings = {"conflict_policy": "salesconnect"}
    meltano.sync()
    says(
        told("conflict, won by Sales Connect", task),
        "Conflicts:",
        "run 3  due_date: Sales Connect 2027-02-02, Salesforce 2027-03-03; Sales Connect's stands",
        "History:",
        "due_date 2027-03-03 → 2027-02-02: changed on both sides (§5); Sales Connect won",
    )


def test_an_edit_that_did_not_go_over_yet(team, meltano, told):
    """The next run's write is foretold, by its rule."""
    reminder = team.remind("Call")
    meltano.sync()
    team.edit_task(team.task_of(reminder)["Id"], Status="Completed")
    says(
        told("edited in Salesforce since the last run", reminder),
        "status    open",
        "The next runs:\n  status: to-salesconnect will write completed to Sales Connect",
        ": changed at its source only (§5)",
    )


def test_a_user_who_is_off(team, meltano, told):
    """§1.1, with the command that would turn it on."""
    reminder = team.remind("Call", assignee_id="u3")
    meltano.sync()
    says(
        told("its user has task sync off", reminder, code=1),
        f"The ledger knows nothing of {reminder}.",
        f"Now: reminder {reminder} lives",
        "Its assignee cid@example.com (u3) has task sync off (§1.1): `tasksync enable u3` turns it on.",
    )


def test_an_owner_whom_nobody_is(team, meltano, told):
    """A Salesforce user without a Sales Connect user who is on."""
    task = team.task("Visit", OwnerId=salesforce_user(3))
    meltano.sync()
    out = told("its owner is nobody who takes part", task, code=1)
    says(out, f"Its owner {salesforce_user(3)} is nobody who has task sync on")


def test_a_user_who_is_left_out(team, meltano, told):
    """What is owed is parked, with the reason."""
    reminder = team.remind("Call", assignee_id="u4")
    meltano.sync()
    out = told("its user is left out", reminder)
    says(out, "Parked:", "roster (Other)", "no active Salesforce user has this email", "What is parked of it, above")


def test_created_before_task_sync_was_turned_on(team, meltano, sandbox, told):
    """§2.2, with both moments."""
    before = team.stamp(team.enabled_at - timedelta(days=2))
    old = {"id": "rem_old", "type": "call", "name": "Old", "status": "open", "priority": "normal", "due_date": None,
           "assignee_id": "u1", "created_at": before, "updated_at": before}  # fmt: skip
    sandbox.load(sales_connect={"reminders": [old]})
    meltano.sync()
    says(
        told("older than its user's task sync", "rem_old", code=1),
        "Created before task sync was turned on: 20",
        "and task sync is on since",
        "(§2.2).",
    )


def test_touched_before_the_first_window(team, meltano, sandbox, told):
    """§2.1."""
    before = team.stamp(team.enabled_at - timedelta(days=3)).replace("Z", "+0000")
    sandbox.load(
        salesforce={"Task": [{"Id": "00TTm0000000009AAA", "Subject": "Old", "OwnerId": salesforce_user(1),
                              "CreatedDate": before, "LastModifiedDate": before, "SystemModstamp": before}]}
    )  # fmt: skip
    meltano.sync()
    out = told("last touched before the first sync's window", "00TTm0000000009AAA", code=1)
    says(out, "Last touched before the first sync's window: 20", "(§2.1).")


@pytest.mark.parametrize("fields", [{"TaskSubtype": "Email"}, {"TaskSubtype": "Call", "Status": "Completed"}])
def test_a_kind_that_does_not_sync(team, meltano, told, fields):
    """§4."""
    task = team.task("Logged", **fields)
    meltano.sync()
    out = told(f"a logged {fields['TaskSubtype'].lower()}", task, code=1)
    says(out, "Why it is not linked:", "Logged activity (§4).")


def test_a_change_that_is_refused(team, meltano, told):
    """The service's own words, what they mean and what to do; the base and both values show what is missing."""
    reminder = team.remind("Call", details="old")
    meltano.sync()
    team.refuse("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    team.edit_reminder(reminder, details="new")
    meltano.sync()
    team.heal()
    says(
        told("refused by a validation rule", reminder),
        "details",
        "Parked:",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION (Access/Validation)",
        "refused for the test",
        "The next runs, once what is parked is tried again:\n  details: to-salesforce will write new to Salesforce",
    )


def test_a_pair_whose_user_was_switched_off(team, meltano, told):
    """The difference is told, and what it waits for."""
    reminder = team.remind("Call", details="old")
    meltano.sync()
    team.switch("u1", on=False)
    team.edit_reminder(reminder, details="new")
    meltano.sync()
    says(
        told("its user was switched off, then it was edited", reminder),
        "the reminder's assignee u1 has task sync off",
        "roster (Other)",
        "The next runs, once both users take part:\n",
    )


def test_deleted_on_both_sides(team, meltano, told):
    """The link is closed; the run that deleted is named."""
    reminder = team.remind("Call")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.delete_reminder(reminder)
    meltano.sync()
    says(
        told("deleted in Sales Connect, and so in Salesforce", task),
        "pushed, closed by a deletion",
        f"task {task} deleted",
        "Why it is not linked:\n  It is deleted in Salesforce since",
        "run 3  delete in Salesforce: the other record was deleted (§6)",
    )


def test_a_deletion_that_the_brake_holds(team, meltano, told):
    """The pair is as it was, and the deletion waits for a person."""
    meltano.settings = {"max_delete_count": 0, "max_delete_percent": 0}
    reminder = team.remind("Call")
    meltano.sync()
    team.delete_reminder(reminder)
    meltano.sync()
    out = told("its deletion is held by the brake", team.tasks()[0]["Id"])
    says(out, "pushed, open", "the deletion held by the brake; `tasksync check` says what to do")
    assert "The next runs:" not in out


def test_kept_although_its_counterpart_is_deleted(team, meltano, told):
    """§6 under `keep`."""
    meltano.settings = {"delete_conflict_policy": "keep"}
    reminder = team.remind("Call")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    team.edit_task(task, Description="mine")
    team.delete_reminder(reminder)
    meltano.sync()
    out = told("kept, as it was edited before its counterpart was deleted", task)
    says(out, "neither record gets a new counterpart", "Its counterpart was deleted and it was kept (§6).")


def test_not_read_yet(team, meltano, told):
    """It came after the last run."""
    meltano.sync()
    team.later(60)
    reminder = team.remind("Call")
    out = told("created after the last run", reminder, code=1)
    says(out, "No rule speaks against it: it was touched at", "The next one takes it.")


def test_a_record_that_nobody_knows(team, meltano, told):
    """Neither the ledger nor the service."""
    team.remind("Call")
    meltano.sync()
    out = told("an id that nobody knows", "rem_nobody", code=1)
    says(out, "Sales Connect knows no reminder of this id")


def test_a_lost_ledger(team, meltano, told):
    """The counterpart is found by what the records themselves say."""
    reminder = team.remind("Call")
    meltano.sync()
    task = team.task_of(reminder)["Id"]
    meltano.lose_ledger()
    meltano.states = {}
    meltano.read("to-salesforce", *_tap(meltano))
    out = told("linked before the ledger was lost", reminder, code=1)
    says(out, f"Its counterpart, task {task}, lives: a run that takes it links the two (§2.3).")


def _tap(meltano):
    from tap_salesconnect.tap import TapSalesconnect  # noqa: PLC0415 - only this test runs a tap alone

    return TapSalesconnect, meltano.sales_connect, {"people"}


def test_a_side_that_cannot_be_reached(team, meltano, tasksync, monkeypatch):
    """It is said, with its reason, and the rest is told all the same."""
    reminder = team.remind("Call")
    meltano.sync()
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "wrong")
    ended = tasksync("explain", reminder)
    assert ended.code == 0
    says(ended.out, "now: Sales Connect", "?", "Not asked: Salesforce: Salesforce at 127.0.0.1", "History:")


def test_offline_asks_nobody(team, meltano, tasksync, sandbox):
    """Not one call."""
    reminder = team.remind("Call")
    meltano.sync()
    sandbox.forget_calls()
    out = tasksync("explain", "--offline", reminder).out
    assert "now:" not in out
    assert sandbox.calls("salesforce")["total"] == sandbox.calls("sales_connect")["total"] == 0


def test_looking_writes_nothing(team, meltano, tasksync):
    """Neither to a service nor to the ledger."""
    reminder = team.remind("Call")
    meltano.sync()
    team.edit_reminder(reminder, details="new")
    before, ledger = team.writes(), tasksync("explain", "--offline", "--json", reminder).json
    told = tasksync("explain", "--json", reminder).json
    assert [one["field"] for one in told["now"]["coming"]] == ["details"]
    assert {one["state"] for one in told["now"]["records"]} == {"lives"}
    assert team.writes() == before
    assert tasksync("explain", "--offline", "--json", reminder).json == ledger


def test_records_of_another_org_are_not_shown(team, meltano, tasksync):
    """The ledger says whose it is."""
    from tasksync_engine.ledger import open_ledger  # noqa: PLC0415 - only this test writes there

    reminder = team.remind("Call")
    meltano.sync()
    with open_ledger(meltano.ledger_url) as ledger:
        ledger.put("org_id", "00D000000000001AAA")
    out = tasksync("explain", reminder).out
    assert "Not asked: Salesforce: The ledger belongs to Salesforce org 00D000000000001AAA" in out
