"""Writes of single reminders."""

from __future__ import annotations

import secrets

import pytest

from tasksync_clients.errors import Duplicate, Stale
from tests.contract.marks import marked

NULLS = {
    "due_date", "person", "campaign", "call_outcome", "call_reason", "salesforce_task_id", "completed_at", "deleted_at",
}  # fmt: skip


def task_id():
    """A Salesforce id that nobody has."""
    return f"00T{secrets.token_hex(6)}AAA"


def test_a_new_reminder(tenant):
    """POST reminders [U]: name and assignee are enough: 201, custom, open, normal, version 1, everything else null."""
    answer = tenant.post(tenant.body())
    assert answer.status_code == 201
    reminder = answer.json()
    kinds = (reminder["type"], reminder["status"], reminder["priority"], reminder["version"])
    assert kinds == ("custom", "open", "normal", 1)
    assert {name for name in NULLS if reminder[name] is not None} == set()


def test_every_member_comes_back(tenant):
    """POST reminders [U]: status, priority, due date and details come back as they were written."""
    members = {"status": "completed", "priority": "high", "due_date": "2030-12-31", "details": "two\nlines"}
    reminder = tenant.create(**members)
    assert {name: reminder[name] for name in members} == members
    assert reminder["completed_at"], "it has no completed_at"


@pytest.mark.alternative("the comparison of texts heeds neither the white space around them nor their line ends")
def test_texts_stay_as_they_are(tenant):
    """POST reminders [U]: details are neither trimmed nor changed, in any script, up to 40,000 characters."""
    text = " \r\n\tعربي 日本語 🚀 <b>&amp;</b> " + "x" * 40_000
    assert tenant.create(details=text)["details"] == text


def test_long_texts_are_taken(tenant):
    """POST reminders [U]: details of 32,000 characters, the most that Salesforce holds, are taken whole."""
    text = "ü" * 32_000
    assert tenant.create(details=text)["details"] == text


def test_a_wrong_member_is_422(tenant):
    """POST reminders [U]: a wrong member is 422 with an error object that names it in `fields`."""
    for members, name in (({"assignee_id": "unknown-to-all"}, "assignee_id"), ({"due_date": "soon"}, "due_date")):
        answer = tenant.post(tenant.body(**members))
        assert answer.status_code == 422
        assert name in answer.json()["error"]["fields"]


def test_a_name_of_500_characters(tenant):
    """POST reminders [U]: a name holds 500 characters, of which a Subject's 255 are taken."""
    name = (marked() + "x" * 500)[:500]
    assert tenant.create(name=name)["name"] == name


def test_an_idempotency_key_creates_once(tenant):
    """POST reminders [U]: the same Idempotency-Key gives the first answer again, and makes no second reminder."""
    body, key = tenant.body(), {"Idempotency-Key": marked()}
    first, second = tenant.post(body, headers=key), tenant.post(body, headers=key)
    assert (first.status_code, second.json()["id"]) == (201, first.json()["id"])
    found = [one for one in tenant.list(assignee_ids=[tenant.user["id"]]) if one["name"] == body["name"]]
    assert len(found) == 1


def test_an_idempotency_key_lasts_a_day(tenant, own, wait):
    """POST reminders [U]: an Idempotency-Key is remembered for 24 hours."""
    if own is None:
        pytest.skip("it takes a day")
    body, key = tenant.body(), {"Idempotency-Key": marked()}
    first = tenant.post(body, headers=key)
    wait(23.9 * 3_600)
    assert tenant.post(body, headers=key).json()["id"] == first.json()["id"]


def test_one_reminder_for_one_task(tenant):
    """POST reminders [U]: a salesforce_task_id that a living reminder has is 409 with the holder's id."""
    named = task_id()
    holder = tenant.create(salesforce_task_id=named)
    with pytest.raises(Duplicate) as refused:
        tenant.create(salesforce_task_id=named)
    assert refused.value.holder_id == holder["id"]
    answer = tenant.post(tenant.body(salesforce_task_id=named))
    assert (answer.status_code, answer.json()["error"]["holder_id"]) == (409, holder["id"])


def test_a_deleted_reminder_frees_its_task(tenant):
    """POST reminders [U]: a deleted reminder's salesforce_task_id is free for another one."""
    named = task_id()
    tenant.client.delete_reminder(tenant.create(salesforce_task_id=named)["id"])
    assert tenant.create(salesforce_task_id=named)["salesforce_task_id"] == named


