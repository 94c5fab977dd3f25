"""Deleted and updated records by time window, the recycle bin, and what lies beyond it."""

# ruff: noqa: S608  the queries are made of these tests' own constants

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from .salesforce_org import refusal

if TYPE_CHECKING:
    from .salesforce_org import OrgCaller

LINK = "Sales_Connect_Id__c"


def window(org: OrgCaller, what: str, start: datetime, end: datetime, sobject: str = "Task") -> Any:
    """Return a window of the deleted or updated resource."""
    times = {"start": start.isoformat(), "end": end.isoformat()}
    answer = org.get(f"/sobjects/{sobject}/{what}/", **times)
    assert answer.ok, answer.text
    return answer.json()


def around(org: OrgCaller, what: str) -> Any:
    """Return the window from a day ago to an hour ahead."""
    now = datetime.now(UTC)
    return window(org, what, now - timedelta(days=1), now + timedelta(hours=1))


def moment(text: str) -> datetime:
    """Return a moment of the API."""
    return datetime.fromisoformat(text)


def test_deleted_records(org: OrgCaller) -> None:
    """§6: a deletion is in the log under its SystemModstamp, and latestDateCovered does not pass now."""
    record_id = org.create(Subject="x")
    org.sandbox.clock(5)
    org.delete(f"/sobjects/Task/{record_id}")
    answer = around(org, "deleted")
    assert answer["deletedRecords"] == [{"id": record_id, "deletedDate": org.task(record_id)["SystemModstamp"]}]
    assert set(answer) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    assert moment(answer["latestDateCovered"]) <= datetime.now(UTC) + timedelta(seconds=6)


def test_updated_records(org: OrgCaller) -> None:
    """§6: the updated resource mixes created and updated ids, without deleted ones."""
    kept, gone = org.create(), org.create()
    org.load(Task=[{"Id": "00TA00000000001AAA", "SystemModstamp": "2020-01-01T00:00:00Z"}])
    org.delete(f"/sobjects/Task/{gone}")
    assert around(org, "updated")["ids"] == [kept]
    org.patch("/sobjects/Task/00TA00000000001AAA", {"Subject": "x"})
    assert sorted(around(org, "updated")["ids"]) == sorted([kept, "00TA00000000001AAA"])


def test_a_soft_deletion_bumps_the_stamps(org: OrgCaller) -> None:
    """§6: queryAll finds a deletion by IsDeleted and SystemModstamp."""
    record_id = org.create()
    before = org.task(record_id)["SystemModstamp"]
    org.sandbox.clock(10)
    org.delete(f"/sobjects/Task/{record_id}")
    after = org.task(record_id)
    assert after["SystemModstamp"] == after["LastModifiedDate"] > before
    literal = before.replace("+0000", "Z")
    soql = f"SELECT Id FROM Task WHERE IsDeleted = true AND SystemModstamp > {literal}"
    assert org.query(soql, everything=True) == [{"Id": record_id}]


@pytest.mark.parametrize(
    ("what", "days", "seconds", "ok"),
    [
        ("deleted", 14, 3600, True),
        ("deleted", 16, 3600, False),
        ("updated", 16, 3600, True),
        ("updated", 29, 3600, True),
        ("updated", 31, 3600, False),
        ("deleted", 1, 60, False),
        ("deleted", 1, 61, True),
        ("updated", 1, -3600, False),
    ],
)
def test_windows(org: OrgCaller, what: str, days: int, seconds: int, *, ok: bool) -> None:
    """§6: deleted reaches 15 days back, updated 30; a window is longer than a minute."""
    start = datetime.now(UTC) - timedelta(days=days)
    times = {"start": start.isoformat(), "end": (start + timedelta(seconds=seconds)).isoformat()}
    answer = org.get(f"/sobjects/Task/{what}", **times)
    if ok:
        assert answer.status_code == 200
    else:
        assert refusal(answer) == (400, "INVALID_REPLICATION_DATE")


@pytest.mark.parametrize("end", ["soon", "2024-13-01T00:00:00Z", "9999-12-31T23:59:59-05:00"])
def test_windows_end_at_a_date(org: OrgCaller, end: str) -> None:
    """§6: what is no date, or none that can be told in UTC, is INVALID_REPLICATION_DATE."""
    start = datetime.now(UTC).isoformat()
    assert refusal(org.get("/sobjects/Task/deleted", start=start, end=end)) == (400, "INVALID_REPLICATION_DATE")


