"""Queries, their order, their pages, and the stamps that they go by."""

# ruff: noqa: S608  SOQL of these tests' own constants

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest

from tasksync_clients.soql import in_list, literal, quote
from tests.contract.marks import marked

PAGE = {"Sforce-Query-Options": "batchSize=200"}


@pytest.fixture(scope="module")
def many(whole_org):
    """The ids of 201 tasks."""
    ids = whole_org.create_all("Task", [{} for _ in range(201)])
    whole_org.made.clear()
    yield ids
    whole_org.made += ids
    whole_org.remove_made()


def test_query_leaves_out_what_is_deleted(org):
    """§2 queryAll [D]: query shows living records alone; queryAll shows deleted ones too, with IsDeleted true."""
    kept, gone = org.create_all("Task", [{}, {}])
    org.client.delete([gone])
    soql = f"SELECT Id, IsDeleted FROM Task WHERE Id IN {in_list([kept, gone])}"
    assert org.query(soql) == [{"Id": kept, "IsDeleted": False}]
    assert {row["Id"]: row["IsDeleted"] for row in org.query(soql, everything=True)} == {kept: False, gone: True}


def test_stamps_are_whole_seconds(org):
    """§2, §8 [D]: SystemModstamp and LastModifiedDate come in UTC as 2021-11-06T17:38:40.000+0000, in whole seconds."""
    row = org.task(org.create(), "SystemModstamp", "LastModifiedDate", "CreatedDate")
    odd = [text for text in row.values() if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", text)]
    assert not odd, f"{odd}"


def test_a_window_of_stamps(org, wait):
    """§8 [C]: SystemModstamp >= a moment includes that second, < excludes it; literals end in Z."""
    first = org.create()
    wait(2)
    second = org.create()
    early, late = (datetime.fromisoformat(org.task(i, "SystemModstamp")["SystemModstamp"]) for i in (first, second))
    mine = f"Id IN {in_list([first, second])}"
    within = f"SystemModstamp >= {literal(early)} AND SystemModstamp < {literal(late)}"
    assert org.query(f"SELECT Id FROM Task WHERE {mine} AND {within}") == [{"Id": first}]


def test_a_window_of_creations(org, wait):
    """§8 [U]: CreatedById and CreatedDate find what a user created in a time, both ends included, deleted or not."""
    first, gone = org.create_all("Task", [{}, {}])
    wait(2)
    late = org.create()
    org.client.delete([gone])
    begins, ends = (datetime.fromisoformat(org.task(i, "CreatedDate")["CreatedDate"]) for i in (first, gone))
    window = f"CreatedDate >= {literal(begins)} AND CreatedDate <= {literal(ends)}"
    soql = f"SELECT Id FROM Task WHERE (CreatedById = {quote(org.client.user_id)} AND {window})"
    found = {row["Id"] for row in org.query(soql, everything=True)}
    assert {first, gone} <= found
    assert late not in found


def test_order_by_stamp_and_id(org, many):
    """§2 [D]: ORDER BY SystemModstamp, Id is allowed with queryAll, and orders ties of one second by id."""
    soql = f"SELECT Id, SystemModstamp FROM Task WHERE Id IN {in_list(many[:200])} ORDER BY SystemModstamp, Id"
    rows = org.query(soql, everything=True)
    keys = [(row["SystemModstamp"], row["Id"]) for row in rows]
    assert len(keys) == 200
    assert keys == sorted(keys)


def test_every_update_moves_the_stamp(org, wait):
    """§8 [D]: an edit moves SystemModstamp and LastModifiedDate."""
    task_id = org.create()
    before = org.task(task_id, "SystemModstamp", "LastModifiedDate")
    wait(2)
    org.update(task_id, Priority="High")
    after = org.task(task_id, "SystemModstamp", "LastModifiedDate")
    assert after["SystemModstamp"] > before["SystemModstamp"]
    assert after["LastModifiedDate"] > before["LastModifiedDate"]


def test_a_deletion_moves_the_stamp(org, wait):
    """§6 [U]: a deletion moves SystemModstamp, so that an incremental queryAll finds it by IsDeleted."""
    task_id = org.create()
    before = org.task(task_id, "SystemModstamp")["SystemModstamp"]
    wait(2)
    org.client.delete([task_id])
    since = literal(datetime.fromisoformat(before) + timedelta(seconds=1))
    soql = f"SELECT Id FROM Task WHERE Id = {quote(task_id)} AND IsDeleted = true AND SystemModstamp >= {since}"
    assert org.query(soql, everything=True) == [{"Id": task_id}]


@pytest.mark.alternative("a deleted record's LastModifiedDate is not looked at: its stamp is")
def test_a_deletion_moves_last_modified(org, wait):
    """§6 [U]: a deletion moves LastModifiedDate too."""
    task_id = org.create()
    before = org.task(task_id, "LastModifiedDate")["LastModifiedDate"]
    wait(2)
    org.client.delete([task_id])
    assert org.task(task_id, "LastModifiedDate")["LastModifiedDate"] > before


def test_pages(org, many):
    """§2 [D]: a page that is not the last has done false and a nextRecordsUrl below /services/data/; all rows come."""
    soql = f"SELECT Id FROM Task WHERE Id IN {in_list(many)}"
    page = org.ask("GET", "/query", params={"q": soql}, headers=PAGE).json()
    found = [row["Id"] for row in page["records"]]
    if page["done"]:
        pytest.skip("batchSize=200 was not heeded: 201 rows came in one page")
    assert re.fullmatch(r"/services/data/v\d+\.0/query/[\w-]+", page["nextRecordsUrl"]), page["nextRecordsUrl"]
    while not page["done"]:
        page = org.wire.ask("GET", page["nextRecordsUrl"], headers=PAGE).json()
        found += [row["Id"] for row in page["records"]]
    assert sorted(found) == sorted(many)


@pytest.mark.alternative("pages are read until done says so; totals are asked for by COUNT() alone")
def test_total_size_is_of_the_whole_query(org, many):
    """§2 [D]: totalSize is the whole query's total on every page."""
    soql = f"SELECT Id FROM Task WHERE Id IN {in_list(many)}"
    page = org.ask("GET", "/query", params={"q": soql}, headers=PAGE).json()
    assert page["totalSize"] == 201


def test_later_pages_of_query_all_show_deleted_rows(org, many):
    """§2 [D]: the pages behind a queryAll show deleted rows, whatever their address says."""
    rows = [{"Subject": marked("z")} for _ in range(3)]
    gone = org.create_all("Task", rows)
    org.client.delete(gone)
    soql = f"SELECT Id FROM Task WHERE Id IN {in_list([*many, *gone])} ORDER BY IsDeleted, Id"
    page = org.ask("GET", "/queryAll", params={"q": soql}, headers=PAGE).json()
    found = [row["Id"] for row in page["records"]]
    while not page["done"]:
        page = org.wire.ask("GET", page["nextRecordsUrl"], headers=PAGE).json()
        found += [row["Id"] for row in page["records"]]
    assert set(gone) <= set(found)


def test_count(org, many):
    """§2 [D]: SELECT COUNT() answers the number as totalSize."""
    assert org.client.count(f"SELECT COUNT() FROM Task WHERE Id IN {in_list(many)}") == len(many)


def test_quoted_texts(org):
    r"""§2 [D]: quotes and backslashes in a literal are escaped by a backslash, and find the text as it is."""
    subject = marked(r"""O'Neil said "50 %" \ done_""")
    task_id = org.create(Subject=subject)
    assert org.query(f"SELECT Id FROM Task WHERE Subject = {quote(subject)}") == [{"Id": task_id}]


def test_a_user_is_found_by_email_in_any_case(org):
    """§2 [U]: Email IN (…) finds a user without regard to case."""
    (me,) = org.query(f"SELECT Email FROM User WHERE Id = {quote(org.client.user_id)}")
    if not me["Email"]:
        pytest.skip("the integration user has no email address")
    for email in (me["Email"].upper(), me["Email"].lower()):
        found = org.query(f"SELECT Id FROM User WHERE Email IN {in_list([email])} AND IsActive = true")
        assert {"Id": org.client.user_id} in found, "the user was not found by another case"


def test_a_query_that_cannot_be_read(org):
    """§2 Error body [D]: a refused query is 400 with an array of objects that hold errorCode and message."""
    answers = [org.ask("GET", "/query", params={"q": f"SELECT {what} FROM Task"}) for what in ("", "Nope__c")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert [error["errorCode"] for answer in answers for error in answer.json()] == ["MALFORMED_QUERY", "INVALID_FIELD"]


@pytest.mark.alternative("longer queries are never sent")
def test_the_query_is_refused_by_its_length_not_cut(org):
    """§2 URI limits [D]: a URI of more than 16,384 bytes is 414 or 431."""
    answer = org.ask("GET", "/query", params={"q": f"SELECT Id FROM Task WHERE Subject = '{'x' * 17_000}'"})
    assert answer.status_code in {414, 431}, f"HTTP {answer.status_code}"
