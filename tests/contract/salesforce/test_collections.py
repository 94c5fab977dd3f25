"""Batch writes and reads: sObject Collections."""

from __future__ import annotations

import pytest

from tests.contract.marks import ABOUT, marked

UNKNOWN = "00T000000000000AAA"


def rows(*records):
    """A body with task records."""
    return {"allOrNone": False, "records": [{"attributes": {"type": "Task"}, **record} for record in records]}


def made(org, answer):
    """The results of an answer, with the records among them kept for removal."""
    assert answer.status_code == 200, f"HTTP {answer.status_code}"
    results = answer.json()
    org.made += [result["id"] for result in results if result["success"]]
    return results


def test_a_create_answers_in_order(org):
    """§4 [D]: HTTP 200 with one result for each row, in order; a failed one has no id and its error a statusCode."""
    good = {"Subject": marked(), "Description": ABOUT}
    answer = org.ask("POST", "/composite/sobjects", json=rows(good, {"Subject": "x" * 256}, good))
    assert answer.status_code == 200
    first, second, third = made(org, answer)
    assert (first["success"], second["success"], third["success"]) == (True, False, True)
    assert not second.get("id"), "the failed row has an id"
    assert {"statusCode", "message", "fields"} <= second["errors"][0].keys()
    assert org.task(third["id"], "Subject") == {"Subject": good["Subject"]}


def test_a_request_whose_rows_all_fail(org):
    """§4 [D]: HTTP 200 even when every row fails."""
    answer = org.ask("POST", "/composite/sobjects", json=rows({"Subject": "x" * 256}))
    assert (answer.status_code, [row["success"] for row in answer.json()]) == (200, [False])


def test_two_hundred_rows_in_a_call(org):
    """§4 [D]: 200 rows are taken in one call."""
    before = org.client.calls
    assert len(org.create_all("Task", [{} for _ in range(200)])) == 200
    assert org.client.calls == before + 1, "the client needed more than one call"


@pytest.mark.alternative("the client never sends more than 200")
def test_no_more_than_two_hundred(org):
    """§4 [D]: 201 rows are refused as a whole, with 400."""
    row = {"Subject": marked(), "Description": ABOUT}
    answer = org.ask("POST", "/composite/sobjects", json=rows(*[row] * 201))
    if answer.status_code == 200:
        made(org, answer)
    assert answer.status_code == 400


def test_an_update_changes_what_it_names(org):
    """§3, §4 [D]: an update by id changes the fields sent; what is not sent stays, null empties."""
    task_id = org.create(Priority="High", ActivityDate="2030-02-28")
    assert org.update(task_id, ActivityDate=None, Status="In Progress").ok
    found = org.task(task_id, "Priority", "ActivityDate", "Status", "Description")
    expected = {"Priority": "High", "ActivityDate": None, "Status": "In Progress", "Description": ABOUT}
    assert found == expected


def test_an_update_of_what_is_deleted(org):
    """§2, §4 [X/U]: an update of a deleted row fails alone, as ENTITY_IS_DELETED."""
    kept, gone = org.create_all("Task", [{}, {}])
    org.client.delete([gone])
    results = org.client.update("Task", [{"Id": gone, "Priority": "High"}, {"Id": kept, "Priority": "High"}])
    assert [(result.ok, result.code) for result in results] == [(False, "ENTITY_IS_DELETED"), (True, None)]


def test_an_update_of_what_never_was(org):
    """§4 [U]: an update of an unknown id fails alone."""
    kept = org.create()
    results = org.client.update("Task", [{"Id": UNKNOWN, "Priority": "High"}, {"Id": kept, "Priority": "High"}])
    assert [result.ok for result in results] == [False, True]


def test_an_upsert_says_whether_it_created(org):
    """§4 [D]: an upsert's result has `created`, true for a new record and false for one that it found."""
    value = marked()
    results = []
    for _ in range(2):
        row = {org.link: value, "Subject": value, "Description": ABOUT}
        answer = org.ask("PATCH", f"/composite/sobjects/Task/{org.link}", json=rows(row))
        results += made(org, answer)
    assert [result.get("created") for result in results] == [True, False]
    assert results[0]["id"] == results[1]["id"]


@pytest.mark.alternative("the client never sends two rows of one key in a call")
def test_an_upsert_with_one_value_twice(org):
    """§4 [U]: of two rows with the same external id in one call, the later one is DUPLICATE_VALUE."""
    row = {org.link: marked(), "Subject": marked(), "Description": ABOUT}
    answer = org.ask("PATCH", f"/composite/sobjects/Task/{org.link}", json=rows(row, row))
    results = made(org, answer)
    assert [result["success"] for result in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_a_delete_answers_row_by_row(org):
    """§4 [D]: ids to delete travel in the query, and each has its own result, in order."""
    ids = org.create_all("Task", [{}, {}])
    answer = org.ask("DELETE", "/composite/sobjects", params={"ids": ",".join(ids), "allOrNone": "false"})
    assert (answer.status_code, [row["id"] for row in answer.json()]) == (200, ids)
    assert [org.task(task_id, "IsDeleted") for task_id in ids] == [{"IsDeleted": True}] * 2


def test_a_second_delete(org):
    """§2, §4 [X/U]: a delete of what is deleted already fails alone, as ENTITY_IS_DELETED."""
    gone, kept = org.create_all("Task", [{}, {}])
    org.client.delete([gone])
    results = org.client.delete([gone, kept])
    assert [(result.ok, result.code) for result in results] == [(True, "ENTITY_IS_DELETED"), (True, None)]


def test_a_retrieve_keeps_the_order(org):
    """§4 [D]: a retrieve answers in the order of the ids, null for what is deleted or unknown."""
    first, gone, last = org.create_all("Task", [{}, {}, {}])
    org.client.delete([gone])
    body = {"ids": [last, gone, UNKNOWN, first], "fields": ["Id"]}
    answer = org.ask("POST", "/composite/sobjects/Task", json=body)
    assert [row and row["Id"] for row in answer.json()] == [last, None, None, first]


def test_a_malformed_request_writes_nothing(org):
    """§4 [D]: a body with a value that is no date is refused as a whole with 400, or that row alone."""
    good = {"Subject": marked(), "Description": ABOUT}
    answer = org.ask("POST", "/composite/sobjects", json=rows(good, {"ActivityDate": "soon"}))
    told = answer.json()
    if answer.status_code == 200:
        assert [row["success"] for row in made(org, answer)] == [True, False]
    else:
        assert (answer.status_code, {"errorCode", "message"} <= told[0].keys()) == (400, True)
        assert org.query(f"SELECT Id FROM Task WHERE Subject = '{good['Subject']}'") == []  # noqa: S608 - a mark