def test_windows_go_by_the_sandboxs_clock(org: OrgCaller) -> None:
    """§6: 16 days later by the sandbox's clock, a deletion has left the window."""
    record_id = org.create()
    org.delete(f"/sobjects/Task/{record_id}")
    start = datetime.now(UTC) - timedelta(hours=1)
    end = start + timedelta(hours=2)
    assert window(org, "deleted", start, end)["deletedRecords"]
    org.sandbox.clock(16 * 86400)
    answer = org.get("/sobjects/Task/deleted", start=start.isoformat(), end=end.isoformat())
    assert refusal(answer) == (400, "INVALID_REPLICATION_DATE")


def test_seconds_of_a_window_are_cut_off(org: OrgCaller) -> None:
    """§6: 12:30:15 to 12:35:15 means 12:30:00 to 12:35:00, both included."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)
    stamps = [
        minute - timedelta(seconds=1),
        minute,
        minute + timedelta(minutes=5),
        minute + timedelta(minutes=5, seconds=1),
    ]
    org.load(
        Task=[
            {"Id": f"00TA0000000000{n}AAA", "IsDeleted": True, "SystemModstamp": stamp.isoformat()}
            for n, stamp in enumerate(stamps)
        ]
    )
    found = window(org, "deleted", minute + timedelta(seconds=15), minute + timedelta(minutes=5, seconds=15))
    assert [record["id"][14] for record in found["deletedRecords"]] == ["1", "2"]


def test_late_commits_hold_back_what_is_covered(org: OrgCaller) -> None:
    """§6, §8: while a write is not visible yet, latestDateCovered is no later than its start."""
    now = datetime.now(UTC)
    org.sandbox.fault("salesforce", "late_commit", method="POST", path="/sobjects/Task", seconds=600, times=1)
    record_id = org.create(Subject="late")
    made = datetime.now(UTC)
    start, end = now - timedelta(hours=1), now + timedelta(hours=1)
    org.sandbox.clock(300)
    open_answer = window(org, "updated", start, end)
    assert open_answer["ids"] == []
    assert moment(open_answer["latestDateCovered"]) <= made
    org.sandbox.clock(601)
    answer = window(org, "updated", start, end)
    assert answer["ids"] == [record_id]
    assert moment(answer["latestDateCovered"]) > now + timedelta(seconds=600)


def test_a_late_commit_appears_behind_the_newest_stamp(org: OrgCaller) -> None:
    """§8: a row written first becomes visible last, with its earlier stamp, as create, update and delete."""
    target = org.create(Subject="old")
    org.sandbox.clock(10)
    org.sandbox.fault("salesforce", "late_commit", path="/sobjects/Task", seconds=60, times=2)
    late = org.create(Subject="late")
    assert org.patch(f"/sobjects/Task/{target}", {"Subject": "new"}).status_code == 204
    org.sandbox.clock(30)
    newest = org.create(Subject="newest")
    assert org.names("Id != null") == ["newest", "old"]
    org.sandbox.clock(71)
    assert org.names("Id != null") == ["late", "new", "newest"]
    assert org.task(late)["SystemModstamp"] < org.task(newest)["SystemModstamp"]
    assert org.task(target)["SystemModstamp"] < org.task(newest)["SystemModstamp"]


def test_a_deletion_may_be_committed_late(org: OrgCaller) -> None:
    """§8: a late deletion leaves the record readable, and its log empty, until it appears with its earlier stamp."""
    record_id = org.create(Subject="x")
    org.sandbox.fault("salesforce", "late_commit", method="DELETE", seconds=60, times=1)
    assert org.delete(f"/sobjects/Task/{record_id}").status_code == 204
    assert org.names("Id != null") == ["x"]
    assert around(org, "deleted")["deletedRecords"] == []
    org.sandbox.clock(61)
    deleted = org.task(record_id)
    assert deleted["IsDeleted"] is True
    assert around(org, "deleted")["deletedRecords"] == [{"id": record_id, "deletedDate": deleted["SystemModstamp"]}]


def test_a_late_commit_still_holds_its_values(org: OrgCaller) -> None:
    """§8: an upsert of a value whose row is not visible yet finds that row, as a unique index does."""
    org.sandbox.fault("salesforce", "late_commit", method="PATCH", seconds=600, times=1)
    first = org.patch(f"/sobjects/Task/{LINK}/r-1", {"Subject": "a"}).json()
    assert org.names("Id != null", everything=True) == []
    second = org.patch(f"/sobjects/Task/{LINK}/r-1", {"Subject": "b"}).json()
    assert (second["id"], second["created"]) == (first["id"], False)
    assert org.names("Id != null") == ["b"]


def test_purged_records(org: OrgCaller) -> None:
    """§6: a purged record is in the deletion log alone."""
    record_id = org.create(**{LINK: "r-1"})
    org.delete(f"/sobjects/Task/{record_id}")
    org.control("purge", {"ids": [record_id]})
    assert org.query("SELECT Id FROM Task", everything=True) == []
    assert [record["id"] for record in around(org, "deleted")["deletedRecords"]] == [record_id]
    assert refusal(org.get(f"/sobjects/Task/{record_id}")) == (404, "NOT_FOUND")


def test_an_emptied_deletion_log(org: OrgCaller) -> None:
    """§6: a purged log lacks its deletions, and earliestDateAvailable says from when it is whole."""
    record_id = org.create()
    org.delete(f"/sobjects/Task/{record_id}")
    before = around(org, "deleted")
    assert moment(before["earliestDateAvailable"]) < datetime.now(UTC) - timedelta(days=15)
    org.control("purge_delete_log")
    after = around(org, "deleted")
    assert after["deletedRecords"] == []
    assert moment(after["earliestDateAvailable"]) > datetime.now(UTC) - timedelta(minutes=5)
    assert org.task(record_id)["IsDeleted"] is True


def test_undeleted_records(org: OrgCaller) -> None:
    """§6: an undeleted record has new stamps, is in the updated resource, and stays in the deletion log."""
    record_id = org.create(Subject="x")
    org.delete(f"/sobjects/Task/{record_id}")
    deleted = org.task(record_id)["SystemModstamp"]
    org.sandbox.clock(10)
    org.control("undelete", {"ids": [record_id]})
    assert org.names("Id != null") == ["x"]
    assert org.task(record_id)["SystemModstamp"] > deleted
    assert around(org, "updated")["ids"] == [record_id]
    assert [record["id"] for record in around(org, "deleted")["deletedRecords"]] == [record_id]


def test_an_undelete_cannot_take_a_value_twice(org: OrgCaller) -> None:
    """§7 External ID: a record whose unique value another one holds by now cannot be undeleted."""
    first = org.create(**{LINK: "r-1"})
    org.delete(f"/sobjects/Task/{first}")
    org.create(**{LINK: "r-1"})
    answer = org.http.post(f"{org.url}/_sandbox/undelete", json={"ids": [first]}, timeout=60)
    assert (answer.status_code, "duplicate value found" in answer.json()["error"]) == (400, True)
    assert org.task(first)["IsDeleted"] is True


def test_archived_records(org: OrgCaller) -> None:
    """§7 Archiving: an archived task is dropped by query, found by queryAll, still written, and its stamp stays."""
    record_id = org.create(Subject="x")
    before = org.task(record_id)
    org.sandbox.clock(10)
    org.control("archive", {"ids": [record_id]})
    assert org.names("Id != null") == []
    assert org.task(record_id) == {**before, "IsArchived": True}
    assert org.patch(f"/sobjects/Task/{record_id}", {"Subject": "y"}).status_code == 204
    assert org.delete(f"/sobjects/Task/{record_id}").status_code == 204


@pytest.mark.parametrize("resource", ["undelete", "purge", "archive"])
def test_control_refuses_what_it_does_not_know(org: OrgCaller, resource: str) -> None:
    """Sandbox control: an unknown id, or a body without ids, is a 400 that says so and changes nothing."""
    record_id = org.create()
    for body in ({"ids": [record_id, "00TA00000000009AAA"]}, {}, {"ids": 5}):
        answer = org.http.post(f"{org.url}/_sandbox/{resource}", json=body, timeout=60)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert org.task(record_id)["IsArchived"] is False
