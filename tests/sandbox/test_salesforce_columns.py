"""What a query's result has for columns, and groups by parts of a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller


def columns(org: OrgCaller, soql: str) -> dict[str, Any]:
    """Ask for the columns of a query."""
    answer = org.get("/query", q=soql, columns="true")
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_columns_of_records(org: OrgCaller) -> None:
    """§2: `columns=true` answers what columns a query has, parents' inside their relationship's, and no records."""
    fields = "Id, Subject, IsClosed, CallDurationInSeconds, Sales_Connect_Id__c, Owner.Email"
    found = columns(org, f"SELECT {fields} FROM Task")  # noqa: S608  of this test's own constants
    assert {name: found[name] for name in ("entityName", "groupBy", "idSelected", "keyPrefix")} == {
        "entityName": "Task", "groupBy": False, "idSelected": True, "keyPrefix": "00T",
    }  # fmt: skip
    assert set(found) == {"columnMetadata", "entityName", "groupBy", "idSelected", "keyPrefix"}
    by_name = {column["columnName"]: column for column in found["columnMetadata"]}
    assert by_name["Subject"] == {
        "aggregate": False, "apexType": "String", "booleanType": False, "columnName": "Subject", "custom": False,
        "displayName": "Subject", "foreignKeyName": None, "insertable": True, "joinColumns": [], "numberType": False,
        "textType": True, "updatable": True,
    }  # fmt: skip
    assert (by_name["Id"]["apexType"], by_name["Id"]["textType"], by_name["Id"]["insertable"]) == ("Id", False, False)
    assert (by_name["IsClosed"]["booleanType"], by_name["CallDurationInSeconds"]["numberType"]) == (True, True)
    assert by_name["Sales_Connect_Id__c"]["custom"] is True
    assert (by_name["Owner"]["apexType"], by_name["Owner"]["foreignKeyName"]) == (None, "OwnerId")
    assert [column["columnName"] for column in by_name["Owner"]["joinColumns"]] == ["Email"]


def test_columns_of_totals(org: OrgCaller) -> None:
    """§2: totals are columns under the names that their results have."""
    soql = "SELECT Status, COUNT(Id), MAX(CreatedDate) newest FROM Task GROUP BY Status"
    found = columns(org, soql)
    assert (found["groupBy"], found["idSelected"]) == (True, False)
    shown = ("columnName", "displayName", "aggregate", "apexType")
    assert [tuple(column[name] for name in shown) for column in found["columnMetadata"]] == [
        ("Status", "Status", False, "String"),
        ("expr0", "count(Id)", True, "Integer"),
        ("newest", "max(CreatedDate)", True, "Datetime"),
    ]
    assert columns(org, "SELECT COUNT() FROM Task")["columnMetadata"] == []
    assert refusal(org.get("/query", q="SELECT Nope FROM Task", columns="true")) == (400, "INVALID_FIELD")


def test_groups_by_parts_of_a_date(org: OrgCaller) -> None:
    """§11.4 SOQL subset: date functions can be grouped by, shown, sorted and put into HAVING."""
    days = ("2023-05-01", "2024-05-01", "2024-06-01")
    org.load(Task=[{"Id": f"00TA0000000000{n}AAA", "ActivityDate": day} for n, day in enumerate(days)])
    year = "CALENDAR_YEAR(ActivityDate)"
    soql = f"SELECT {year}, COUNT(Id) n FROM Task GROUP BY {year} "  # noqa: S608  of this test's own constants
    assert org.query(soql + f"ORDER BY {year} DESC") == [{"expr0": 2024, "n": 2}, {"expr0": 2023, "n": 1}]
    assert org.query(soql + f"HAVING {year} < 2024") == [{"expr0": 2023, "n": 1}]
    by_year = columns(org, soql)["columnMetadata"][0]
    assert (by_year["columnName"], by_year["apexType"]) == ("expr0", "Integer")
