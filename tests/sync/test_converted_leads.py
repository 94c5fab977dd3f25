"""A task follows its lead into the contact that it became, whoever converted it and whenever (sync-rules §8)."""

from __future__ import annotations

import pytest

from tasksync_clients import AllowanceExhausted
from tests.sync.steps import paired, quiet
from tests.sync.team import Team

LEAD, HIDDEN_LEAD = "00QTm0000000001AAA", "00QTm0000000002AAA"
CONTACT, HIDDEN = "003Tm0000000001AAA", "003Tm0000000009AAA"
ACCOUNT, OPPORTUNITY = "001Tm0000000001AAA", "006Tm0000000001AAA"
PERSON = {"salesforce_lead_id": LEAD}
CODE = "CANNOT_UPDATE_CONVERTED_LEAD"


@pytest.fixture
def team(sandbox):
    """The team, with a lead, and the records that it can become."""
    sandbox_team = Team(sandbox)
    sandbox.load(
        salesforce={
            "Account": [{"Id": ACCOUNT, "Name": "Acme"}],
            "Opportunity": [{"Id": OPPORTUNITY, "Name": "Deal", "StageName": "New", "AccountId": ACCOUNT}],
            "Contact": [{"Id": CONTACT, "LastName": "Lea"}],
            "Lead": [
                {"Id": LEAD, "LastName": "Lea", "Company": "Acme"},
                {"Id": HIDDEN_LEAD, "LastName": "Leo", "Company": "Acme"},
            ],
        },
        sales_connect={
            "people": [
                {"id": "p1", "name": "Lea", "salesforce_lead_id": LEAD},
                {"id": "p2", "name": "Leo", "salesforce_lead_id": HIDDEN_LEAD},
            ]
        },
    )
    return sandbox_team


def convert(team, lead: str = LEAD, **became) -> None:
    """Somebody converts the lead; Salesforce then refuses writes of tasks that hang on it."""
    found = {"ConvertedContactId": CONTACT, "ConvertedAccountId": ACCOUNT, **became}
    team.sandbox.load(salesforce={"Lead": [{"Id": lead, "IsConverted": True, **found}]})
    team.refuse("salesforce", CODE, where={"WhoId": lead})


def hangs_on(team, reminder: str) -> tuple[str | None, str | None]:
    """(WhoId, WhatId) of a reminder's task."""
    task = team.task_of(reminder)
    return task["WhoId"], task["WhatId"]


@pytest.mark.parametrize("opportunity", [OPPORTUNITY, None])
def test_a_create_follows(team, meltano, ledger, opportunity):
    """The reminder's person still names the lead; the task hangs on the contact, and the opportunity or account."""
    convert(team, ConvertedOpportunityId=opportunity)
    reminder = team.remind(person=PERSON)
    meltano.sync()
    assert hangs_on(team, reminder) == (CONTACT, opportunity or ACCOUNT)
    assert ledger("SELECT * FROM parked") == []
    assert CONTACT in ledger("SELECT detail FROM history WHERE action = 'create'")[0]["detail"]
    quiet(team, meltano)


def test_an_update_follows(team, meltano, ledger):
    """The task was made for the lead, which was converted since: the edit goes through, and the task moves."""
    reminder, _ = paired(team, meltano, person=PERSON)
    assert hangs_on(team, reminder) == (LEAD, None)
    convert(team, ConvertedOpportunityId=OPPORTUNITY)
    team.edit_reminder(reminder, details="edited", status="completed")
    meltano.sync()
    found = team.task_of(reminder)
    assert (found["Description"], found["Status"]) == ("edited", "Completed")
    assert hangs_on(team, reminder) == (CONTACT, OPPORTUNITY)
    assert ledger("SELECT * FROM parked") == []
    assert CONTACT in ledger("SELECT detail FROM history WHERE action = 'update'")[0]["detail"]
    quiet(team, meltano)


