"""What SOQL finds, and in which order."""

# ruff: noqa: S608  the queries are made of these tests' own constants

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from .salesforce_org import ACCOUNT, ADA, BOB, CONTACT, LEAD, OPPORTUNITY, QUEUE, plain

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller

TASKS = [
    {
        "Id": "00TA00000000001AAA", "Subject": "Call O'Neil", "Status": "Completed", "Priority": "High",
        "OwnerId": ADA, "WhoId": CONTACT, "WhatId": OPPORTUNITY, "ActivityDate": "2024-02-29",
        "CallDurationInSeconds": 90, "SystemModstamp": "2024-03-01T10:00:00Z", "Sales_Connect_Id__c": "Ab",
    },
    {
        "Id": "00TA00000000002AAA", "Subject": "mail 50%_off", "Status": "Not Started", "OwnerId": BOB, "WhoId": LEAD,
        "ActivityDate": "2024-03-10", "CallDurationInSeconds": 5, "SystemModstamp": "2024-03-01T10:00:01Z",
        "Sales_Connect_Id__c": "aB",
    },
    {
        "Id": "00TA00000000003AAA", "Subject": "Été \\ ünïcode 🎉", "Status": "Deferred", "OwnerId": QUEUE,
        "SystemModstamp": "2024-03-02T00:00:00Z",
    },
    {"Id": "00TA00000000004AAA", "Status": "Not Started", "OwnerId": ADA, "SystemModstamp": "2024-03-02T00:00:00Z"},
    {"Id": "00TA00000000005AAA", "Subject": "gone", "IsDeleted": True, "SystemModstamp": "2024-03-03T00:00:00Z"},
    {"Id": "00TA00000000006AAA", "Subject": "old", "IsArchived": True, "SystemModstamp": "2024-03-03T00:00:00Z"},
]  # fmt: skip


@pytest.fixture
def tasks(staffed: OrgCaller) -> OrgCaller:
    """An org with six tasks, one deleted and one archived."""
    staffed.load(Task=TASKS)
    return staffed


