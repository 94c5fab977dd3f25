"""The batch resource."""

from __future__ import annotations

import pytest

from tests.contract.marks import marked


def new(tenant, key=None, **members):
    """A create."""
    return {"op": "create", "reminder": tenant.body(**members)} | ({"idempotency_key": key} if key else {})


def test_each_operation_has_its_own_result(tenant):
    """POST batch [U]: results come in order, each with a status, and a reminder or an error."""
    first, wrong, last = tenant.batch(new(tenant), new(tenant, assignee_id="unknown-to-all"), new(tenant))
    assert [result["status"] for result in (first, wrong, last)] == [201, 422, 201]
    assert wrong["error"]["code"]
    assert "reminder" not in wrong


def test_updates_and_deletes(tenant):
    """POST batch [U]: an update answers 200 with the reminder, a delete 204; both of what is unknown 404."""
    reminder_id = tenant.create()["id"]
    update = {"op": "update", "reminder": {"priority": "high"}}
    results = tenant.batch(
        update | {"id": reminder_id},
        {"op": "delete", "id": reminder_id},
        update | {"id": "unknown-to-all"},
        {"op": "delete", "id": "unknown-to-all"},
    )
    assert [result["status"] for result in results] == [200, 204, 404, 404]
    assert results[0]["reminder"]["priority"] == "high"


def test_what_is_deleted_is_410(tenant):
    """POST batch [U]: an update or delete of a deleted reminder is 410, and the client takes the delete for done."""
    reminder_id = tenant.create()["id"]
    tenant.client.delete_reminder(reminder_id)
    delete = {"op": "delete", "id": reminder_id}
    update = {"op": "update", "id": reminder_id, "reminder": {"priority": "high"}}
    assert [result["status"] for result in tenant.batch(update, delete)] == [410, 410]
    assert [result.ok for result in tenant.client.batch([delete])] == [True]


def test_versions_guard_operations(tenant):
    """POST batch [U]: an update or delete whose if_version is not the reminder's is 412 and changes nothing."""
    reminder = tenant.create()
    moved = tenant.client.patch_reminder(reminder["id"], {"priority": "high"})
    guard = {"id": reminder["id"], "if_version": reminder["version"]}
    results = tenant.batch({"op": "update", "reminder": {"details": "x"}} | guard, {"op": "delete"} | guard)
    assert [result["status"] for result in results] == [412, 412]
    assert tenant.client.get_reminder(reminder["id"]) == moved


def test_the_right_version_passes(tenant):
    """POST batch [U]: an update and a delete with the reminder's version are carried out."""
    reminder = tenant.create()
    guard = {"id": reminder["id"], "if_version": reminder["version"]}
    (changed,) = tenant.batch({"op": "update", "reminder": {"priority": "high"}} | guard)
    guard["if_version"] = changed["reminder"]["version"]
    assert [result["status"] for result in tenant.batch({"op": "delete"} | guard)] == [204]


def test_an_idempotency_key_creates_once(tenant):
    """POST batch [U]: a create with the same idempotency_key gives the first one's reminder, also in a later batch."""
    operation = new(tenant, key=marked())
    (first,), (second,) = tenant.batch(operation), tenant.batch(operation)
    assert (first["status"], second["reminder"]["id"]) == (201, first["reminder"]["id"])


def test_a_task_taken_in_a_batch(tenant):
    """POST batch [U]: a salesforce_task_id that an earlier operation took is 409 with the holder's id."""
    named = f"00T{marked()[-12:]}AAA"
    first, second = tenant.batch(*[new(tenant, salesforce_task_id=named)] * 2)
    assert (second["status"], second["error"]["holder_id"]) == (409, first["reminder"]["id"])


def test_two_hundred_operations(tenant):
    """POST batch [U]: 200 operations are taken in one call."""
    before = tenant.client.calls
    rows = tenant.client.batch([new(tenant) for _ in range(200)])
    tenant.made += [row.id for row in rows if row.id]
    assert {row.ok for row in rows} == {True}
    assert tenant.client.calls == before + 1


@pytest.mark.alternative("the client never sends more than 200")
def test_no_more_than_two_hundred(tenant):
    """POST batch [U]: 201 operations are refused as a whole."""
    operations = [{"op": "delete", "id": "unknown-to-all"}] * 201
    answer = tenant.ask("POST", "/v1/reminders/batch", json={"operations": operations})
    assert answer.status_code in {400, 422}, f"HTTP {answer.status_code}"
