"""Many records in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .salesforce_org import plain, refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller

LINK = "Sales_Connect_Id__c"
BY_LINK = f"/composite/sobjects/Task/{LINK}"


def tasks(*records: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a body with task records."""
    return {"records": [{"attributes": {"type": "Task"}, **record} for record in records], **more}


def codes(results: list[dict[str, Any]]) -> list[str | None]:
    """Return each result's code, None for success."""
    return [None if result["success"] else result["errors"][0]["statusCode"] for result in results]


def test_create_answers_in_order_with_failures_in_between(org: OrgCaller) -> None:
    """§4 Collections: 200 even with failures, results in request order, statusCode and no id in a failed one."""
    answer = org.post(
        "/composite/sobjects", tasks({"Subject": "a"}, {"Subject": "x" * 256}, {"Nope": 1}, {"Subject": "b"})
    )
    assert answer.status_code == 200
    results = answer.json()
    assert codes(results) == [None, "STRING_TOO_LONG", "INVALID_FIELD", None]
    assert results[0] == {"id": results[0]["id"], "success": True, "errors": []}
    assert set(results[1]) == {"success", "errors"}
    assert set(results[1]["errors"][0]) == {"statusCode", "message", "fields"}
    assert results[1]["errors"][0]["fields"] == ["Subject"]
    assert org.names("Id != null") == ["a", "b"]


def test_even_all_failing_is_200(org: OrgCaller) -> None:
    """§4 Collections: a request of which every record fails answers 200."""
    answer = org.post("/composite/sobjects", tasks({"Nope": 1}))
    assert (answer.status_code, codes(answer.json())) == (200, ["INVALID_FIELD"])


def test_all_or_none_rolls_back(org: OrgCaller) -> None:
    """§4 Collections: with allOrNone one failure undoes all, in data, write list and results."""
    record_id = org.create(Subject="old")
    before = org.task(record_id)
    writes = org.sandbox.writes("salesforce")
    body = tasks({"id": record_id, "Subject": "new"}, {"id": record_id[:-4] + "9AAA", "Subject": "x"}, allOrNone=True)
    results = org.patch("/composite/sobjects", body).json()
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_CROSS_REFERENCE_KEY"]
    assert org.task(record_id) == before
    assert org.sandbox.writes("salesforce") == writes
    results = org.post("/composite/sobjects", tasks({"Subject": "a"}, {"Nope": 1}, allOrNone=True)).json()
    assert codes(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_FIELD"]
    assert org.query("SELECT Id FROM Task", everything=True) == [{"Id": record_id}]


def test_update(org: OrgCaller) -> None:
    """§4 Collections: each record of an update names its id, in either form and case of the member's name."""
    ids = [org.create(Subject="old") for _ in range(3)]
    body = tasks({"id": ids[0], "Subject": "a"}, {"Id": ids[1][:15], "Subject": "b"}, {"Subject": "c"})
    results = org.patch("/composite/sobjects", body).json()
    assert codes(results) == [None, None, "MISSING_ARGUMENT"]
    assert [result.get("id") for result in results[:2]] == ids[:2]
    assert org.names("Id != null") == ["a", "b", "old"]


def test_the_same_record_twice_in_one_request(org: OrgCaller) -> None:
    """§4 Collections: the later of two records with one id or external id is DUPLICATE_VALUE."""
    record_id = org.create(Subject="old")
    body = tasks({"id": record_id, "Subject": "first"}, {"id": record_id[:15], "Subject": "second"})
    results = org.patch("/composite/sobjects", body).json()
    assert codes(results) == [None, "DUPLICATE_VALUE"]
    assert results[1]["errors"][0]["message"] == f"Duplicate id specified: {record_id[:15]}"
    results = org.patch(BY_LINK, tasks({LINK: "r", "Subject": "first"}, {LINK: "r", "Subject": "second"})).json()
    assert codes(results) == [None, "DUPLICATE_VALUE"]
    assert org.names("Id != null") == ["first", "first"]


def test_upsert(org: OrgCaller) -> None:
    """§4 Collections: an upsert says of each record whether it was created."""
    old = org.create(**{LINK: "r-1"})
    body = tasks(
        {LINK: "r-1", "Subject": "a"}, {LINK: "r-2", "Subject": "b"}, {"Subject": "c"}, {LINK: "r-3", "Nope": 1}
    )
    results = org.patch(BY_LINK, body).json()
    assert codes(results) == [None, None, "MISSING_ARGUMENT", "INVALID_FIELD"]
    assert [result.get("created") for result in results] == [False, True, None, None]
    assert results[0]["id"] == old
    assert org.names(f"{LINK} != null") == ["a", "b"]


def test_upsert_takes_one_object_only(org: OrgCaller) -> None:
    """§4 Collections: all records of an upsert are of the URL's object."""
    body = {"records": [{"attributes": {"type": "Account"}, LINK: "r", "Name": "x"}]}
    assert codes(org.patch(BY_LINK, body).json()) == ["INVALID_TYPE"]


def test_delete(org: OrgCaller) -> None:
    """§4 Collections: ids to delete come in the query; those that are gone are named one by one."""
    ids = [org.create(Subject=str(n)) for n in range(3)]
    org.control("purge", {"ids": [ids[2]]})
    path = f"/composite/sobjects?ids={ids[0]},{ids[1][:15]},{ids[2]},{ids[0]},nonsense"
    results = org.delete(path).json()
    assert codes(results) == [None, None, "INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", "MALFORMED_ID"]
    assert [result["id"] for result in results[:2]] == ids[:2]
    fourth = org.create()
    assert codes(org.delete(f"/composite/sobjects?ids={fourth},{ids[0]}&allOrNone=true").json()) == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "ENTITY_IS_DELETED",
    ]
    assert org.task(fourth)["IsDeleted"] is False