def test_one_batch_costs_one_look_and_one_more_write(team, meltano):
    """However many of its tasks hang on converted leads; the others go through at once."""
    convert(team)
    for number in range(150):
        team.remind(f"Call {number}", person=PERSON if number % 2 else None)
    team.sandbox.forget_calls()
    meltano.to_salesforce()
    calls = team.sandbox.calls("salesforce")["by_endpoint"]
    writes = sum(number for endpoint, number in calls.items() if endpoint.startswith("PATCH"))
    looks = sum(number for endpoint, number in calls.items() if endpoint.endswith("/query"))
    assert (writes, looks) == (2, 2)  # the roster's users are the other look
    assert len(team.tasks()) == 150


@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_contact_that_cannot_be_seen_parks_the_change(team, meltano, ledger, kind):
    """With the reason and what to do; once it can be seen, retrying or another edit goes through."""
    if kind == "update":
        reminder, _ = paired(team, meltano, person=PERSON)
        convert(team, ConvertedContactId=HIDDEN)
        team.edit_reminder(reminder, details="edited")
    else:
        convert(team, ConvertedContactId=HIDDEN)
        reminder = team.remind(person=PERSON)
    meltano.sync()
    (row,) = ledger("SELECT code, message, retry_at FROM parked")
    assert (row["code"], row["retry_at"]) == (CODE, None)
    assert HIDDEN in row["message"]
    team.sandbox.load(salesforce={"Contact": [{"Id": HIDDEN, "LastName": "Lea"}]})
    team.edit_reminder(reminder, details="again")
    meltano.sync()
    assert team.task_of(reminder)["Description"] == "again"
    assert hangs_on(team, reminder) == (HIDDEN, ACCOUNT)
    assert ledger("SELECT * FROM parked") == []


def test_a_lead_that_cannot_be_seen_parks_the_change(team, meltano, ledger):
    """Nobody can say what it became; the others of the batch follow."""
    convert(team)
    team.refuse("salesforce", CODE, where={"WhoId": HIDDEN_LEAD})
    seen = team.remind("Seen", person=PERSON)
    hidden = team.remind("Hidden", person={"salesforce_lead_id": HIDDEN_LEAD})
    meltano.sync()
    assert hangs_on(team, seen) == (CONTACT, ACCOUNT)
    (row,) = ledger("SELECT record_id, code, message FROM parked")
    assert (row["record_id"], row["code"]) == (hidden, CODE)
    assert HIDDEN_LEAD in row["message"]


def test_a_task_that_is_related_already_keeps_its_relation(team, meltano):
    """Only the person follows."""
    reminder, task = paired(team, meltano, person=PERSON)
    convert(team, ConvertedOpportunityId=OPPORTUNITY)
    team.sandbox.load(salesforce={"Task": [{"Id": task, "WhatId": ACCOUNT}]})
    team.edit_reminder(reminder, details="edited")
    meltano.sync()
    assert hangs_on(team, reminder) == (CONTACT, ACCOUNT)


@pytest.mark.parametrize("strikes", [{"path": "/query$"}, {"method": "PATCH"}])
def test_a_run_stopped_half_way_forgets_nothing(team, meltano, ledger, strikes):
    """The allowance ends before the leads are looked up, or before the second writing: the next run goes on."""
    reminder, _ = paired(team, meltano, person=PERSON)
    other, _ = paired(team, meltano)
    convert(team)
    team.edit_reminder(reminder, details="edited")
    team.edit_reminder(other, details="edited too")
    # The roster's look for users is the first query, and the writing that is refused the first PATCH.
    team.sandbox.fault("salesforce", "daily_limit", every=2, **strikes)
    with pytest.raises(AllowanceExhausted):
        meltano.to_salesforce()
    assert len(ledger("SELECT * FROM history WHERE action = 'update'")) == 1
    team.sandbox.clear_faults("salesforce")
    team.refuse("salesforce", CODE, where={"WhoId": LEAD})
    meltano.sync()
    assert [row["Description"] for row in team.tasks()] == ["edited", "edited too"]
    assert hangs_on(team, reminder) == (CONTACT, ACCOUNT)
    quiet(team, meltano)
