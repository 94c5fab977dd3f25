"""Rules of Task, and of the records that it points at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .salesforce_org import ACCOUNT, ADA, BOB, CONTACT, CONVERTED_LEAD, LEAD, OPPORTUNITY, QUEUE, refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller


def test_completion(org: OrgCaller) -> None:
    """§7 CompletedDateTime: set with a new closed status, kept under the same, empty again when reopened."""
    record_id = org.create()
    path = f"/sobjects/Task/{record_id}"
    org.patch(path, {"Status": "Completed"})
    first = org.task(record_id)
    assert (first["IsClosed"], first["CompletedDateTime"]) == (True, first["SystemModstamp"])
    org.sandbox.clock(10)
    org.patch(path, {"Status": "Completed", "Subject": "x"})
    assert org.task(record_id)["CompletedDateTime"] == first["CompletedDateTime"]
    org.patch(path, {"Status": "In Progress"})
    reopened = org.task(record_id)
    assert (reopened["IsClosed"], reopened["CompletedDateTime"]) == (False, None)
    org.patch(path, {"Status": "Completed"})
    assert org.task(record_id)["CompletedDateTime"] > first["CompletedDateTime"]


def test_another_closed_status_completes_anew(org: OrgCaller) -> None:
    """§7 CompletedDateTime: a change from one closed status to another sets it again."""
    statuses = ["Open", {"value": "Done", "closed": True}, {"value": "Dropped", "closed": True}]
    org.control("schema", {"objects": {"Task": {"picklists": {"Status": statuses}}}})
    record_id = org.create(Status="Done")
    first = org.task(record_id)["CompletedDateTime"]
    org.sandbox.clock(10)
    org.patch(f"/sobjects/Task/{record_id}", {"Status": "Dropped"})
    assert org.task(record_id)["CompletedDateTime"] > first


def test_priority_and_free_status(org: OrgCaller) -> None:
    """§7: IsHighPriority follows Priority; Status is not restricted and takes any value up to 40 characters."""
    task = org.task(org.create(Priority="High", Status="Something else"))
    assert (task["IsHighPriority"], task["Status"], task["IsClosed"]) == (True, "Something else", False)


@pytest.mark.parametrize(
    ("fields", "account"),
    [
        ({"WhatId": ACCOUNT}, ACCOUNT),
        ({"WhatId": OPPORTUNITY}, ACCOUNT),
        ({"WhoId": CONTACT}, ACCOUNT),
        ({"WhoId": CONTACT, "WhatId": OPPORTUNITY}, ACCOUNT),
        ({"WhoId": LEAD}, None),
        ({}, None),
    ],
)
def test_the_account_is_derived(staffed: OrgCaller, fields: dict[str, Any], account: str | None) -> None:
    """§7 AccountId: it follows from What, else from a contact."""
    assert staffed.task(staffed.create(**fields))["AccountId"] == account


def test_a_lead_goes_with_no_other_record(staffed: OrgCaller) -> None:
    """§7 WhatId: a lead with a What is refused, together or one after the other."""
    both = staffed.post("/sobjects/Task", {"WhoId": LEAD, "WhatId": ACCOUNT})
    assert refusal(both) == (400, "FIELD_INTEGRITY_EXCEPTION")
    record_id = staffed.create(WhoId=LEAD)
    later = staffed.patch(f"/sobjects/Task/{record_id}", {"WhatId": ACCOUNT})
    assert refusal(later) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert staffed.patch(f"/sobjects/Task/{record_id}", {"WhatId": ACCOUNT, "WhoId": CONTACT}).status_code == 204


def test_a_converted_lead_is_refused(staffed: OrgCaller) -> None:
    """§7: a converted lead can be neither referred to nor changed."""
    code = (400, "CANNOT_UPDATE_CONVERTED_LEAD")
    assert refusal(staffed.post("/sobjects/Task", {"WhoId": CONVERTED_LEAD})) == code
    assert refusal(staffed.patch(f"/sobjects/Task/{staffed.create()}", {"WhoId": CONVERTED_LEAD})) == code
    record = {"attributes": {"type": "Lead"}, "id": CONVERTED_LEAD, "Company": "x"}
    failed = staffed.patch("/composite/sobjects", {"records": [record]}).json()[0]["errors"]
    assert [error["statusCode"] for error in failed] == [code[1]]
    assert refusal(staffed.patch(f"/sobjects/Lead/{CONVERTED_LEAD}", {"Company": "x"})) == code


def test_owners(staffed: OrgCaller) -> None:
    """§7 OwnerId: an inactive user is refused, a queue is taken since version 48."""
    answer = staffed.post("/sobjects/Task", {"OwnerId": BOB})
    assert refusal(answer) == (400, "INACTIVE_OWNER_OR_USER")
    assert answer.json()[0]["message"] == f"operation performed with inactive user [{BOB}] as owner of task"
    assert staffed.post("/sobjects/Task", {"OwnerId": QUEUE}, version="48.0").status_code == 201
    old = staffed.post("/sobjects/Task", {"OwnerId": QUEUE}, version="47.0")
    assert refusal(old) == (400, "INVALID_CROSS_REFERENCE_KEY")


def test_a_task_of_an_inactive_user_can_still_be_edited(staffed: OrgCaller) -> None:
    """§7 OwnerId: only a new owner is checked: a task of a switched-off user takes edits, its owner named or not."""
    staffed.load(Task=[{"Id": "00TA00000000001AAA", "OwnerId": BOB}])
    path = "/sobjects/Task/00TA00000000001AAA"
    assert staffed.patch(path, {"Subject": "x"}).status_code == 204
    assert staffed.patch(path, {"Subject": "y", "OwnerId": BOB}).status_code == 204
    assert staffed.patch(path, {"OwnerId": ADA}).status_code == 204
    assert refusal(staffed.patch(path, {"OwnerId": BOB})) == (400, "INACTIVE_OWNER_OR_USER")


def test_deleted_records_cannot_be_referred_to(staffed: OrgCaller) -> None:
    """§7: a reference to a record in the recycle bin is a wrong cross reference."""
    staffed.delete(f"/sobjects/Contact/{CONTACT}")
    answer = staffed.post("/sobjects/Task", {"WhoId": CONTACT})
    assert refusal(answer) == (400, "INVALID_CROSS_REFERENCE_KEY")


def series(**more: Any) -> dict[str, Any]:
    """Return a daily series of four days, changed by what is given."""
    daily = {
        "Subject": "Daily",
        "IsRecurrence": True,
        "RecurrenceType": "RecursDaily",
        "RecurrenceInterval": 1,
        "RecurrenceStartDateOnly": "2024-02-27",
        "RecurrenceEndDateOnly": "2024-03-01",
    }
    return daily | more


def due(org: OrgCaller, main: str) -> list[str]:
    """Return the due dates of a series."""
    soql = f"SELECT ActivityDate FROM Task WHERE RecurrenceActivityId = '{main}' ORDER BY ActivityDate"  # noqa: S608
    return [record["ActivityDate"] for record in org.query(soql)]


def test_a_series_and_its_tasks(org: OrgCaller) -> None:
    """§7 Recurrence: the main record has the pattern, its tasks point at it, and all are in queries."""
    main = org.create(**series())
    assert due(org, main) == ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]
    assert org.task(main)["IsRecurrence"] is True
    assert len(org.query("SELECT Id FROM Task")) == 5


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"RecurrenceType": "RecursEveryWeekday", "RecurrenceDayOfWeekMask": 62, "RecurrenceInterval": None},
         ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-04"]),
        ({"RecurrenceType": "RecursWeekly", "RecurrenceDayOfWeekMask": 10},
         ["2024-02-28", "2024-03-04"]),
        ({"RecurrenceType": "RecursMonthly", "RecurrenceDayOfMonth": 4}, ["2024-03-04"]),
        ({"RecurrenceType": "RecursMonthlyNth", "RecurrenceInstance": "First", "RecurrenceDayOfWeekMask": 32},
         ["2024-03-01"]),
        ({"RecurrenceType": "RecursYearly", "RecurrenceDayOfMonth": 29, "RecurrenceMonthOfYear": "February",
          "RecurrenceInterval": None}, ["2024-02-29"]),
        ({"RecurrenceType": "RecursYearlyNth", "RecurrenceInstance": "Last", "RecurrenceDayOfWeekMask": 16,
          "RecurrenceMonthOfYear": "February", "RecurrenceInterval": None}, ["2024-02-29"]),
    ],
)  # fmt: skip
def test_patterns(org: OrgCaller, pattern: dict[str, Any], expected: list[str]) -> None:
    """§7 Recurrence: each type of pattern gives its own days."""
    assert due(org, org.create(**series(RecurrenceEndDateOnly="2024-03-04", **pattern))) == expected


def test_patterns_are_checked(org: OrgCaller) -> None:
    """§7 Recurrence: a property that the type needs must be there and make sense, one it does not use must be null."""
    missing = org.post("/sobjects/Task", series(RecurrenceInterval=None))
    assert refusal(missing) == (400, "REQUIRED_FIELD_MISSING")
    unused = org.post("/sobjects/Task", series(RecurrenceDayOfMonth=5))
    assert refusal(unused) == (400, "FIELD_INTEGRITY_EXCEPTION")
    for wrong in ({"RecurrenceInterval": 0}, {"RecurrenceEndDateOnly": "2000-01-01"}):
        answer = org.post("/sobjects/Task", series(**wrong))
        assert (*refusal(answer), answer.json()[0]["fields"]) == (400, "FIELD_INTEGRITY_EXCEPTION", list(wrong))
    monthly = {"RecurrenceType": "RecursMonthly", "RecurrenceDayOfMonth": 0}
    assert refusal(org.post("/sobjects/Task", series(**monthly))) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert org.query("SELECT Id FROM Task") == []


def test_a_series_has_no_date_and_status_of_its_own(org: OrgCaller) -> None:
    """§7: ActivityDate and Status of a recurring task cannot be set, and it cannot be turned into another kind."""
    main, plain = org.create(**series()), org.create()
    for fields in ({"ActivityDate": "2024-01-01"}, {"Status": "Completed"}, {"IsRecurrence": False}):
        answer = org.patch(f"/sobjects/Task/{main}", fields)
        assert refusal(answer) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    turned = org.patch(f"/sobjects/Task/{plain}", {"IsRecurrence": True})
    assert refusal(turned) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    dated = org.post("/sobjects/Task", series(ActivityDate="2024-01-01"))
    assert refusal(dated) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_a_shortened_series_loses_its_later_open_tasks(org: OrgCaller) -> None:
    """§7 Recurrence: a new end deletes open tasks behind it, keeps the others with their ids, and may add some."""
    main = org.create(**series())
    soql = f"SELECT Id FROM Task WHERE RecurrenceActivityId = '{main}' ORDER BY ActivityDate"  # noqa: S608
    ids = org.query(soql)
    org.patch(f"/sobjects/Task/{ids[3]['Id']}", {"Status": "Completed"})
    org.patch(f"/sobjects/Task/{main}", {"RecurrenceEndDateOnly": "2024-02-28"})
    assert org.query(soql) == [ids[0], ids[1], ids[3]]
    org.patch(f"/sobjects/Task/{main}", {"RecurrenceEndDateOnly": "2024-03-02"})
    assert due(org, main) == ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"]


def test_another_pattern_makes_open_tasks_anew(org: OrgCaller) -> None:
    """§7 Recurrence: a changed start or pattern deletes the open tasks and creates others with new ids."""
    main = org.create(**series())
    soql = f"SELECT Id FROM Task WHERE RecurrenceActivityId = '{main}'"  # noqa: S608
    before = {record["Id"] for record in org.query(soql)}
    org.patch(f"/sobjects/Task/{main}", {"RecurrenceInterval": 2})
    after = {record["Id"] for record in org.query(soql)}
    assert due(org, main) == ["2024-02-27", "2024-02-29"]
    assert not before & after
    refused = org.patch(f"/sobjects/Task/{main}", {"RecurrenceDayOfMonth": 3})
    assert refusal(refused) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert {record["Id"] for record in org.query(soql)} == after


def test_a_repeating_task_comes_back_when_it_is_completed(org: OrgCaller) -> None:
    """§7 Recurrence: "Repeat This Task" creates a new task on completion, once, without the external id."""
    repeat = {"RecurrenceRegeneratedType": "RecurrenceRegenerateAfterDueDate", "RecurrenceInterval": 3}
    record_id = org.create(Subject="again", ActivityDate="2024-02-28", Sales_Connect_Id__c="r-1", **repeat)
    for status in ("Completed", "Not Started", "Completed"):
        assert org.patch(f"/sobjects/Task/{record_id}", {"Status": status}).status_code == 204
    soql = "SELECT Subject, ActivityDate, Sales_Connect_Id__c FROM Task WHERE IsClosed = false"
    assert org.query(soql) == [{"Subject": "again", "ActivityDate": "2024-03-02", "Sales_Connect_Id__c": None}]


def test_deleting_a_series_deletes_its_tasks(org: OrgCaller) -> None:
    """§7 Recurrence: the deletion takes open and closed tasks of the series along."""
    main = org.create(**series())
    soql = f"SELECT Id FROM Task WHERE RecurrenceActivityId = '{main}' LIMIT 1"  # noqa: S608
    org.patch(f"/sobjects/Task/{org.query(soql)[0]['Id']}", {"Status": "Completed"})
    other = org.create(Subject="other")
    org.delete(f"/sobjects/Task/{main}")
    assert org.query("SELECT Id FROM Task") == [{"Id": other}]


def test_loaded_records_are_as_given_with_what_follows(staffed: OrgCaller) -> None:
    """Sandbox control: loads keep ids and dates, ignore attributes, derive fields, merge by id, and are no writes."""
    record = {
        "attributes": {"type": "Task"},
        "Id": "00TA00000000001AAA",
        "Status": "Completed",
        "Priority": "High",
        "WhoId": CONTACT,
        "CreatedDate": "2020-01-01T00:00:00.000+0000",
        "SystemModstamp": "2021-01-01T00:00:00.000+0000",
    }
    staffed.load(Task=[record])
    task = staffed.task("00TA00000000001AAA")
    assert (task["IsClosed"], task["IsHighPriority"], task["AccountId"]) == (True, True, ACCOUNT)
    assert (task["CreatedDate"], task["SystemModstamp"]) == (record["CreatedDate"], record["SystemModstamp"])
    assert task["LastModifiedDate"] == record["SystemModstamp"]
    staffed.load(Task=[{"Id": "00TA00000000001AAA", "Subject": "x"}])
    merged = staffed.task("00TA00000000001AAA")
    assert (merged["Subject"], merged["Status"], merged["SystemModstamp"]) == (
        "x",
        "Completed",
        record["SystemModstamp"],
    )
    assert staffed.sandbox.writes("salesforce") == []


@pytest.mark.parametrize(
    "objects",
    [
        {"Nope": []},
        {"Task": [{"Nope": 1}]},
        {"Task": [{"Id": "003A00000000001AAA"}]},
        {"Task": [{"Subject": 5}]},
        {"Task": [{"SystemModstamp": "soon"}]},
    ],
)
def test_a_load_that_is_not_understood_changes_nothing(org: OrgCaller, objects: dict[str, Any]) -> None:
    """Sandbox control: an unknown object or field, a foreign id or a wrong value is a 400, and nothing is loaded."""
    payload = {"objects": {"User": [{"Id": ADA, "Username": "a", "LastName": "A"}], **objects}}
    answer = org.http.post(f"{org.url}/_sandbox/load", json=payload, timeout=60)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert len(org.query("SELECT Id FROM User")) == 1


def test_reset_leaves_the_integration_user(org: OrgCaller) -> None:
    """Sandbox control: a reset keeps org, user and tokens, forgets records, and never hands out an id again."""
    before = org.create()
    organization = org.query("SELECT Id FROM Organization")
    org.sandbox.reset()
    assert org.query("SELECT Id FROM Task", everything=True) == []
    assert org.query("SELECT Id FROM Organization") == organization
    assert org.query("SELECT Name FROM User") == [{"Name": "Integration"}]
    assert org.create() > before