def test_a_person_by_a_salesforce_id(tenant):
    """POST reminders [U]: a person given by a Salesforce id is the one that Sales Connect knows by it."""
    if not tenant.chosen.person:
        pytest.skip("TASKSYNC_CONTRACT_PERSON names no contact that Sales Connect knows")
    person = tenant.create(person={"salesforce_contact_id": tenant.chosen.person})["person"]
    assert person, "nobody was linked"
    assert person["salesforce_contact_id"][:15] == tenant.chosen.person[:15]


def test_a_person_whom_nobody_knows(tenant):
    """POST reminders [U]: a Salesforce id that Sales Connect does not know leaves the person null."""
    contact = f"003{secrets.token_hex(6)}AAA"
    assert tenant.create(person={"salesforce_contact_id": contact})["person"] is None


def test_a_patch_changes_what_it_names(tenant):
    """PATCH reminder [U]: only the members sent change; null empties; version goes up by one."""
    before = tenant.create(priority="high", due_date="2030-12-31", details="Note")
    answer = tenant.ask("PATCH", f"/v1/reminders/{before['id']}", json={"due_date": None, "status": "completed"})
    after = answer.json()
    changed = {name for name in before if before[name] != after[name]} - {"updated_at"}
    assert changed == {"due_date", "status", "version", "completed_at"}
    assert (after["due_date"], after["version"]) == (None, before["version"] + 1)
    assert after["updated_at"] >= before["updated_at"]


@pytest.mark.alternative("such a write is never made; if it were, it would be read again as an echo")
def test_a_patch_of_nothing_is_no_write(tenant):
    """PATCH reminder [U]: a PATCH that changes no value leaves version and updated_at."""
    before = tenant.create(details="Note")
    assert tenant.client.patch_reminder(before["id"], {"details": "Note"}) == before


def test_completing_and_reopening(tenant):
    """PATCH reminder [U]: completing sets completed_at, reopening empties it."""
    reminder_id = tenant.create()["id"]
    done = tenant.client.patch_reminder(reminder_id, {"status": "completed"})
    again = tenant.client.patch_reminder(reminder_id, {"status": "open"})
    assert (bool(done["completed_at"]), again["completed_at"]) == (True, None)


def test_if_match(tenant):
    """PATCH reminder [U]: If-Match with the version passes; with an earlier one it is 412 and nothing is written."""
    reminder = tenant.create()
    changed = tenant.client.patch_reminder(reminder["id"], {"priority": "high"}, reminder["version"])
    with pytest.raises(Stale):
        tenant.client.patch_reminder(reminder["id"], {"priority": "normal"}, reminder["version"])
    assert tenant.client.get_reminder(reminder["id"]) == changed


def test_an_id_can_be_written_later(tenant):
    """PATCH reminder [U]: salesforce_task_id can be written and emptied later."""
    reminder_id, named = tenant.create()["id"], task_id()
    assert tenant.client.patch_reminder(reminder_id, {"salesforce_task_id": named})["salesforce_task_id"] == named
    emptied = tenant.client.patch_reminder(reminder_id, {"salesforce_task_id": None})
    assert emptied["salesforce_task_id"] is None


def test_a_delete_leaves_a_tombstone_of_a_higher_version(tenant):
    """DELETE reminder [U]: 204 without a body; the tombstone's version is one higher."""
    reminder = tenant.create()
    answer = tenant.ask("DELETE", f"/v1/reminders/{reminder['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    (tombstone,) = tenant.list(ids=[reminder["id"]], include_deleted=True)
    assert tombstone["version"] == reminder["version"] + 1


def test_task_sync_can_be_turned_on(tenant, own):
    """PATCH user [U]: turning task sync on sets enabled_at to that moment, turning it off empties it."""
    if own is None:
        pytest.skip("it would turn task sync on for a person")
    path = f"/v1/users/{tenant.user['id']}"
    on, off = (tenant.ask("PATCH", path, json={"task_sync": {"enabled": sw}}).json() for sw in (True, False))
    assert on["task_sync"]["enabled_at"] == on["updated_at"]
    assert off["task_sync"] == {"enabled": False, "enabled_at": None}
