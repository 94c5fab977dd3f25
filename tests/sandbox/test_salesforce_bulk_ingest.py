"""Bulk API 2.0, ingest: jobs, their CSV, and what became of each row."""

from __future__ import annotations

import csv
import io
import time
from typing import Any

import pytest

from .salesforce_org import OrgCaller, refusal

LINK = "Sales_Connect_Id__c"
Rows = list[dict[str, str]]


def create(org: OrgCaller, operation: str = "insert", *, version: str = "62.0", **more: Any) -> str:
    """Create a job for tasks and return its path."""
    body = {"object": "Task", "operation": operation, "contentType": "CSV", "lineEnding": "LF"} | more
    answer = org.post("/jobs/ingest", body, version=version)
    assert answer.status_code == 200, answer.text
    return f"/jobs/ingest/{answer.json()['id']}"


def upload(org: OrgCaller, job: str, text: str) -> Any:
    """Upload CSV to a job."""
    return org.call("PUT", f"{job}/batches", data=text.encode(), headers={"Content-Type": "text/csv"})


def ended(org: OrgCaller, job: str) -> dict[str, Any]:
    """Wait until a job has ended, and return what it says."""
    while (told := org.get(job).json())["state"] in {"UploadComplete", "InProgress"}:
        time.sleep(0.02)
    found: dict[str, Any] = told
    return found


def run(org: OrgCaller, text: str, operation: str = "insert", **more: Any) -> tuple[str, dict[str, Any]]:
    """Carry out a job and return its path and what it says at its end."""
    job = create(org, operation, **more)
    assert upload(org, job, text).status_code == 201
    assert org.patch(job, {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    return job, ended(org, job)


def results(org: OrgCaller, job: str, kind: str, delimiter: str = ",") -> Rows:
    """Return the rows of one kind of result."""
    answer = org.get(f"{job}/{kind}")
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), delimiter=delimiter))