def test_retrieve(org: OrgCaller) -> None:
    """§4 Collections: records come in the order of the request, null for what is missing or deleted."""
    ids = [org.create(Subject=str(n)) for n in range(3)]
    org.delete(f"/sobjects/Task/{ids[1]}")
    asked = [ids[2], "00TA00000000009AAA", ids[1], ids[0][:15], ids[2]]
    expected = [{"Subject": "2"}, None, None, {"Subject": "0"}, {"Subject": "2"}]
    by_post = org.post("/composite/sobjects/Task", {"ids": asked, "fields": ["Subject"]}).json()
    by_get = org.get("/composite/sobjects/Task", ids=",".join(asked), fields="Subject").json()
    assert [record and plain(record) for record in by_post] == expected
    assert by_get == by_post


def test_limits_of_size(org: OrgCaller) -> None:
    """§4 Collections: at most 200 records a write and 2,000 a retrieve, whole requests refused beyond."""
    assert codes(org.post("/composite/sobjects", tasks(*[{}] * 200)).json()) == [None] * 200
    for answer in (
        org.post("/composite/sobjects", tasks(*[{}] * 201)),
        org.patch(BY_LINK, tasks(*[{LINK: str(n)} for n in range(201)])),
        org.delete("/composite/sobjects?ids=" + ",".join(["00TA00000000001"] * 201)),
        org.post("/composite/sobjects/Task", {"ids": ["00TA00000000001AAA"] * 2001, "fields": ["Id"]}),
    ):
        assert answer.status_code == 400
        assert isinstance(answer.json(), list)
    many = org.post("/composite/sobjects/Task", {"ids": ["00TA00000000001AAA"] * 2000, "fields": ["Id"]})
    assert many.json() == [None] * 2000


def mixed(*kinds: str) -> dict[str, Any]:
    """Return a body with a record of each kind."""
    return {
        "records": [{"attributes": {"type": kind}, **({"Name": "x"} if kind == "Account" else {})} for kind in kinds]
    }


def test_chunks(org: OrgCaller) -> None:
    """§4 Collections: consecutive records of one type are a chunk, and a request has at most 10."""
    assert codes(org.post("/composite/sobjects", mixed(*["Task", "Account"] * 5)).json()) == [None] * 10
    assert org.post("/composite/sobjects", mixed(*["Task", "Account"] * 5, "Task")).status_code == 400
    assert codes(org.post("/composite/sobjects", mixed(*["Task"] * 50, *["Account"] * 50)).json()) == [None] * 100


def test_malformed_requests_are_400(org: OrgCaller) -> None:
    """§4 Collections: only a malformed request is refused as a whole, and then nothing is written."""
    assert refusal(org.post("/composite/sobjects", {"records": 5})) == (400, "JSON_PARSER_ERROR")
    assert refusal(org.delete("/composite/sobjects")) == (400, "MISSING_ARGUMENT")
    wrong = org.post("/composite/sobjects", tasks({"Subject": "a"}, {"ActivityDate": "soon"}))
    assert refusal(wrong) == (400, "JSON_PARSER_ERROR")
    assert org.query("SELECT Id FROM Task") == []
    assert codes(org.post("/composite/sobjects", {"records": [{"Subject": "a"}]}).json()) == ["INVALID_TYPE"]


def test_single_rows_fail_by_fault(org: OrgCaller) -> None:
    """§7 Retryable: `row_error` strikes single rows of a batch by code and value, as often as it is told."""
    org.sandbox.fault(
        "salesforce",
        "row_error",
        code="UNABLE_TO_LOCK_ROW",
        message="unable to obtain",
        where={"Subject": "b"},
        times=1,
    )
    body = tasks({"Subject": "a"}, {"Subject": "b"}, {"Subject": "b"})
    results = org.post("/composite/sobjects", body).json()
    assert codes(results) == [None, "UNABLE_TO_LOCK_ROW", None]
    org.sandbox.clear_faults("salesforce")
    org.sandbox.fault("salesforce", "row_error", where={"Id": results[0]["id"]})
    body = tasks(*[{"id": result["id"], "Subject": "c"} for result in (results[0], results[2])])
    assert codes(org.patch("/composite/sobjects", body).json()) == ["UNABLE_TO_LOCK_ROW", None]
    assert refusal(org.delete(f"/sobjects/Task/{results[0]['id']}")) == (400, "UNABLE_TO_LOCK_ROW")


def test_one_call_each(org: OrgCaller) -> None:
    """§4 Collections: a request counts as one API call, however many records it has."""
    used = org.get("/limits").json()["DailyApiRequests"]["Remaining"]
    org.post("/composite/sobjects", tasks(*[{}] * 100))
    assert org.get("/limits").json()["DailyApiRequests"]["Remaining"] == used - 2


@pytest.mark.parametrize("member", ["id", "Id"])
def test_a_create_with_an_id_is_refused(org: OrgCaller, member: str) -> None:
    """§3: a create names no id, also inside a collection."""
    results = org.post("/composite/sobjects", tasks({member: "00TA00000000001AAA"})).json()
    assert codes(results) == ["INVALID_FIELD_FOR_INSERT_UPDATE"]
