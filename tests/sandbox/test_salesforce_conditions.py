"""Conditional requests and descriptions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller


def around_now(seconds: int) -> str:
    """Return a header's date, so many seconds from now."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def conditional(org: OrgCaller, method: str, path: str, **headers: str) -> int:
    """Return the status of a request with headers; a PATCH sets the name or subject."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"Name" if "Account" in path else "Subject": "new"} if method == "PATCH" else None
    return org.call(method, path, headers=names, json=body).status_code


@pytest.mark.parametrize(
    ("method", "header", "seconds", "status"),
    [
        ("GET", "If_Modified_Since", 5, 304),
        ("GET", "If_Modified_Since", -60, 200),
        ("GET", "If_Unmodified_Since", 5, 200),
        ("GET", "If_Unmodified_Since", -60, 412),
        ("PATCH", "If_Unmodified_Since", 5, 204),
        ("PATCH", "If_Unmodified_Since", -60, 412),
        ("PATCH", "If_Modified_Since", -60, 204),
        ("DELETE", "If_Unmodified_Since", -60, 204),
    ],
)
def test_date_conditions(org: OrgCaller, method: str, header: str, seconds: int, status: int) -> None:
    """§3 Conditional headers: 304 and 412 by the last-modified date; DELETE ignores them."""
    record_id = org.create(Subject="old")
    assert conditional(org, method, f"/sobjects/Task/{record_id}", **{header: around_now(seconds)}) == status
    assert org.task(record_id)["Subject"] == ("new" if (method, status) == ("PATCH", 204) else "old")


def test_an_edit_within_the_same_second_passes(org: OrgCaller) -> None:
    """§3 Conditional headers: dates have whole seconds, so a write in the second of the last one is let through."""
    record_id = org.create(Subject="old")
    header = org.get(f"/sobjects/Task/{record_id}").headers["Last-Modified"]
    assert conditional(org, "PATCH", f"/sobjects/Task/{record_id}", If_Unmodified_Since=header) == 204


def test_a_wrong_date_on_a_write_is_refused(org: OrgCaller) -> None:
    """§3 Conditional headers: an invalid value on PATCH is 400."""
    record_id = org.create()
    assert conditional(org, "PATCH", f"/sobjects/Task/{record_id}", If_Unmodified_Since="yesterday") == 400


def test_etags_work_for_accounts_alone(org: OrgCaller) -> None:
    """§3 Conditional headers: If-Match and If-None-Match hold for Account and are ignored on a task."""
    account, task = org.create("Account", Name="Acme"), org.create()
    path = f"/sobjects/Account/{account}"
    tag = org.get(path).headers["ETag"]
    assert conditional(org, "GET", path, If_None_Match=tag) == 304
    assert conditional(org, "PATCH", path, If_None_Match=tag) == 412
    assert conditional(org, "PATCH", path, If_Match='"other"') == 412
    assert conditional(org, "PATCH", path, If_Match=tag) == 204
    assert "ETag" not in org.get(f"/sobjects/Task/{task}").headers
    assert conditional(org, "PATCH", f"/sobjects/Task/{task}", If_Match='"other"') == 204


def field_of(org: OrgCaller, name: str) -> dict[str, Any] | None:
    """Return the description of a Task field."""
    fields = org.get("/sobjects/Task/describe").json()["fields"]
    return next((field for field in fields if field["name"] == name), None)


def test_describe_tells_what_the_rules_are(org: OrgCaller) -> None:
    """§3 Describe, §7: types, lengths and properties are those by which writes and queries are judged."""
    whole = org.get("/sobjects/Task/describe").json()
    assert (whole["name"], whole["keyPrefix"], whole["createable"]) == ("Task", "00T", True)
    fields = {field["name"]: field for field in whole["fields"]}
    assert (fields["Subject"]["type"], fields["Subject"]["length"]) == ("combobox", 255)
    assert (fields["Description"]["filterable"], fields["Description"]["sortable"]) == (False, False)
    assert (fields["Description"]["type"], fields["Description"]["length"]) == ("textarea", 32000)
    assert (fields["TaskSubtype"]["createable"], fields["TaskSubtype"]["updateable"]) == (True, False)
    assert (fields["IsClosed"]["createable"], fields["IsClosed"]["type"]) == (False, "boolean")
    assert fields["Status"]["restrictedPicklist"] is False
    assert [value["value"] for value in fields["Status"]["picklistValues"] if value["defaultValue"]] == ["Not Started"]
    assert fields["WhoId"]["referenceTo"] == ["Contact", "Lead"]
    assert fields["WhoId"]["relationshipName"] == "Who"
    link = fields["Sales_Connect_Id__c"]
    assert {name: link[name] for name in ("externalId", "unique", "caseSensitive", "custom", "type", "length")} == {
        "externalId": True, "unique": True, "caseSensitive": True, "custom": True, "type": "string", "length": 64,
    }  # fmt: skip


def test_field_types_are_those_that_clients_know(org: OrgCaller) -> None:
    """§3 Describe: tap-salesforce raises on a type outside its list."""
    known = {
        "id", "string", "picklist", "textarea", "phone", "url", "reference", "multipicklist", "combobox", "email",
        "double", "currency", "percent", "datetime", "date", "boolean", "int",
    }  # fmt: skip
    for listed in org.get("/sobjects").json()["sobjects"]:
        described = org.get(f"/sobjects/{listed['name']}/describe").json()
        assert {field["type"] for field in described["fields"]} <= known


def test_the_global_list(org: OrgCaller) -> None:
    """§3 Describe: the global list names every object; an object's basic information is on its path."""
    answer = org.get("/sobjects/").json()
    assert (answer["encoding"], answer["maxBatchSize"]) == ("UTF-8", 200)
    names = {listed["name"] for listed in answer["sobjects"]}
    assert {"Task", "User", "Contact", "Lead", "Account", "Opportunity", "Organization", "Group"} <= names
    assert org.get("/sobjects/task").json()["objectDescribe"]["name"] == "Task"


