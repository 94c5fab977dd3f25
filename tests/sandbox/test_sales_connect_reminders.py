"""One reminder at a time: create, read, change, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

DAY = 86_400


def create(team: SandboxHandle, **members: Any) -> dict[str, Any]:
    """Create a reminder of Ada's."""
    answer = team.ask("POST", "/v1/reminders", json={"name": "Call", "assignee_id": "ada", **members})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_new_reminder_has_defaults_and_version_one(team: SandboxHandle) -> None:
    """Only name and assignee are needed; all members are shown."""
    reminder = create(team)
    assert reminder["id"]
    assert (reminder["type"], reminder["status"], reminder["priority"]) == ("custom", "open", "normal")
    assert reminder["created_at"] == reminder["updated_at"]
    empty = {name for name, value in reminder.items() if value is None}
    assert empty == {
        "due_date", "details", "person", "campaign", "call_outcome", "call_reason",
        "salesforce_task_id", "completed_at", "deleted_at",
    }  # fmt: skip
    assert reminder["version"] == 1
    assert team.ask("GET", f"/v1/reminders/{reminder['id']}").json() == reminder


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name", "assignee_id"]),
        ({"name": "", "assignee_id": "ada"}, ["name"]),
        ({"name": "n" * 501, "assignee_id": "ada"}, ["name"]),
        ({"name": "Call", "assignee_id": "nobody"}, ["assignee_id"]),
        ({"name": "Call", "assignee_id": "ada", "status": "done"}, ["status"]),
        ({"name": "Call", "assignee_id": "ada", "due_date": "2026-02-30"}, ["due_date"]),
        ({"name": "Call", "assignee_id": "ada", "due_date": "2026-02-03T00:00:00Z"}, ["due_date"]),
        ({"name": "Call", "assignee_id": "ada", "colour": "red", "version": 3}, ["colour", "version"]),
        ({"name": None, "assignee_id": "ada", "priority": 1}, ["name", "priority"]),
        ({"name": "Call", "assignee_id": "ada", "person": {"id": "nobody"}}, ["person"]),
        ({"name": "Call", "assignee_id": "ada", "person": {}}, ["person"]),
        ({"name": "Call", "assignee_id": "ada", "campaign": {"name": "no id"}}, ["campaign"]),
    ],
)
def test_wrong_members_are_refused_by_name(team: SandboxHandle, body: dict[str, Any], fields: list[str]) -> None:
    """A body that does not fit is refused with 422 and all its wrong members, and nothing is written."""
    answer = team.ask("POST", "/v1/reminders", json=body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "validation_failed"
    assert sorted(error["fields"]) == sorted(fields)
    assert team.writes("sales_connect") == []


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b'{"name": "\xff"}', 400), (b"[]", 422), (b"", 400)])
def test_a_body_that_is_no_object_is_refused(team: SandboxHandle, body: bytes, status: int) -> None:
    """What is no JSON is malformed; other JSON is no reminder."""
    assert team.ask("POST", "/v1/reminders", data=body).status_code == status


def test_a_patch_changes_only_what_it_sends(team: SandboxHandle) -> None:
    """Absent members stay, null empties, and each write adds one to the version."""
    before = create(team, details="Note", due_date="2026-11-20", priority="high")
    after = team.ask("PATCH", f"/v1/reminders/{before['id']}", json={"details": None, "name": "Ring"}).json()
    assert after == before | {"details": None, "name": "Ring", "version": 2, "updated_at": after["updated_at"]}
    assert team.writes("sales_connect")[-1]["fields"] == ["name", "details"]


def test_a_patch_without_a_change_is_no_write(team: SandboxHandle) -> None:
    """Version and stamp stay, and the write list has no entry."""
    before = create(team, details="Note")
    answer = team.ask("PATCH", f"/v1/reminders/{before['id']}", json={"details": "Note", "name": "Call"})
    assert answer.json() == before
    assert len(team.writes("sales_connect")) == 1


def test_completing_and_reopening_derive_completed_at(team: SandboxHandle) -> None:
    """`completed_at` is the moment of completion, and null again on reopening."""
    reminder = create(team)
    completed = team.ask("PATCH", f"/v1/reminders/{reminder['id']}", json={"status": "completed"}).json()
    assert completed["completed_at"] == completed["updated_at"]
    renamed = team.ask("PATCH", f"/v1/reminders/{reminder['id']}", json={"name": "Ring"}).json()
    assert renamed["completed_at"] == completed["completed_at"]
    reopened = team.ask("PATCH", f"/v1/reminders/{reminder['id']}", json={"status": "open"}).json()
    assert reopened["completed_at"] is None


def test_a_reminder_created_completed_has_its_time(team: SandboxHandle) -> None:
    """A reminder may be born completed."""
    reminder = create(team, status="completed")
    assert reminder["completed_at"] == reminder["created_at"]


