"""How SOQL that cannot be run is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller


@pytest.mark.parametrize(
    ("soql", "row", "column", "message"),
    [
        ("SELECT Id FROM Task WHERE", 1, 26, "unexpected token: '<EOF>'"),
        ("SELECT Id Task", 1, 15, "unexpected token: '<EOF>'"),
        ("SELEC Id FROM Task", 1, 1, ""),
        ("SELECT Id FROM Task WHERE A = 1 AND B = 2 OR C = 3", 1, 43, "unexpected token: 'OR'"),
        ("SELECT Id\nFROM Task\nWHERE Subject Status", 3, 15, "unexpected token: 'Status'"),
        ("SELECT Id FROM Task WHERE Subject = 'abc", 1, 37, "no viable alternative at character"),
        ('SELECT Id FROM Task WHERE Subject = "abc"', 1, 37, "no viable alternative at character"),
        ("SELECT Id FROM Task WHERE SystemModstamp > 2024-03-01T10:00:00", 1, 54, "unexpected token"),
        ("SELECT Id FROM Task WHERE SystemModstamp > 2024-03-01T10:00:00 00:00", 1, 54, "unexpected token"),
        ("SELECT Id FROM Task WHERE SystemModstamp > 2024-13-01T10:00:00Z", 1, 44, "Invalid datetime"),
        ("SELECT Id FROM Task WHERE ActivityDate > 2023-02-29", 1, 42, "Invalid date"),
        ("SELECT Id FROM Task WHERE ActivityDate = SOMEDAY", 1, 42, "unexpected token: 'SOMEDAY'"),
        (r"SELECT Id FROM Task WHERE Subject = 'a\x'", 1, 37, "Illegal character sequence"),
        ("SELECT Id FROM Task LIMIT -1", 1, 27, "unexpected token: '-1'"),
        ("SELECT Id, COUNT(Id) FROM Task", 1, 8, "Field must be grouped or aggregated: Id"),
        ("SELECT Subject, COUNT(Id) FROM Task GROUP BY Subject", 1, 46, "can not be grouped"),
        ("SELECT Subject s FROM Task", 1, 8, "only aggregate expressions use field aliasing"),
        ("SELECT Id FROM Task ORDER BY Description", 1, 30, "field 'Description' can not be sorted in a query call"),
        ("SELECT FIELDS(ALL) FROM Task", 1, 8, "LIMIT of at most 200"),
        ("SELECT COUNT(), Id FROM Task", 1, 8, "use COUNT(fieldName)"),
        ("SELECT Status, COUNT() FROM Task GROUP BY Status", 1, 16, "use COUNT(fieldName)"),
        ("SELECT COUNT() FROM Task ORDER BY Id", 1, 35, "COUNT() cannot be used with ORDER BY"),
        ("SELECT COUNT(Id) FROM Task LIMIT 1", 1, 23, "cannot also use LIMIT"),
        ("SELECT Id FROM Task WHERE CreatedDate > 9999-12-31T23:00:00-05:00", 1, 41, "Invalid datetime"),
        ("SELECT Id FROM Task WHERE ActivityDate < 1699-12-31", 1, 42, "Invalid date"),
        ("SELECT Id FROM Task WHERE ActivityDate = LAST_N_DAYS:99999999", 1, 42, "Invalid date"),
        ("SELECT Id FROM Task WHERE ActivityDate = NEXT_N_YEARS:3000", 1, 42, "Invalid date"),
        ("SELECT CALENDAR_YEAR(CreatedDate) FROM Task GROUP BY Status", 1, 8, "must be grouped"),
        ("SELECT Id FROM Task WHERE Subject IN (SELECT Id, Name FROM Contact)", 1, 60, "more than one field"),
    ],
)
def test_malformed_queries(org: OrgCaller, soql: str, row: int, column: int, message: str) -> None:
    """§2 Error body: MALFORMED_QUERY shows the query, a mark, row and column, and what is wrong."""
    answer = org.get("/query", q=soql)
    assert refusal(answer) == (400, "MALFORMED_QUERY")
    text = answer.json()[0]["message"]
    _, shown, mark, place, said = text.split("\n", 4)
    assert place == f"ERROR at Row:{row}:Column:{column}"
    assert mark.endswith("^")
    assert message in said
    line = soql.replace("\n", " ")
    assert shown in line
    at = sum(len(part) + 1 for part in soql.split("\n")[: row - 1]) + column - 1
    assert line.index(shown) + len(mark) - 1 == at


@pytest.mark.parametrize(
    ("soql", "code", "message"),
    [
        ("SELECT Nope FROM Task", "INVALID_FIELD", "No such column 'Nope' on entity 'Task'."),
        ("SELECT Id FROM Task WHERE Nope = 1", "INVALID_FIELD", "No such column 'Nope' on entity 'Task'."),
        ("SELECT Id FROM Task ORDER BY Nope", "INVALID_FIELD", "No such column 'Nope' on entity 'Task'."),
        ("SELECT Owner.Nope FROM Task", "INVALID_FIELD", "No such column 'Nope' on entity 'Name'."),
        ("SELECT Nope.Name FROM Task", "INVALID_FIELD", "Didn't understand relationship 'Nope' in field path."),
        ("SELECT Id, ID FROM Task", "INVALID_FIELD", "duplicate field selected: Id"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported."),
        (
            "SELECT Id FROM Task WHERE Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Task WHERE ActivityDate = '2024-01-01'",
            "INVALID_FIELD",
            "field 'ActivityDate' must be of type date and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Task WHERE ActivityDate = 2024-01-01T00:00:00Z",
            "INVALID_FIELD",
            "field 'ActivityDate' must be of type date and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Task WHERE CreatedDate = 2024-01-01",
            "INVALID_FIELD",
            "for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Task WHERE CreatedDate = '2024-01-01T00:00:00Z'", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Task WHERE Subject = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Task WHERE Subject = TODAY", "INVALID_FIELD", "must be of type string"),
        ("SELECT Id FROM Task WHERE IsClosed = 'true'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Task WHERE CallDurationInSeconds = '5'", "INVALID_FIELD", "must be of type int"),
        ("SELECT Id FROM Task WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        ("SELECT Id FROM Task WHERE IsClosed > true", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Task WHERE ActivityDate LIKE '2024%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Task WHERE Status INCLUDES ('x')", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        ("SELECT Id FROM Task OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
    ],
)
def test_other_refusals(org: OrgCaller, soql: str, code: str, message: str) -> None:
    """§2 Error body: unknown names, wrong types and wrong operators have codes of their own, with row and column."""
    answer = org.get("/query", q=soql)
    assert refusal(answer) == (400, code)
    assert message in answer.json()[0]["message"]
    assert "\nERROR at Row:1:Column:" in answer.json()[0]["message"]


def test_a_query_is_required(org: OrgCaller) -> None:
    """§2 Error body: query without q is refused."""
    assert refusal(org.get("/query")) == (400, "MALFORMED_QUERY")