def test_describe_answers_304_until_the_schema_changes(org: OrgCaller) -> None:
    """§3 Describe: If-Modified-Since gives 304, and Last-Modified moves when a field is added."""
    seen = org.get("/sobjects/Task/describe").headers["Last-Modified"]
    assert conditional(org, "GET", "/sobjects/Task/describe", If_Modified_Since=seen) == 304
    assert conditional(org, "GET", "/sobjects", If_Modified_Since=seen) == 304
    org.sandbox.clock(60)
    org.control("schema", {"objects": {"Task": {"add": [{"name": "More__c", "length": 10}]}}})
    assert conditional(org, "GET", "/sobjects/Task/describe", If_Modified_Since=seen) == 200


def test_a_missing_link_field(org: OrgCaller) -> None:
    """Sandbox control: without the link field, describe lacks it and everything that names it is refused."""
    org.create(Sales_Connect_Id__c="r-1")
    org.control("schema", {"objects": {"Task": {"remove": ["Sales_Connect_Id__c"]}}})
    assert field_of(org, "Sales_Connect_Id__c") is None
    assert refusal(org.post("/sobjects/Task", {"Sales_Connect_Id__c": "x"})) == (400, "INVALID_FIELD")
    assert refusal(org.patch("/sobjects/Task/Sales_Connect_Id__c/x", {})) == (404, "NOT_FOUND")
    assert refusal(org.get("/query", q="SELECT Sales_Connect_Id__c FROM Task")) == (400, "INVALID_FIELD")
    org.sandbox.reset()
    assert field_of(org, "Sales_Connect_Id__c") is not None


def test_other_picklist_values(org: OrgCaller) -> None:
    """Sandbox control: picklists take other values, the first being the default, and refuse others where restricted."""
    picklists = {
        "Status": ["Open", {"value": "Done", "closed": True}],
        "Priority": ["P1", {"value": "P2", "default": True}],
    }
    org.control("schema", {"objects": {"Task": {"picklists": picklists, "restricted": ["Status"]}}})
    task = org.task(org.create())
    assert (task["Status"], task["Priority"], task["IsClosed"]) == ("Open", "P2", False)
    assert org.task(org.create(Status="Done"))["IsClosed"] is True
    assert refusal(org.post("/sobjects/Task", {"Status": "Completed"})) == (
        400,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
    )
    assert org.task(org.create(Priority="Whatever"))["Priority"] == "Whatever"


def test_declared_fields(org: OrgCaller) -> None:
    """Sandbox control: custom fields of each type are stored, queried, sorted and checked like the others."""
    fields = [
        {"name": "Score__c", "type": "double"},
        {"name": "Flag__c", "type": "boolean"},
        {"name": "Note__c", "type": "textarea", "length": 5000},
        {"name": "Kind__c", "type": "multipicklist", "picklist": ["a", "b", "c"]},
        {"name": "Code__c", "length": 5, "unique": True},
        {"name": "Boss__c", "type": "reference", "referenceTo": ["User"]},
    ]
    org.control("schema", {"objects": {"Task": {"add": fields}}})
    one = org.create(Score__c=1.5, Kind__c="a;b", Code__c="x", Boss__c=org.token()["id"].split("/")[-1])
    org.create(Flag__c=True, Score__c=3)
    soql = "SELECT Id, Score__c, Flag__c, Note__c, Boss__r.Name FROM Task WHERE Score__c < 2 ORDER BY Score__c DESC"
    expected = {"Id": one, "Score__c": 1.5, "Flag__c": False, "Note__c": None, "Boss__r": {"Name": "Integration"}}
    assert org.query(soql) == [expected]
    assert org.query("SELECT Id FROM Task WHERE Kind__c INCLUDES ('a;b', 'c')") == [{"Id": one}]
    assert refusal(org.post("/sobjects/Task", {"Code__c": "X"})) == (400, "DUPLICATE_VALUE")
    assert refusal(org.post("/sobjects/Task", {"Code__c": "abcdef"})) == (400, "STRING_TOO_LONG")
    assert refusal(org.get("/query", q="SELECT Id FROM Task WHERE Note__c = 'x'")) == (400, "INVALID_FIELD")


@pytest.mark.parametrize(
    "change",
    [
        {"Nope": {"remove": ["X"]}},
        {"Task": {"remove": ["Nope"]}},
        {"Task": {"add": [{"type": "string"}]}},
        {"Task": {"add": [{"name": "A__c", "colour": "red"}]}},
        {"Task": {"picklists": {"Nope": ["a"]}}},
        {"Task": {"remove": ["Subject"]}, "Nope": {}},
    ],
)
def test_a_schema_change_that_cannot_be_made_is_said(org: OrgCaller, change: dict[str, Any]) -> None:
    """Sandbox control: a wrong schema change answers 400 and changes nothing."""
    before = org.get("/sobjects/Task/describe").json()
    answer = org.http.post(f"{org.url}/_sandbox/schema", json={"objects": change}, timeout=60)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert org.get("/sobjects/Task/describe").json() == before