def test_a_job_goes_through_its_states(org: OrgCaller) -> None:
    """§5 Ingest: Open with a contentUrl, UploadComplete, after a moment JobComplete with counts; then 204 by DELETE."""
    job = create(org)
    told = org.get(job).json()
    assert (told["state"], told["apiVersion"], told["jobType"]) == ("Open", 62.0, "V2Ingest")
    assert told["contentUrl"] == f"services/data/v62.0{job}/batches"
    uploaded = upload(org, job, "Subject\na\nb\n")
    assert (uploaded.status_code, uploaded.content) == (201, b"")
    assert org.patch(job, {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    assert org.get(job).json()["state"] == "UploadComplete"
    done = ended(org, job)
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 2, 0)
    assert org.names("Id != null") == ["a", "b"]
    deleted = org.delete(job)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert refusal(org.get(job))[0] == 404


def test_data_is_taken_once_and_only_while_open(org: OrgCaller) -> None:
    """§5 Ingest: a second upload, one after the close, a second close and results before the end are refused."""
    job = create(org)
    assert upload(org, job, "Subject\na\n").status_code == 201
    assert refusal(upload(org, job, "Subject\nb\n")) == (400, "INVALIDJOBSTATE")
    assert refusal(org.get(f"{job}/successfulResults")) == (400, "INVALIDJOBSTATE")
    assert refusal(org.delete(job)) == (400, "INVALIDJOBSTATE")
    assert org.patch(job, {"state": "UploadComplete"}).ok
    assert refusal(upload(org, job, "Subject\nb\n")) == (400, "INVALIDJOBSTATE")
    assert refusal(org.patch(job, {"state": "UploadComplete"})) == (400, "INVALIDJOBSTATE")
    ended(org, job)
    assert org.names("Id != null") == ["a"]


def test_each_row_has_its_outcome(org: OrgCaller) -> None:
    """§5 Ingest: sf__Id, sf__Created and sf__Error stand before the row's own columns; a refused insert has no id."""
    job, done = run(org, f"Subject,{LINK}\ngood,1\n{'x' * 256},2\n")
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("JobComplete", 2, 1)
    good = results(org, job, "successfulResults")
    assert [list(row) for row in good] == [["sf__Id", "sf__Created", "Subject", LINK]]
    assert (good[0]["sf__Created"], good[0][LINK], good[0]["sf__Id"][:3]) == ("true", "1", "00T")
    (bad,) = results(org, job, "failedResults")
    assert (bad["sf__Id"], bad[LINK]) == ("", "2")
    assert bad["sf__Error"].startswith("STRING_TOO_LONG:")
    assert bad["sf__Error"].endswith(":Subject --")
    assert results(org, job, "unprocessedrecords") == []


def test_results_come_in_an_order_of_their_own(org: OrgCaller) -> None:
    """§5 Ingest: the order of the upload is not kept."""
    sent = [str(n) for n in range(300)]
    job, _ = run(org, "Subject\n" + "\n".join(sent) + "\n")
    got = [row["Subject"] for row in results(org, job, "successfulResults")]
    assert got != sent
    assert sorted(got, key=int) == sent


def test_empty_values_change_nothing_and_na_clears(org: OrgCaller) -> None:
    """§5 CSV: an empty value is ignored on update, `#N/A` sets null; quoted texts keep their commas and line ends."""
    one = org.create(Subject="old", Description="old", ActivityDate="2026-01-01")
    _, done = run(org, f'Id,Subject,Description,ActivityDate\n{one},,"a, ""b""\nc",#N/A\n', "update")
    assert done["numberRecordsFailed"] == 0
    task = org.task(one)
    assert (task["Subject"], task["Description"], task["ActivityDate"]) == ("old", 'a, "b"\nc', None)


def test_upsert_and_delete(org: OrgCaller) -> None:
    """§5 Ingest: an upsert finds by its external id, a delete takes nothing but ids, and both say so row by row."""
    first = org.create(**{LINK: "1", "Subject": "old"})
    job, done = run(org, f"{LINK},Subject\n1,new\n2,b\n2,again\n,none\n", "upsert", externalIdFieldName=LINK.lower())
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (4, 2)
    outcome = {
        row[LINK]: (row["sf__Id"] == first, row["sf__Created"]) for row in results(org, job, "successfulResults")
    }
    assert outcome == {"1": (True, "false"), "2": (False, "true")}
    failed = sorted(row["sf__Error"].partition(":")[0] for row in results(org, job, "failedResults"))
    assert failed == ["DUPLICATE_VALUE", "MISSING_ARGUMENT"]
    org.delete(f"/sobjects/Task/{first}")
    job, done = run(org, f"Id\n{first}\n", "delete")
    (bad,) = results(org, job, "failedResults")
    assert (bad["sf__Id"], bad["Id"], bad["sf__Error"].partition(":")[0]) == (first, first, "ENTITY_IS_DELETED")
    _, done = run(org, f"Id,Subject\n{first},x\n", "delete")
    assert done["errorMessage"] == "InvalidBatch : the 'delete' batch must contain only ids"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Nope\na\n", "Field name not found : Nope"),
        ("Subject,subject\na,b\n", "occurs twice"),
        ('Subject\na"b\n', "quote"),
        ('Subject\n "a"\n', "quote"),
        ('Subject\n"a\n', "quote"),
        ('Subject\n"a" \n', "quote"),
        ("Subject\r\na\r\n", "LineEnding is invalid"),
        ("Subject\na,b\n", "2 values"),
        ("\n", "empty"),
    ],
)
def test_data_that_cannot_be_read_fails_the_job(org: OrgCaller, text: str, why: str) -> None:
    """§5 CSV: an unknown column, a quote out of place, another line end or an odd number of values fail the job."""
    _, done = run(org, text)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", 0)
    assert why in done["errorMessage"]
    assert org.names("Id != null") == []


@pytest.mark.parametrize(("name", "mark"), [("TAB", "\t"), ("PIPE", "|"), ("SEMICOLON", ";"), ("CARET", "^")])
def test_other_delimiters_and_line_ends(org: OrgCaller, name: str, mark: str) -> None:
    """§5 CSV: columnDelimiter and lineEnding hold for the upload and for the results."""
    text = f"Subject{mark}{LINK}\r\na,b{mark}{name}\r\n"
    job, done = run(org, text, columnDelimiter=name, lineEnding="CRLF")
    assert done["state"] == "JobComplete"
    (row,) = results(org, job, "successfulResults", mark)
    assert (row["Subject"], row[LINK]) == ("a,b", name)
    assert org.get(f"{job}/successfulResults").text.endswith("\r\n")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"object": "Nope", "operation": "insert"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "insert", "contentType": "XML"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "insert", "lineEnding": "CR"}, "INVALIDJOB"),
        ({"object": "Task", "operation": "insert", "nope": 1}, "JSON_PARSER_ERROR"),
        ({"object": "Task", "operation": "hardDelete"}, "FEATURENOTENABLED"),
    ],
)
def test_jobs_that_cannot_be(org: OrgCaller, body: dict[str, Any], code: str) -> None:
    """§5 Ingest: unknown objects, operations, forms and members are refused; hardDelete needs a permission."""
    assert refusal(org.post("/jobs/ingest", body)) == (400, code)


