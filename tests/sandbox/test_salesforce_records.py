"""One record at a time."""

# ruff: noqa: S608  the queries are made of these tests' own constants

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from .salesforce_org import plain, refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller


def test_create_read_update_delete(org: OrgCaller) -> None:
    """§3: 201 with Location, 200, 204 empty, 204 empty."""
    created = org.post("/sobjects/Task/", {"attributes": {"type": "Task"}, "Subject": "Call"})
    record_id = created.json()["id"]
    assert (created.status_code, created.json()) == (201, {"id": record_id, "success": True, "errors": []})
    assert re.fullmatch(r"00T\w{15}", record_id)
    assert created.headers["Location"] == f"/services/data/v62.0/sobjects/Task/{record_id}"
    read = org.get(f"/sobjects/Task/{record_id}")
    assert (read.status_code, read.json()["Subject"], read.json()["Status"]) == (200, "Call", "Not Started")
    assert read.json()["attributes"] == {"type": "Task", "url": f"/services/data/v62.0/sobjects/Task/{record_id}"}
    updated = org.patch(f"/sobjects/Task/{record_id}", {"Subject": None, "Status": "Completed"})
    assert (updated.status_code, updated.content) == (204, b"")
    assert org.task(record_id)["Subject"] is None
    deleted = org.delete(f"/sobjects/Task/{record_id}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert refusal(org.get(f"/sobjects/Task/{record_id}")) == (404, "ENTITY_IS_DELETED")


def test_an_empty_body_creates_a_task_of_the_caller(org: OrgCaller) -> None:
    """§7: no field is required: the caller owns it, with the default status and priority."""
    task = org.task(org.create())
    assert (task["Status"], task["Priority"], task["TaskSubtype"]) == ("Not Started", "Normal", "Task")
    assert task["OwnerId"] == task["CreatedById"] == task["LastModifiedById"]


def test_fields_can_be_chosen(org: OrgCaller) -> None:
    """§3: `fields` limits what a read shows; an unknown one is 400."""
    record_id = org.create(Subject="Call")
    assert plain(org.get(f"/sobjects/Task/{record_id}", fields="subject, Status").json()) == {
        "Subject": "Call",
        "Status": "Not Started",
    }
    assert refusal(org.get(f"/sobjects/Task/{record_id}", fields="Nope")) == (400, "INVALID_FIELD")


def test_ids_have_15_or_18_characters(org: OrgCaller) -> None:
    """§3: a record is found by either form of its id and always told by the long one."""
    record_id = org.create(Subject="Call")
    assert org.get(f"/sobjects/Task/{record_id[:15]}").json()["Id"] == record_id
    assert org.patch(f"/sobjects/Task/{record_id[:15]}", {"Subject": "x"}).status_code == 204
    assert org.query(f"SELECT Id FROM Task WHERE Id = '{record_id[:15]}'") == [{"Id": record_id}]
    assert org.create(WhatId=org.create("Account", Name="Acme")[:15])


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  a b\t", "a b"),
        ("", None),
        ("   \n ", None),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("🎉" * 16000, "🎉" * 16000),
    ],
)
def test_texts_are_trimmed_and_empty_ones_are_null(org: OrgCaller, written: str, kept: str | None) -> None:
    """§3: white space around a text goes, an empty text becomes null, line ends become LF."""
    record_id = org.create(Description=written)
    assert org.task(record_id)["Description"] == kept


def test_null_clears_and_absence_leaves(org: OrgCaller) -> None:
    """§3: null clears a field, a field that is not sent stays."""
    record_id = org.create(Subject="Call", Description="x", ActivityDate="2024-02-29")
    org.patch(f"/sobjects/Task/{record_id}", {"Description": None})
    task = org.task(record_id)
    assert (task["Subject"], task["Description"], task["ActivityDate"]) == ("Call", None, "2024-02-29")


