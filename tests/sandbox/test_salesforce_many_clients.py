"""Many clients at once, and what a restart keeps."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import requests

from tasksync_sandbox.both import both_services
from tests.conftest import SandboxHandle

from .salesforce_org import OrgCaller, refusal

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS, ROUNDS, SIZE = 16, 12, 10
LINK = "Sales_Connect_Id__c"


def write(org: OrgCaller, number: int) -> list[str]:
    """Create, change and delete in several rounds; return the ids that must be left, all in the last round."""
    body = {"records": [{"attributes": {"type": "Task"}, "Subject": f"c{number} r0"} for _ in range(SIZE)]}
    results = org.post("/composite/sobjects", body).json()
    ids = [result["id"] for result in results]
    for turn in range(1, ROUNDS + 1):
        records = [{"attributes": {"type": "Task"}, "id": one, "Subject": f"c{number} r{turn}"} for one in ids]
        assert all(r["success"] for r in org.patch("/composite/sobjects", {"records": records}).json())
        shared = org.patch(f"/sobjects/Task/{LINK}/shared-{turn}", {"Subject": "shared"})
        assert shared.status_code in {200, 201}
    gone = ids.pop()
    assert org.delete(f"/sobjects/Task/{gone}").status_code == 204
    return ids


def read(org: OrgCaller, number: int, done: threading.Event) -> int:
    """Read all tasks of one client again and again; every answer must show all of them in the same round."""
    seen = 0
    while not done.is_set():
        answer = org.get("/query", q=f"SELECT Subject FROM Task WHERE Subject LIKE 'c{number} %'")  # noqa: S608
        page = answer.json()
        assert page["totalSize"] == len(page["records"])
        subjects = {record["Subject"] for record in page["records"]}
        assert len(subjects) <= 1, subjects
        assert page["totalSize"] in {0, SIZE, SIZE - 1}
        seen += 1
    return seen


def test_sixteen_clients_lose_nothing_and_see_nothing_torn(org: OrgCaller) -> None:
    """16 clients at once: an answer shows a batch whole or not at all, and each write is in the data and the list."""
    callers = [OrgCaller(org.sandbox) for _ in range(CLIENTS)]
    half = CLIENTS // 2
    done = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        readers = [pool.submit(read, caller, n, done) for n, caller in enumerate(callers[half:])]
        writers = [pool.submit(write, caller, n) for n, caller in enumerate(callers[:half])]
        try:
            left = {one: n for n, writer in enumerate(writers) for one in writer.result()}
        finally:
            done.set()
        assert all(reader.result() > 0 for reader in readers)
    found = org.query(f"SELECT Id, Subject FROM Task WHERE {LINK} = null")  # noqa: S608
    assert {record["Id"]: record["Subject"] for record in found} == {one: f"c{n} r{ROUNDS}" for one, n in left.items()}
    assert org.get("/query", q=f"SELECT COUNT() FROM Task WHERE {LINK} != null").json()["totalSize"] == ROUNDS  # noqa: S608
    writes = org.sandbox.writes("salesforce")
    assert len(writes) == half * (SIZE + ROUNDS * SIZE + ROUNDS + 1)
    created = [write["id"] for write in writes if write["action"] == "create"]
    assert len(created) == len(set(created)) == half * SIZE + ROUNDS
    for caller in callers:
        caller.http.close()


def test_a_restart_keeps_everything(tmp_path: Path) -> None:
    """Records, recycle bin, deletion log, schema, logins, tokens and the id counter outlive the process."""
    with both_services(tmp_path) as running:
        org = OrgCaller(SandboxHandle(*running.urls))
        fields = {"add": [{"name": "Score__c", "type": "double"}], "picklists": {"Status": ["Open", "Completed"]}}
        org.control("schema", {"objects": {"Task": fields}})
        org.control("logins", {"refresh_tokens": {"kept": "integration@sandbox.example"}})
        kept, gone = org.create(Score__c=1.5, Sales_Connect_Id__c="r-1"), org.create()
        org.delete(f"/sobjects/Task/{gone}")
        before = [org.task(one) for one in (kept, gone)]
        described: Any = org.get("/sobjects/Task/describe").json()
        token = org.http.headers["Authorization"]
        org.http.close()
        org.sandbox.close()
    with both_services(tmp_path) as running:
        org = OrgCaller(SandboxHandle(*running.urls))
        org.http.headers["Authorization"] = token
        assert [org.task(one) for one in (kept, gone)] == before
        assert org.get("/sobjects/Task/describe").json() == described
        assert org.query("SELECT Score__c, Sales_Connect_Id__c FROM Task WHERE Score__c > 1") == [
            {"Score__c": 1.5, "Sales_Connect_Id__c": "r-1"}
        ]
        assert org.task(org.create())["Status"] == "Open"
        assert org.create() > gone
        assert refusal(org.post("/sobjects/Task", {"Sales_Connect_Id__c": "r-1"})) == (400, "DUPLICATE_VALUE")
        assert org.login(grant_type="refresh_token", refresh_token="kept").ok
        org.http.close()
        org.sandbox.close()


def test_an_answer_may_be_lost_after_the_work(org: OrgCaller) -> None:
    """§11.6: a response lost after the commit leaves the record, and an upsert sent again finds it."""
    org.sandbox.fault("salesforce", "drop_after", method="PATCH", times=1)
    try:
        org.patch(f"/sobjects/Task/{LINK}/r-1", {"Subject": "a"})
    except requests.ConnectionError:
        pass
    else:
        message = "the answer was not lost"
        raise AssertionError(message)
    again = org.patch(f"/sobjects/Task/{LINK}/r-1", {"Subject": "a"})
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert len(org.sandbox.writes("salesforce")) == 2