def test_an_upload_must_be_csv(org: OrgCaller) -> None:
    """§5 Ingest: another content type is 415."""
    job = create(org)
    assert refusal(org.call("PUT", f"{job}/batches", json={})) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_aborted_job_shows_what_it_did_not_come_to(org: OrgCaller) -> None:
    """§5 Ingest: an Open job that is aborted has all its rows unprocessed, and stays aborted."""
    job = create(org)
    upload(org, job, "Subject\na\nb\n")
    assert org.patch(job, {"state": "Aborted"}).json()["state"] == "Aborted"
    assert sorted(row["Subject"] for row in results(org, job, "unprocessedrecords")) == ["a", "b"]
    assert refusal(org.patch(job, {"state": "Aborted"})) == (400, "INVALIDJOBSTATE")
    assert refusal(org.patch(job, {"state": "UploadComplete"})) == (400, "INVALIDJOBSTATE")
    assert org.names("Id != null") == []


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
def test_a_job_may_end_before_it_is_done(org: OrgCaller, state: str) -> None:
    """§11: under a `job_end` fault a job ends Failed or Aborted after `size` rows; the rest is unprocessed."""
    fault = {"kind": "job_end", "path": "/jobs/ingest", "state": state, "size": 1, "message": "InternalServerError"}
    org.control("faults", fault)
    job, done = run(org, "Subject\na\nb\nc\n")
    assert (done["state"], done["numberRecordsProcessed"]) == (state, 1)
    assert done.get("errorMessage") == ("InternalServerError" if state == "Failed" else None)
    assert len(results(org, job, "successfulResults")) == 1
    assert sorted(row["Subject"] for row in results(org, job, "unprocessedrecords")) == ["b", "c"]


def test_rows_strike_faults_and_writes_are_listed(org: OrgCaller) -> None:
    """§11: a `row_error` strikes single rows of a job, and each committed row stands in the write list."""
    org.control(
        "faults", {"kind": "row_error", "path": "/jobs/", "where": {"Subject": "b"}, "code": "ENTITY_IS_LOCKED"}
    )
    job, done = run(org, "Subject\na\nb\nc\n")
    assert done["numberRecordsFailed"] == 1
    (bad,) = results(org, job, "failedResults")
    assert bad["sf__Error"].startswith("ENTITY_IS_LOCKED:")
    writes = org.sandbox.control("salesforce", "GET", "writes")
    assert [write["action"] for write in writes] == ["create", "create"]
    assert writes[0]["call"].endswith(job)


def test_a_slow_job_takes_its_time(org: OrgCaller) -> None:
    """§11: under a `slow_job` fault a job takes so many real seconds more, and can be aborted meanwhile."""
    org.control("faults", {"kind": "slow_job", "path": "/jobs/ingest", "method": "PATCH", "seconds": 60, "times": 1})
    job = create(org)
    upload(org, job, "Subject\na\n")
    org.patch(job, {"state": "UploadComplete"})
    time.sleep(0.3)
    assert org.get(job).json()["state"] == "UploadComplete"
    assert org.patch(job, {"state": "Aborted"}).ok
    assert len(results(org, job, "unprocessedrecords")) == 1


def test_results_need_the_version_of_the_job(org: OrgCaller) -> None:
    """§5: results asked for with another API version than the job was created with are 409."""
    job, _ = run(org, "Subject\na\n")
    assert org.get(f"{job}/successfulResults", version="60.0").status_code == 409
    assert org.get(f"{job}/failedResults").status_code == 200


def test_jobs_live_seven_days_and_are_listed(org: OrgCaller) -> None:
    """§5 Limits: jobs are listed newest first and kept for 7 days; each is a batch of the daily allowance."""
    left = org.get("/limits").json()["DailyBulkApiBatches"]["Remaining"]
    first, second = create(org), create(org)
    listed = org.get("/jobs/ingest").json()
    assert [f"/jobs/ingest/{job['id']}" for job in listed["records"]] == [second, first]
    assert listed["done"] is True
    assert org.get("/limits").json()["DailyBulkApiBatches"]["Remaining"] == left - 2
    org.control("clock", {"offset_seconds": 8 * 24 * 3600})
    assert refusal(org.get(first))[0] == 404


def test_ten_thousand_rows_are_a_batch(org: OrgCaller) -> None:
    """§5 Limits: a job of more than 10,000 rows takes a batch of the allowance for each 10,000."""
    left = org.get("/limits").json()["DailyBulkApiBatches"]["Remaining"]
    _, done = run(org, "Subject\n" + "a\n" * 10_001)
    assert done["numberRecordsProcessed"] == 10_001
    assert org.get("/limits").json()["DailyBulkApiBatches"]["Remaining"] == left - 2
