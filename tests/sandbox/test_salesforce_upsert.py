"""Records by external id, and values that only one record may hold."""

# ruff: noqa: S608  the queries are made of these tests' own constants

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller

LINK = "Sales_Connect_Id__c"


@pytest.mark.parametrize(("version", "status"), [("45.0", 204), ("46.0", 200), ("62.0", 200)])
def test_upsert_by_version(org: OrgCaller, version: str, status: int) -> None:
    """§3 Upsert: 201, then 204 before version 46 and 200 since; `created` since 46 alone."""
    tells = status == 200
    path = f"/sobjects/task/{LINK.lower()}/r-1"
    first = org.patch(path, {"Subject": "a"}, version=version)
    record_id = first.json()["id"]
    expected = {"id": record_id, "success": True, "errors": []} | ({"created": True} if tells else {})
    assert (first.status_code, first.json()) == (201, expected)
    second = org.patch(path, {"Subject": "b"}, version=version)
    assert second.status_code == status
    if tells:
        assert second.json() == {"id": record_id, "success": True, "errors": [], "created": False}
    else:
        assert second.content == b""
    assert org.query(f"SELECT Subject, {LINK} FROM Task") == [{"Subject": "b", LINK: "r-1"}]


def test_upsert_values_are_decoded_once(org: OrgCaller) -> None:
    """§3 Upsert: encoded slashes, question marks, percents and spaces are part of the value; a plus stays one."""
    for encoded, value in (("a%2Fb", "a/b"), ("a%3Fb%23", "a?b#"), ("50%25", "50%"), ("a%20b", "a b"), ("a+b", "a+b")):
        assert org.patch(f"/sobjects/Task/{LINK}/{encoded}", {}).status_code == 201
        assert org.get(f"/sobjects/Task/{LINK}/{encoded}").json()[LINK] == value


def test_the_link_field_heeds_case(org: OrgCaller) -> None:
    """§7 External ID: values of the link field that differ in case are different."""
    for value in ("ab", "Ab"):
        assert org.patch(f"/sobjects/Task/{LINK}/{value}", {"Subject": value}).status_code == 201
    assert org.get(f"/sobjects/Task/{LINK}/ab").json()["Subject"] == "ab"
    assert refusal(org.get(f"/sobjects/Task/{LINK}/AB")) == (404, "NOT_FOUND")


def test_upsert_needs_a_value(org: OrgCaller) -> None:
    """§3 Upsert: a value that is nothing but blanks addresses no record and creates none."""
    assert refusal(org.patch(f"/sobjects/Task/{LINK}/%20", {"Subject": "x"})) == (400, "MISSING_ARGUMENT")
    assert org.query("SELECT Id FROM Task") == []


def test_upsert_that_may_not_create(org: OrgCaller) -> None:
    """§3 Upsert: updateOnly never creates."""
    path = f"/sobjects/Task/{LINK}/r-1?updateOnly=true"
    assert refusal(org.patch(path, {})) == (404, "NOT_FOUND")
    org.create(**{LINK: "r-1"})
    assert org.patch(path, {"Subject": "x"}).status_code == 200


def test_upsert_with_several_matches(org: OrgCaller) -> None:
    """§3 Upsert: a value without Unique that several records hold answers 300 with their URLs."""
    org.control("schema", {"objects": {"Task": {"add": [{"name": "Ext__c", "length": 20, "externalId": True}]}}})
    ids = [org.create(Ext__c="x", Subject="old") for _ in range(2)]
    answer = org.patch("/sobjects/Task/Ext__c/X", {"Subject": "new"})
    assert answer.status_code == 300
    assert sorted(answer.json()) == [f"/services/data/v62.0/sobjects/Task/{one}" for one in sorted(ids)]
    assert org.names("Subject = 'old'") == ["old", "old"]
    assert org.get("/sobjects/Task/Ext__c/x").status_code == 300


def test_upsert_needs_an_external_id_field(org: OrgCaller) -> None:
    """§2 Error body: a field that is no external id is a 404 that says so."""
    answer = org.patch("/sobjects/Task/Subject/x", {})
    assert refusal(answer) == (404, "NOT_FOUND")
    expected = "Provided external ID field does not exist or is not accessible: Subject"
    assert answer.json()[0]["message"] == expected
    assert refusal(org.patch(f"/sobjects/Task/{LINK}/x", {LINK: "x"})) == (400, "INVALID_FIELD")
    assert refusal(org.patch(f"/sobjects/Task/{LINK}/x", {"Id": "x"})) == (400, "INVALID_FIELD")


def test_insert_by_id(org: OrgCaller) -> None:
    """§3 Upsert: POST …/Task/Id is an insert."""
    answer = org.post("/sobjects/Task/Id", {"Subject": "x"})
    assert (answer.status_code, answer.json()["success"]) == (201, True)


def test_a_unique_value_names_its_holder(org: OrgCaller) -> None:
    """§7: a second record with a unique value is DUPLICATE_VALUE, whose message names the holder's 15-character id."""
    holder = org.create(**{LINK: "r-1"})
    answer = org.post("/sobjects/Task", {LINK: "r-1"})
    assert refusal(answer) == (400, "DUPLICATE_VALUE")
    expected = f"duplicate value found: {LINK} duplicates value on record with id: {holder[:15]}"
    assert answer.json()[0]["message"] == expected
    other = org.create()
    assert refusal(org.patch(f"/sobjects/Task/{other}", {LINK: "r-1"})) == (400, "DUPLICATE_VALUE")
    assert org.patch(f"/sobjects/Task/{holder}", {LINK: "r-1"}).status_code == 204


def test_the_recycle_bin_holds_no_values(org: OrgCaller) -> None:
    """§7 External ID: a soft-deleted record does not match an upsert, nor does it hold its unique value."""
    first = org.create(**{LINK: "r-1"})
    org.delete(f"/sobjects/Task/{first}")
    assert refusal(org.get(f"/sobjects/Task/{LINK}/r-1")) == (404, "NOT_FOUND")
    second = org.patch(f"/sobjects/Task/{LINK}/r-1", {}).json()
    assert second["created"] is True
    found = org.query(f"SELECT Id, IsDeleted FROM Task WHERE {LINK} = 'r-1' ORDER BY Id", everything=True)
    assert found == [{"Id": first, "IsDeleted": True}, {"Id": second["id"], "IsDeleted": False}]


def test_read_and_delete_by_external_id(org: OrgCaller) -> None:
    """§3: a record is read and deleted by its external id."""
    record_id = org.create(**{LINK: "r-1"})
    assert org.get(f"/sobjects/Task/{LINK}/r-1", fields="Id").json()["Id"] == record_id
    assert org.delete(f"/sobjects/Task/{LINK}/r-1").status_code == 204
    assert org.task(record_id)["IsDeleted"] is True