def found(org: OrgCaller, condition: str, *, everything: bool = False) -> str:
    """Return the last digits of the ids of the tasks that meet a condition, in order."""
    records = org.query(f"SELECT Id FROM Task WHERE {condition} ORDER BY Id", everything=everything)
    return "".join(record["Id"][14] for record in records)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Status = 'Not Started'", "24"),
        ("status = 'NOT started'", "24"),
        ("Status != 'Not Started'", "13"),
        ("Status <> 'Not Started'", "13"),
        ("Subject = null", "4"),
        ("Subject = ''", "4"),
        ("Subject != null", "123"),
        ("Subject != 'gone'", "1234"),
        ("Subject > 'd'", "23"),
        ("CallDurationInSeconds < 90", "2"),
        ("CallDurationInSeconds <= 90", "12"),
        ("CallDurationInSeconds > 5", "1"),
        ("CallDurationInSeconds >= 5.0", "12"),
        ("CallDurationInSeconds = -5", ""),
        ("Status IN ('Completed', 'deferred')", "13"),
        ("Status NOT IN ('Completed', 'Deferred')", "24"),
        ("Subject NOT IN ('x')", "1234"),
        ("IsClosed = true", "1"),
        ("IsClosed = FALSE AND IsHighPriority = false", "234"),
        ("IsHighPriority != true", "234"),
        ("Subject LIKE 'call%'", "1"),
        ("Subject LIKE '%o%'", "123"),
        ("Subject LIKE 'c_ll%'", "1"),
        (r"Subject LIKE '%50\%\_off'", "2"),
        (r"Subject LIKE '%\_%'", "2"),
        ("NOT Subject LIKE '%o%'", "4"),
        (r"Subject = 'Call O\'Neil'", "1"),
        (r"Subject = 'Été \\ ünïcode 🎉'", "3"),
        ("Subject = '\\u0067one'", ""),
        ("Status = 'Completed' OR Status = 'Deferred'", "13"),
        ("Status = 'Completed' OR (Status = 'Not Started' AND OwnerId = '" + ADA + "')", "14"),
        ("(Status = 'Completed' OR Status = 'Not Started') AND OwnerId = '" + ADA + "'", "14"),
        ("NOT (Status = 'Completed' OR Status = 'Not Started')", "3"),
        ("NOT Status = 'Completed'", "234"),
        ("Status = 'Not Started' AND (NOT Subject = null)", "2"),
        ("Id = '00TA00000000001AAA'", "1"),
        ("Id IN ('00TA00000000001AAA', '00TA00000000009AAA', '00TA00000000003AAA')", "13"),
        ("Id > '00TA00000000002AAA'", "34"),
        ("Sales_Connect_Id__c = 'Ab'", "1"),
        ("Sales_Connect_Id__c IN ('aB', 'ab')", "2"),
        ("Owner.Email = 'ADA@example.com'", "14"),
        ("Owner.Type = 'Queue' OR Owner.Name = 'Support'", "3"),
        ("Who.Type = 'Contact'", "1"),
        ("Who.Name LIKE 'Cleo%'", "1"),
        ("What.Name = 'Big'", "1"),
        ("Account.Name = 'Acme'", "1"),
        ("Account.Owner.Username LIKE 'integration%'", "1"),
        ("Task.Status = 'Deferred'", "3"),
        (f"WhoId IN ('{CONTACT}', '{LEAD}')", "12"),
        ("WhoId IN (SELECT Id FROM Contact WHERE Email LIKE '%acme%')", "1"),
        ("WhoId NOT IN (SELECT Id FROM Lead)", "134"),
        (f"AccountId = '{ACCOUNT}'", "1"),
        ("ActivityDate = 2024-02-29", "1"),
        ("ActivityDate > 2024-02-29", "2"),
        ("ActivityDate = null", "34"),
        ("SystemModstamp >= 2024-03-01T10:00:01Z", "234"),
        ("SystemModstamp > 2024-03-01T10:00:01Z", "34"),
        ("SystemModstamp >= 2024-03-01T10:00:00Z AND SystemModstamp < 2024-03-02T00:00:00Z", "12"),
        ("SystemModstamp = 2024-03-02T00:00:00.000Z", "34"),
        ("SystemModstamp > 2024-03-01T10:00:00.5Z", "234"),
        ("SystemModstamp <= 2024-03-01T10:00:00.999999Z", "1"),
        ("SystemModstamp = 2024-03-01T10:00:00.000000Z", "1"),
        ("SystemModstamp = 2024-03-01T12:00:00+02:00", "1"),
        ("SystemModstamp = 2024-03-01T12:00:00.000+0200", "1"),
        ("SystemModstamp = 2024-03-01T05:00:00-05:00", "1"),
        ("SystemModstamp IN (2024-03-01T10:00:00Z, 2024-03-01T10:00:01Z)", "12"),
        ("DAY_ONLY(SystemModstamp) = 2024-03-02", "34"),
        ("CALENDAR_YEAR(ActivityDate) = 2024 AND CALENDAR_MONTH(ActivityDate) = 3", "2"),
    ],
)
def test_conditions(tasks: OrgCaller, condition: str, expected: str) -> None:
    """§11.4 SOQL subset: each operator, literal, escape and relationship finds what it says."""
    assert found(tasks, condition) == expected


@pytest.mark.parametrize(
    "condition",
    [
        f"OwnerId = '{ADA}'",
        f"OwnerId IN ('{ADA}', '{QUEUE}') AND SystemModstamp > 2024-03-01T10:00:00Z",
        f"SystemModstamp >= 2024-03-01T10:00:01Z AND SystemModstamp <= 2024-03-02T00:00:00Z AND WhoId = '{LEAD}'",
        "SystemModstamp = 2024-03-02T00:00:00Z AND Status = 'Deferred'",
        "SystemModstamp = LAST_N_DAYS:9000 AND IsClosed = false",
        "Sales_Connect_Id__c IN ('Ab', 'x') AND Id > '00TA00000000000AAA'",
        "Id IN ('00TA00000000001AAA', '00TA00000000005AAA') AND Id != '00TA00000000001AAA'",
        f"WhoId = '{CONTACT}' AND WhatId = '{OPPORTUNITY}'",
        f"AccountId = '{ACCOUNT}' AND OwnerId = '{BOB}'",
    ],
)
def test_an_index_never_changes_the_answer(tasks: OrgCaller, condition: str) -> None:
    """§2: a condition finds the same through an index as behind a double negation, which no index serves."""
    without = f"(NOT (NOT ({condition})))"
    assert found(tasks, condition, everything=True) == found(tasks, without, everything=True)
    assert found(tasks, condition) == found(tasks, without)