def test_stamps_are_whole_seconds_and_move_with_every_update(org: OrgCaller) -> None:
    """§11.7, §8: stamps are whole seconds in UTC, and an update that changes nothing moves them too."""
    before = datetime.now(UTC).replace(microsecond=0)
    record_id = org.create(Subject="Call")
    created = org.task(record_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", created["SystemModstamp"])
    assert datetime.fromisoformat(created["SystemModstamp"]) >= before
    assert created["CreatedDate"] == created["LastModifiedDate"] == created["SystemModstamp"]
    org.sandbox.clock(100)
    org.patch(f"/sobjects/Task/{record_id}", {"Subject": "Call"})
    updated = org.task(record_id)
    assert updated["CreatedDate"] == created["CreatedDate"]
    assert updated["SystemModstamp"] == updated["LastModifiedDate"] > created["SystemModstamp"]


@pytest.mark.parametrize(
    ("fields", "code", "names"),
    [
        ({"Nope": 1}, "INVALID_FIELD", None),
        ({"Id": "00TA00000000001AAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Id"]),
        ({"IsClosed": True, "CreatedDate": None}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsClosed", "CreatedDate"]),
        ({"Subject": "x" * 256}, "STRING_TOO_LONG", ["Subject"]),
        ({"Subject": "🎉" * 128}, "STRING_TOO_LONG", ["Subject"]),
        ({"Description": "x" * 32001}, "STRING_TOO_LONG", ["Description"]),
        ({"Status": "x" * 41}, "STRING_TOO_LONG", ["Status"]),
        ({"TaskSubtype": "Nope"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["TaskSubtype"]),
        ({"WhoId": "nope"}, "MALFORMED_ID", ["WhoId"]),
        ({"WhoId": "001A00000000001AAA"}, "MALFORMED_ID", ["WhoId"]),
        ({"WhoId": "003A00000000009AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["WhoId"]),
        ({"WhatId": "500A00000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["WhatId"]),
        ({"OwnerId": "005A00000000009AAA"}, "INVALID_CROSS_REFERENCE_KEY", ["OwnerId"]),
        ({"Subject": 5}, "JSON_PARSER_ERROR", None),
        ({"Subject": {"a": 1}}, "JSON_PARSER_ERROR", None),
        ({"ActivityDate": "29.2.2024"}, "JSON_PARSER_ERROR", None),
        ({"ActivityDate": "2023-02-29"}, "JSON_PARSER_ERROR", None),
        ({"ActivityDate": ""}, "JSON_PARSER_ERROR", None),
        ({"IsReminderSet": "maybe"}, "JSON_PARSER_ERROR", None),
        ({"CallDurationInSeconds": "x"}, "JSON_PARSER_ERROR", None),
        ({"CallDurationInSeconds": 1.5}, "JSON_PARSER_ERROR", None),
        ({"CallDurationInSeconds": "inf"}, "JSON_PARSER_ERROR", None),
        ({"CallDurationInSeconds": 10**8}, "NUMBER_OUTSIDE_VALID_RANGE", ["CallDurationInSeconds"]),
        ({"Subject": ["a"]}, "JSON_PARSER_ERROR", None),
        ({"ActivityDate": "1699-12-31"}, "FIELD_INTEGRITY_EXCEPTION", ["ActivityDate"]),
        ({"ReminderDateTime": "4001-01-01T00:00:00Z"}, "FIELD_INTEGRITY_EXCEPTION", ["ReminderDateTime"]),
        ({"ReminderDateTime": "9999-12-31T23:59:59-05:00"}, "FIELD_INTEGRITY_EXCEPTION", ["ReminderDateTime"]),
        ({"ReminderDateTime": "2024-03-01"}, "JSON_PARSER_ERROR", None),
        ({"ReminderDateTime": "2024-03-01T10:00:00"}, "JSON_PARSER_ERROR", None),
        ({"ReminderDateTime": "2024-W09-5T10:00:00Z"}, "JSON_PARSER_ERROR", None),
    ],
)
def test_refused_creates(org: OrgCaller, fields: dict[str, Any], code: str, names: list[str] | None) -> None:
    """§7 DML error codes: a wrong field is refused with its code and its name, and nothing is written."""
    answer = org.post("/sobjects/Task", fields)
    assert refusal(answer) == (400, code)
    assert answer.json()[0].get("fields") == names
    assert org.query("SELECT Id FROM Task", everything=True) == []
    assert org.sandbox.writes("salesforce") == []


def test_messages_say_what_is_wrong(org: OrgCaller) -> None:
    """§2, §7: the messages that clients look into have Salesforce's form."""
    long = org.post("/sobjects/Task", {"Subject": "x" * 256}).json()[0]["message"]
    assert long == f"Subject: data value too large: {'x' * 256} (max length=255)"
    unknown = org.post("/sobjects/Task", {"Nope": 1}).json()[0]["message"]
    assert unknown == "No such column 'Nope' on sobject of type Task"
    missing = org.post("/sobjects/Contact", {"FirstName": "A"})
    assert missing.json() == [
        {
            "message": "Required fields are missing: [LastName]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["LastName"],
        }
    ]


def test_dates_and_times_in_other_forms(org: OrgCaller) -> None:
    """§2: a date is a day, a dateTime is taken with any offset and kept in whole seconds of UTC."""
    record_id = org.create(ActivityDate="2024-02-29", ReminderDateTime="2024-02-29T23:30:00.999-01:00")
    soql = f"SELECT ActivityDate, ReminderDateTime FROM Task WHERE Id = '{record_id}'"
    assert org.query(soql) == [{"ActivityDate": "2024-02-29", "ReminderDateTime": "2024-03-01T00:30:00.000+0000"}]


@pytest.mark.parametrize(
    ("method", "record_id", "expected"),
    [
        ("GET", "00TA00000000009AAA", (404, "NOT_FOUND")),
        ("GET", "nonsense", (404, "NOT_FOUND")),
        ("PATCH", "00TA00000000009AAA", (404, "NOT_FOUND")),
        ("DELETE", "00TA00000000009AAA", (404, "NOT_FOUND")),
        ("PATCH", "nonsense", (400, "MALFORMED_ID")),
        ("DELETE", "003A00000000001AAA", (400, "MALFORMED_ID")),
    ],
)
def test_records_that_are_not_there(org: OrgCaller, method: str, record_id: str, expected: tuple[int, str]) -> None:
    """§2 Error body: an unknown record is 404, what is no id of the object is MALFORMED_ID."""
    answer = org.call(method, f"/sobjects/Task/{record_id}", json={} if method == "PATCH" else None)
    assert refusal(answer) == expected


def test_updates_of_fixed_fields_are_refused(org: OrgCaller) -> None:
    """§3, §7: the body names no Id, and fields that are set once stay."""
    record_id = org.create(Subject="Call")
    path = f"/sobjects/Task/{record_id}"
    assert refusal(org.patch(path, {"Id": record_id})) == (400, "INVALID_FIELD")
    for field in ("TaskSubtype", "IsRecurrence", "SystemModstamp", "IsDeleted"):
        assert refusal(org.patch(path, {field: None})) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert refusal(org.patch(path, {"Status": None})) == (400, "REQUIRED_FIELD_MISSING")


def test_a_deleted_record_cannot_be_written(org: OrgCaller) -> None:
    """§2 Error body: PATCH and DELETE of a soft-deleted row are ENTITY_IS_DELETED."""
    record_id = org.create()
    org.delete(f"/sobjects/Task/{record_id}")
    assert refusal(org.patch(f"/sobjects/Task/{record_id}", {"Subject": "x"})) == (404, "ENTITY_IS_DELETED")
    assert refusal(org.delete(f"/sobjects/Task/{record_id}")) == (404, "ENTITY_IS_DELETED")


def test_the_write_list(org: OrgCaller) -> None:
    """Sandbox control: each committed record is one write, with call, id, action and fields; loads are none."""
    org.load(Task=[{"Id": "00TA00000000001AAA"}])
    record_id = org.create(Subject="x")
    org.patch(f"/sobjects/Task/{record_id}", {"Status": "Completed"})
    org.delete(f"/sobjects/Task/{record_id}")
    writes = [(w["action"], w["id"], w["fields"], w["object"]) for w in org.sandbox.writes("salesforce")]
    assert writes == [
        ("create", record_id, ["Subject"], "Task"),
        ("update", record_id, ["Status"], "Task"),
        ("delete", record_id, [], "Task"),
    ]
    assert org.sandbox.writes("salesforce")[0]["call"] == "POST /services/data/v62.0/sobjects/Task"


def test_calls_are_counted_by_endpoint(org: OrgCaller) -> None:
    """Sandbox control: calls are counted under their resource, token requests not in the total."""
    org.sandbox.forget_calls()
    org.token()
    record_id = org.create()
    org.get(f"/sobjects/Task/{record_id}")
    org.get("/query", q="SELECT Id FROM Task")
    counted = org.sandbox.calls("salesforce")
    assert counted["total"] == 3
    assert counted["by_endpoint"]["GET /services/data/v{version}/sobjects/{object}/{id}"] == 1
    assert counted["by_endpoint"]["POST /services/oauth2/token"] == 1