def test_if_match_guards_a_change(team: SandboxHandle) -> None:
    """The right version passes, an old one gets 412, and what is no version 400."""
    path = f"/v1/reminders/{create(team)['id']}"
    assert team.ask("PATCH", path, json={"name": "A"}, headers={"If-Match": '"1"'}).status_code == 200
    stale = team.ask("PATCH", path, json={"name": "B"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["error"]["code"]) == (412, "precondition_failed")
    assert team.ask("PATCH", path, json={"name": "B"}, headers={"If-Match": "2"}).status_code == 400
    assert team.ask("DELETE", path, headers={"If-Match": '"1"'}).status_code == 412
    assert team.ask("DELETE", path, headers={"If-Match": '"2"'}).status_code == 204


def test_a_deleted_reminder_is_gone(team: SandboxHandle) -> None:
    """Every call on it gets 410; unknown ids get 404."""
    path = f"/v1/reminders/{create(team)['id']}"
    assert team.ask("DELETE", path).content == b""
    assert [team.ask(method, path, json={}).status_code for method in ("GET", "PATCH", "DELETE")] == [410] * 3
    unknown = [team.ask(method, "/v1/reminders/none", json={}).status_code for method in ("GET", "PATCH", "DELETE")]
    assert unknown == [404] * 3


def test_a_tombstone_is_readable_for_thirty_days(team: SandboxHandle) -> None:
    """It is stamped and counted as a write, and after 30 days of the sandbox's time it is unknown."""
    reminder = create(team)
    team.ask("DELETE", f"/v1/reminders/{reminder['id']}")

    def tombstones() -> list[dict[str, Any]]:
        return team.ask("GET", "/v1/reminders", params={"include_deleted": "true"}).json()["data"]

    (tombstone,) = tombstones()
    assert tombstone["deleted_at"] == tombstone["updated_at"]
    assert tombstone["version"] == 2
    team.clock(29.9 * DAY)
    assert tombstones() == [tombstone]
    team.clock(30.1 * DAY)
    assert tombstones() == []
    assert team.ask("GET", f"/v1/reminders/{reminder['id']}").status_code == 404


def test_a_task_belongs_to_one_living_reminder(team: SandboxHandle) -> None:
    """A second reminder with its id gets 409 with the holder's id; deleting the holder frees it."""
    holder = create(team, salesforce_task_id="00TA00000000001AAA")
    other = create(team)
    for answer in (
        team.ask("PATCH", f"/v1/reminders/{other['id']}", json={"salesforce_task_id": "00TA00000000001AAA"}),
        team.ask(
            "POST", "/v1/reminders", json={"name": "x", "assignee_id": "ada", "salesforce_task_id": "00TA00000000001"}
        ),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["holder_id"]) == (409, holder["id"])
        assert error["fields"] == ["salesforce_task_id"]
    team.ask("DELETE", f"/v1/reminders/{holder['id']}")
    freed = team.ask("PATCH", f"/v1/reminders/{other['id']}", json={"salesforce_task_id": "00TA00000000001AAA"})
    assert freed.status_code == 200


def test_a_person_is_linked_by_a_salesforce_id(team: SandboxHandle) -> None:
    """The person known by that id is linked, 15 or 18 characters long; nobody known: null."""
    contact = create(team, person={"salesforce_contact_id": "003A00000000001"})["person"]
    assert (contact["id"], contact["salesforce_contact_id"]) == ("per_1", "003A00000000001AAA")
    assert create(team, person={"salesforce_lead_id": "00QA00000000002AAA"})["person"]["id"] == "per_2"
    reminder = create(team, person={"salesforce_contact_id": "003A00000000009AAA"})
    assert reminder["person"] is None
    by_id = team.ask("PATCH", f"/v1/reminders/{reminder['id']}", json={"person": {"id": "per_2"}}).json()
    assert by_id["person"]["name"] == "Dan"
    assert team.writes("sales_connect")[-1]["fields"] == ["person"]


def test_an_idempotency_key_repeats_the_first_answer_for_a_day(team: SandboxHandle) -> None:
    """The same body gets the first answer, even after a change; another body 422; after 24 h the key is free."""
    key = {"Idempotency-Key": "key-1"}
    body = {"name": "Call", "assignee_id": "ada"}
    first = team.ask("POST", "/v1/reminders", json=body, headers=key)
    team.ask("PATCH", f"/v1/reminders/{first.json()['id']}", json={"name": "Ring"})
    again = team.ask("POST", "/v1/reminders", json=dict(reversed(body.items())), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = team.ask("POST", "/v1/reminders", json=body | {"name": "Mail"}, headers=key)
    assert other.status_code == 422
    batch = {"operations": [{"op": "create", "idempotency_key": "key-1", "reminder": body}]}
    assert team.ask("POST", "/v1/reminders/batch", json=batch).json()["results"] == [
        {"status": 201, "reminder": first.json()}
    ]
    assert [write["action"] for write in team.writes("sales_connect")] == ["create", "update"]
    team.clock(DAY + 60)
    assert team.ask("POST", "/v1/reminders", json=body, headers=key).json()["id"] != first.json()["id"]


def test_a_refused_request_leaves_its_key_free(team: SandboxHandle) -> None:
    """Only answers of success are remembered."""
    key = {"Idempotency-Key": "key-2"}
    refused = team.ask("POST", "/v1/reminders", json={"name": "Call", "assignee_id": "nobody"}, headers=key)
    accepted = team.ask("POST", "/v1/reminders", json={"name": "Call", "assignee_id": "ada"}, headers=key)
    assert (refused.status_code, accepted.status_code) == (422, 201)


def test_text_survives_as_it_is(team: SandboxHandle) -> None:
    """No trimming, no change of line endings, any script."""
    text = " \r\n\tعربي 日本語 🚀\u0000 <b>&amp;</b> " + "x" * 40_000
    assert create(team, details=text)["details"] == text