def test_query_all_finds_deleted_and_archived_records(tasks: OrgCaller) -> None:
    """§2, §7 Archiving: query drops deleted and archived tasks, queryAll has both."""
    assert found(tasks, "Id != null") == "1234"
    assert found(tasks, "Id != null", everything=True) == "123456"
    assert found(tasks, "IsDeleted = true", everything=True) == "5"
    assert found(tasks, "IsArchived = true", everything=True) == "6"
    assert found(tasks, "IsDeleted = true") == ""


def test_keywords_may_be_names(tasks: OrgCaller) -> None:
    """§11.4 SOQL subset: the object Group and the field Type are no keywords, and spacing does not matter."""
    assert tasks.query("select\n Name ,Type from\tGroup where Type='Queue'") == [{"Name": "Support", "Type": "Queue"}]
    assert len(tasks.query("SELECT Id FROM Task t WHERE t.Status = 'Completed' ORDER BY t.Id LIMIT 1")) == 1


def test_relationship_fields_are_nested(tasks: OrgCaller) -> None:
    """§11.4 SOQL subset: a parent's fields come in an object of its own, null without a parent."""
    soql = "SELECT Id, Owner.Name, Owner.Type, Who.Name, Who.Type, What.Type, Account.Owner.Name FROM Task ORDER BY Id"
    answer = tasks.get("/query", q=soql).json()["records"]
    assert plain(answer[0]) == {
        "Id": "00TA00000000001AAA",
        "Owner": {"Name": "Ada", "Type": "User"},
        "Who": {"Name": "Cleo Kent", "Type": "Contact"},
        "What": {"Type": "Opportunity"},
        "Account": {"Owner": {"Name": "Integration"}},
    }
    assert answer[0]["Account"]["attributes"]["type"] == "Account"
    assert answer[0]["Owner"]["attributes"]["url"] == f"/services/data/v62.0/sobjects/User/{ADA}"
    assert answer[3]["Who"] is None
    assert answer[3]["Account"] is None
    assert list(answer[0]) == ["attributes", "Id", "Owner", "Who", "What", "Account"]


def order(org: OrgCaller, by: str) -> str:
    """Return the last digits of all tasks' ids in an order."""
    return "".join(record["Id"][14] for record in org.query(f"SELECT Id FROM Task ORDER BY {by}"))


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("Subject", "4123"),
        ("Subject ASC NULLS LAST", "1234"),
        ("Subject DESC NULLS LAST", "3214"),
        ("Subject DESC NULLS FIRST", "4321"),
        ("Status, Id DESC", "1342"),
        ("Status DESC, Id", "2431"),
        ("SystemModstamp, Id", "1234"),
        ("SystemModstamp DESC, Id ASC", "3421"),
        ("Owner.Name NULLS LAST, Id", "1423"),
        ("ActivityDate NULLS LAST, Id LIMIT 2", "12"),
        ("Id LIMIT 2 OFFSET 1", "23"),
        ("Id LIMIT 0", ""),
        ("Id OFFSET 2000", ""),
    ],
)
def test_orders_and_cuts(tasks: OrgCaller, by: str, expected: str) -> None:
    """§2: several sort keys with directions and places for nulls, LIMIT and OFFSET."""
    assert order(tasks, by) == expected


def test_counts(tasks: OrgCaller) -> None:
    """§11.4 SOQL subset: COUNT() answers a total without records."""
    answer = tasks.get("/query", q="SELECT COUNT() FROM Task WHERE Status = 'Not Started'").json()
    assert answer == {"totalSize": 2, "done": True, "records": []}
    assert tasks.get("/queryAll", q="SELECT count() FROM Task").json()["totalSize"] == 6


