"""Bulk API 2.0, query: jobs, and their result page by page."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import pytest

from .salesforce_org import ADA, OrgCaller, refusal


def ended(org: OrgCaller, soql: str, operation: str = "query") -> tuple[str, str]:
    """Run a query job and return its path and the state that it ends with."""
    answer = org.post("/jobs/query", {"operation": operation, "query": soql})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "UploadComplete"
    job = f"/jobs/query/{answer.json()['id']}"
    while (state := org.get(job).json()["state"]) in {"UploadComplete", "InProgress"}:
        time.sleep(0.02)
    return job, state


def rows(answer: Any) -> list[dict[str, str]]:
    """Return the rows of a page."""
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def load(org: OrgCaller, count: int) -> None:
    """Load tasks."""
    org.load(Task=[{"Id": f"00TA{n:011d}AAA", "Subject": f"n{n}", "IsDeleted": n % 2 == 1} for n in range(count)])


def test_pages_end_with_the_text_null(org: OrgCaller) -> None:
    """§5 Query: each page has the header row, its number of records and a locator, which is `null` on the last."""
    load(org, 10)
    job, state = ended(org, "SELECT Id, Subject FROM Task", "queryAll")
    assert state == "JobComplete"
    assert org.get(job).json()["numberRecordsProcessed"] == 10
    found, locator, lengths = [], "", []
    while locator != "null":
        more = {"locator": locator} if locator else {}
        page = org.get(f"{job}/results", maxRecords="4", **more)
        assert page.text.startswith('"Id","Subject"\n')
        found += [row["Subject"] for row in rows(page)]
        lengths.append(page.headers["Sforce-NumberOfRecords"])
        locator = page.headers["Sforce-Locator"]
    assert lengths == ["4", "4", "2"]
    assert sorted(found) == sorted(f"n{n}" for n in range(10))


def test_without_order_by_there_is_no_order(org: OrgCaller) -> None:
    """§5 Query: query leaves deleted records out; only ORDER BY orders."""
    load(org, 200)
    job, _ = ended(org, "SELECT Subject FROM Task")
    shuffled = [row["Subject"] for row in rows(org.get(f"{job}/results"))]
    job, _ = ended(org, "SELECT Subject FROM Task ORDER BY Id")
    ordered = [row["Subject"] for row in rows(org.get(f"{job}/results"))]
    assert ordered == [f"n{n}" for n in range(0, 200, 2)]
    assert shuffled != ordered
    assert sorted(shuffled) == sorted(ordered)


def test_values(staffed: OrgCaller) -> None:
    """§5 Query: null and empty are empty, booleans in small letters, UTC with a Z, a parent's field behind a dot."""
    created = staffed.create(Subject='a, "b"\nc', OwnerId=ADA, ActivityDate="2026-01-02")
    soql = "SELECT Id, Subject, IsClosed, ActivityDate, Description, CreatedDate, Owner.Name FROM Task"
    job, _ = ended(staffed, soql)
    (row,) = rows(staffed.get(f"{job}/results"))
    assert (row["Id"], row["Subject"], row["IsClosed"], row["Description"]) == (created, 'a, "b" c', "false", "")
    assert (row["ActivityDate"], row["Owner.Name"]) == ("2026-01-02", "Ada")
    assert row["CreatedDate"] == staffed.task(created)["CreatedDate"].replace("+0000", "Z")


def test_the_result_is_that_of_its_moment(org: OrgCaller) -> None:
    """§5 Query: pages may be read again, and show what the job found."""
    one = org.create(Subject="then")
    job, _ = ended(org, "SELECT Subject FROM Task")
    org.patch(f"/sobjects/Task/{one}", {"Subject": "now"})
    for _ in range(2):
        assert [row["Subject"] for row in rows(org.get(f"{job}/results"))] == ["then"]


def test_an_empty_result_has_a_header(org: OrgCaller) -> None:
    """§5 Query: no records are a header row and the locator `null`."""
    job, _ = ended(org, "SELECT Id FROM Task")
    page = org.get(f"{job}/results")
    assert (page.text, page.headers["Sforce-NumberOfRecords"], page.headers["Sforce-Locator"]) == (
        '"Id"\n',
        "0",
        "null",
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"operation": "query", "query": "SELECT COUNT() FROM Task"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT Id FROM Task OFFSET 1"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT Nope FROM Task"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT"}, "MALFORMED_QUERY"),
        ({"operation": "query"}, "INVALIDJOB"),
        ({"operation": "insert", "query": "SELECT Id FROM Task"}, "INVALIDJOB"),
    ],
)
def test_queries_that_cannot_be(org: OrgCaller, body: dict[str, Any], code: str) -> None:
    """§5 Query: aggregates, OFFSET, unknown fields and what is no query are refused when the job is created."""
    assert refusal(org.post("/jobs/query", body)) == (400, code)


def test_results_need_a_complete_job_of_the_same_version(org: OrgCaller) -> None:
    """§5 Query: another API version is 409; a job under way, an aborted and a failed one have no results."""
    job, _ = ended(org, "SELECT Id FROM Task")
    assert org.get(f"{job}/results", version="61.0").status_code == 409
    assert refusal(org.get(f"{job}/results", locator="nonsense")) == (400, "INVALID_QUERY_LOCATOR")
    assert org.delete(job).status_code == 204
    org.control("faults", {"kind": "job_end", "path": "/jobs/query", "times": 1})
    job, state = ended(org, "SELECT Id FROM Task")
    assert state == "Failed"
    assert refusal(org.get(f"{job}/results")) == (400, "INVALIDJOBSTATE")
    org.control("faults", {"kind": "slow_job", "path": "/jobs/query", "seconds": 60})
    slow = org.post("/jobs/query", {"operation": "query", "query": "SELECT Id FROM Task"}).json()["id"]
    assert refusal(org.get(f"/jobs/query/{slow}/results")) == (400, "INVALIDJOBSTATE")
    assert org.patch(f"/jobs/query/{slow}", {"state": "Aborted"}).json()["state"] == "Aborted"


def test_query_jobs_count_for_the_day(org: OrgCaller) -> None:
    """§5 Limits: each query job is one of the day's allowance."""
    left = org.get("/limits").json()["DailyBulkV2QueryJobs"]["Remaining"]
    ended(org, "SELECT Id FROM Task")
    assert org.get("/limits").json()["DailyBulkV2QueryJobs"]["Remaining"] == left - 1