def test_groups(tasks: OrgCaller) -> None:
    """§11.4 SOQL subset: GROUP BY with COUNT, names given or numbered, ordered, and HAVING."""
    soql = "SELECT Status, COUNT(Id) n, COUNT(Subject) FROM Task GROUP BY Status ORDER BY COUNT(Id) DESC, Status"
    answer = tasks.get("/query", q=soql).json()
    assert answer["records"][0]["attributes"] == {"type": "AggregateResult"}
    assert tasks.query(soql) == [
        {"Status": "Not Started", "n": 2, "expr0": 1},
        {"Status": "Completed", "n": 1, "expr0": 1},
        {"Status": "Deferred", "n": 1, "expr0": 1},
    ]
    assert tasks.query("SELECT Status s FROM Task GROUP BY Status HAVING COUNT(Id) > 1") == [{"s": "Not Started"}]
    assert tasks.query("SELECT COUNT(Id), MAX(SystemModstamp) newest, COUNT_DISTINCT(OwnerId) o FROM Task") == [
        {"expr0": 4, "newest": "2024-03-02T00:00:00.000+0000", "o": 3}
    ]
    assert tasks.query("SELECT Owner.Name, COUNT(Id) n FROM Task GROUP BY Owner.Name ORDER BY Owner.Name LIMIT 1") == [
        {"Name": "Ada", "n": 2}
    ]
    assert tasks.query("SELECT COUNT(Id) n FROM Task WHERE Subject = 'nothing'") == [{"n": 0}]
    assert tasks.query("SELECT Status, COUNT(Id) n FROM Task WHERE Subject = 'nothing' GROUP BY Status") == []


def test_all_fields(tasks: OrgCaller) -> None:
    """SOQL guide, FIELDS(): the groups of fields can be asked for as such."""
    whole = tasks.query("SELECT FIELDS(ALL) FROM Task LIMIT 1")[0]
    assert {"Id", "Subject", "Sales_Connect_Id__c", "CompletedDateTime"} <= set(whole)
    assert "Sales_Connect_Id__c" not in tasks.query("SELECT FIELDS(STANDARD) FROM Task")[0]


def test_is_sandbox(org: OrgCaller) -> None:
    """§11.4: simple-salesforce asks the organization whether it is a sandbox."""
    assert org.query("SELECT IsSandbox FROM Organization LIMIT 1") == [{"IsSandbox": True}]


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("= TODAY", "13"),
        ("= YESTERDAY", "2"),
        ("= TOMORROW", "4"),
        ("= today", "13"),
        ("< TODAY", "25"),
        ("<= TODAY", "1235"),
        ("> TODAY", "46"),
        (">= TODAY", "1346"),
        ("!= TODAY", "2456"),
        ("= LAST_N_DAYS:1", "123"),
        ("= LAST_N_DAYS:40", "1235"),
        ("= NEXT_N_DAYS:1", "4"),
        ("= NEXT_N_DAYS:40", "46"),
        ("= N_DAYS_AGO:1", "2"),
        ("= LAST_90_DAYS", "1235"),
        ("= THIS_WEEK", "12346"),
        ("= LAST_WEEK", "5"),
        ("= NEXT_WEEK", ""),
        ("= THIS_MONTH", "123456"),
        ("= LAST_MONTH", ""),
        ("= THIS_QUARTER", "123456"),
        ("= LAST_QUARTER", ""),
        ("= THIS_YEAR", "123456"),
        ("= LAST_N_WEEKS:1", "5"),
        ("= LAST_N_MONTHS:2", ""),
        ("IN (YESTERDAY, TOMORROW)", "24"),
    ],
)
def test_date_literals(org: OrgCaller, literal: str, expected: str) -> None:
    """§11.4, SOQL guide "Date Literals": relative literals cover whole days, weeks (from Sunday), months and more."""
    # 2030-05-15 is a Wednesday.
    days = ["2030-05-15", "2030-05-14", "2030-05-15", "2030-05-16", "2030-05-10", "2030-05-18"]
    noon = datetime(2030, 5, 15, 12, tzinfo=UTC)
    org.sandbox.clock((noon - datetime.now(UTC)).total_seconds())
    org.load(
        Task=[
            {"Id": f"00TA0000000000{n}AAA", "ActivityDate": day, "SystemModstamp": f"{day}T23:59:59Z"}
            for n, day in enumerate(days, 1)
        ]
    )
    assert found(org, f"ActivityDate {literal}") == expected
    assert found(org, f"SystemModstamp {literal}") == expected
