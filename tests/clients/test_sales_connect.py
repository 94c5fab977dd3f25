"""The Sales Connect client and the sandbox, two readings of one contract."""

from datetime import UTC, datetime, timedelta

import pytest

from tasksync_clients.errors import AuthenticationFailed, Duplicate, Gone, NotFound, Refused, Stale, Unreachable
from tasksync_clients.recovery import Recovery
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings

TASK = "00T000000000001AAA"


def _settings(sandbox, **more):
    return SalesConnectSettings(sandbox.sales_connect_url, loopback_only=True, **{"retry_delay": 0.001} | more)


@pytest.fixture
def client(sandbox):
    """A client of a sandbox with two users."""
    users = [{"id": name, "email": f"{name}@example.com", "name": name} for name in ("ada", "bob")]
    sandbox.load(sales_connect={"users": users})
    with SalesConnectClient(_settings(sandbox, token="sandbox")) as client:
        yield client


def _reminder(name="Call", **more):
    return {"type": "call", "name": name, "assignee_id": "ada"} | more


def _create(number=0, **more):
    return {"op": "create", "idempotency_key": f"key-{number}", "reminder": _reminder(f"n{number}", **more)}


def _all(pages):
    return [record for page in pages for record in page]


def test_reminder_lives_and_dies(client):
    """A reminder is created, read, changed where asked, deleted, and then gone."""
    made = client.create_reminder(_reminder(due_date="2026-11-20"))
    assert client.get_reminder(made["id"]) == made
    changed = client.patch_reminder(made["id"], {"status": "completed"}, version=made["version"])
    assert (changed["status"], changed["due_date"], changed["version"]) == (
        "completed",
        "2026-11-20",
        made["version"] + 1,
    )
    assert client.delete_reminder(made["id"]) is True
    assert client.delete_reminder(made["id"]) is False
    with pytest.raises(Gone):
        client.get_reminder(made["id"])
    with pytest.raises(NotFound):
        client.get_reminder("unknown/../x?y")


def test_version_that_moved_on_is_stale(client):
    """A change of a version that moved on is refused as stale, alone and in a batch."""
    made = client.create_reminder(_reminder())
    client.patch_reminder(made["id"], {"name": "New"})
    with pytest.raises(Stale) as caught:
        client.patch_reminder(made["id"], {"name": "Old"}, version=made["version"])
    assert (caught.value.code, caught.value.status) == ("stale", 412)
    update = {"op": "update", "id": made["id"], "if_version": made["version"], "reminder": {"name": "Old"}}
    (row,) = client.batch([update])
    assert (row.ok, row.id, row.code, row.status, row.recovery) == (
        False,
        made["id"],
        "stale",
        412,
        Recovery.RETRY_LATER,
    )


def test_holder_of_a_task_id_is_named(client):
    """A second reminder for the same task is refused with the id of the first, alone and in a batch."""
    first = client.create_reminder(_reminder(salesforce_task_id=TASK))
    with pytest.raises(Duplicate) as caught:
        client.create_reminder(_reminder(salesforce_task_id=TASK))
    assert caught.value.holder_id == first["id"]
    (row,) = client.batch([_create(salesforce_task_id=TASK)])
    assert (row.status, row.holder_id, row.recovery) == (409, first["id"], Recovery.PARK)


def test_key_makes_a_create_repeatable(client, sandbox):
    """A create with a key whose answer is lost is asked for again and made once."""
    sandbox.fault("sales_connect", "drop_after", method="POST", path="/v1/reminders", times=1)
    made = client.create_reminder(_reminder(), idempotency_key="once")
    assert [one["id"] for one in _all(client.reminders())] == [made["id"]]
    assert sandbox.calls("sales_connect")["total"] == client.calls


def test_lost_answers_of_changes_are_asked_for_again(client, sandbox):
    """A change and a deletion whose answers are lost are repeated and done."""
    made = client.create_reminder(_reminder())
    sandbox.fault("sales_connect", "drop_after", method="PATCH|DELETE", times=1)
    assert client.patch_reminder(made["id"], {"name": "New"})["name"] == "New"
    sandbox.fault("sales_connect", "drop_after", method="DELETE", times=1)
    assert client.delete_reminder(made["id"]) is False
    assert _all(client.reminders()) == []


def test_pages_follow_the_cursor(client, sandbox):
    """All reminders come, in the contract's order, whatever the pages' length."""
    client.batch([_create(number) for number in range(450)])
    sandbox.fault("sales_connect", "short_pages")
    pages = list(client.reminders(limit=100))
    found = _all(pages)
    assert len(found) == 450
    assert found == sorted(found, key=lambda one: (one["updated_at"], one["id"]))
    assert len(pages) >= 5


def test_filters_reach_the_service(client):
    """Each filter of the contract does what its name says; half characters in them harm nobody."""
    first, second = (client.create_reminder(_reminder(name)) for name in ("a", "b"))
    other = client.create_reminder(_reminder("c", assignee_id="bob", salesforce_task_id=TASK))
    client.delete_reminder(first["id"])

    def ids(**filters):
        return [one["id"] for one in _all(client.reminders(**filters))]

    assert sorted(ids()) == sorted([second["id"], other["id"]])
    assert ids(assignee_ids=["bob"]) == [other["id"]]
    assert ids(salesforce_task_ids=[TASK]) == [other["id"]]
    assert sorted(ids(ids=[first["id"], second["id"]], include_deleted=True)) == sorted([first["id"], second["id"]])
    assert first["id"] in ids(updated_since=other["updated_at"], assignee_ids=["ada"], include_deleted=True)
    assert ids(updated_since="2099-01-01T00:00:00.000Z") == []
    assert ids(ids=["\ud800"]) == []


def test_long_lists_of_ids_are_split(client, sandbox):
    """More than 200 ids are asked for in several calls, each id once; no ids, no call."""
    made = [row.id for row in client.batch([_create(number) for number in range(250)])]
    before = client.calls
    assert list(client.reminders(ids=[])) == []
    assert client.calls == before
    found = _all(client.reminders(ids=made + made))
    assert sorted(one["id"] for one in found) == sorted(made)
    assert client.calls - before == 2
    assert sandbox.calls("sales_connect")["total"] == client.calls


def test_users_and_people_are_read(client, sandbox):
    """Users, people and settings come as the contract has them; a user's task sync is switched."""
    person = {"id": "p1", "name": "Cleo", "email": "cleo@example.com", "updated_at": "2026-11-20T08:00:00.000Z"}
    sandbox.load(sales_connect={"people": [person], "settings": {"activity_detail_customization": "{{activity_type}}"}})
    assert [user["id"] for user in _all(client.users())] == ["ada", "bob"]
    assert client.patch_user("ada", {"task_sync": {"enabled": True}})["task_sync"]["enabled"] is True
    assert [one["id"] for one in _all(client.people())] == ["p1"]
    assert _all(client.people(updated_since="2099-01-01T00:00:00.000Z")) == []
    assert client.salesforce_settings()["activity_detail_customization"] == "{{activity_type}}"


def test_batch_answers_each_row_in_order(client, sandbox):
    """Created, changed, refused, deleted and unknown rows each get their result, in order."""
    kept, doomed = (client.create_reminder(_reminder(name)) for name in ("kept", "doomed"))
    rows = client.batch(
        [
            _create(1),
            {"op": "update", "id": kept["id"], "reminder": {"priority": "high"}},
            {"op": "update", "id": kept["id"], "reminder": {"priority": "absurd"}},
            {"op": "delete", "id": doomed["id"]},
            {"op": "delete", "id": doomed["id"]},
            {"op": "delete", "id": "unknown"},
            {"op": "update", "id": doomed["id"], "reminder": {"name": "x"}},
        ]
    )
    assert [row.ok for row in rows] == [True, True, False, True, True, True, False]
    assert (rows[0].created, rows[0].record["name"], rows[0].id) == (True, "n1", rows[0].record["id"])
    assert (rows[1].created, rows[1].record["priority"]) == (None, "high")
    assert (rows[2].status, rows[2].recovery, rows[2].fields) == (422, Recovery.PARK, ("priority",))
    assert rows[6].status == 410
    assert sandbox.calls("sales_connect")["total"] == client.calls


def test_large_batch_runs_side_by_side_in_order(client, sandbox):
    """A large batch takes 200 operations a call, and its results keep their order."""
    rows = client.batch([_create(number) for number in range(1001)])
    assert [row.record["name"] for row in rows] == [f"n{number}" for number in range(1001)]
    assert client.calls == sandbox.calls("sales_connect")["total"] == 6


def test_lost_batch_is_repeated_by_its_keys(client, sandbox):
    """A batch whose answer is lost is repeated, and its keys see to it that nothing is made twice."""
    sandbox.fault("sales_connect", "drop_after", path="/batch", times=2)
    rows = client.batch([_create(number) for number in range(3)])
    assert all(row.ok for row in rows)
    assert client.calls == 3
    assert len(_all(client.reminders())) == 3


def test_rows_that_may_succeed_are_sent_again(client, sandbox):
    """Rows that meet a limit or a server fault are sent again alone."""
    sandbox.fault("sales_connect", "row_error", status=429, code="too_many", where={"name": "n1"}, times=2)
    assert all(row.ok for row in client.batch([_create(number) for number in range(3)]))
    assert client.calls == 3
    assert len(_all(client.reminders())) == 3


def test_passing_trouble_is_waited_out(client, sandbox):
    """Limits with Retry-After, server faults and cut connections are waited out."""
    sandbox.fault("sales_connect", "status", status=429, headers={"Retry-After": "0"}, times=1)
    sandbox.fault("sales_connect", "status", status=503, body="<html>", times=1)
    sandbox.fault("sales_connect", "drop_before", times=1)
    assert len(_all(client.users())) == 2
    assert client.calls == 4


def test_service_that_stays_down_is_unreachable(client, sandbox):
    """A service that only answers with faults stops the run."""
    sandbox.fault("sales_connect", "status", status=503, body="<html>sorry</html>")
    with pytest.raises(Unreachable, match="503"):
        client.salesforce_settings()


def test_wrong_token_says_what_to_check(sandbox):
    """A token that is not accepted names its setting, and is not shown."""
    with (
        SalesConnectClient(_settings(sandbox, token="wr0ng")) as client,
        pytest.raises(AuthenticationFailed, match="SALES_CONNECT_TOKEN") as caught,
    ):
        client.salesforce_settings()
    assert "wr0ng" not in str(caught.value)
    assert client.calls == 1


def test_login_by_client_credentials(sandbox):
    """A login by client credentials is no call, and an expired token is renewed once."""
    with SalesConnectClient(_settings(sandbox, oauth_client_id="sandbox", oauth_client_secret="sandbox")) as client:
        client.salesforce_settings()
        assert client.calls == 1
        sandbox.fault("sales_connect", "expire_session", times=1)
        client.salesforce_settings()
        assert client.calls == sandbox.calls("sales_connect")["total"] == 3


def test_wrong_secret_says_what_to_check(sandbox):
    """Client credentials that are not accepted name their settings."""
    with (
        SalesConnectClient(_settings(sandbox, oauth_client_id="sandbox", oauth_client_secret="wr0ng")) as client,
        pytest.raises(AuthenticationFailed, match="SALES_CONNECT_CLIENT_SECRET") as caught,
    ):
        client.salesforce_settings()
    assert "wr0ng" not in str(caught.value)


def test_server_time_is_the_services(client, sandbox):
    """The time is the service's own, asked for when nothing has told it yet."""
    sandbox.clock(86_400)
    ahead = client.server_time() - datetime.now(UTC)
    assert timedelta(hours=23) < ahead < timedelta(hours=25)
    assert client.calls == 1
    sandbox.clock(0)


def test_malformed_row_does_not_hold_up_the_others(client):
    """An operation that the service cannot read is refused alone."""
    rows = client.batch([_create(1), {"op": "explode"}, _create(2)])
    assert [row.ok for row in rows] == [True, False, True]
    assert rows[1].recovery is Recovery.PARK


def test_refusal_keeps_its_reason_for_the_ledger(client):
    """A refused reminder keeps code, reason and fields; its text shows no value."""
    with pytest.raises(Refused) as caught:
        client.create_reminder(_reminder(priority="p3rsonal"))
    error = caught.value
    assert (error.status, error.category, error.fields) == (422, "Access/Validation", ("priority",))
    assert error.reason
    assert "p3rsonal" not in str(error)


@pytest.mark.parametrize("id_", ["", ".", ".."])
def test_ids_that_are_no_part_of_an_address_are_refused(client, id_):
    """An id that would lead to another resource is not sent."""
    with pytest.raises(ValueError, match="cannot be"):
        client.delete_reminder(id_)
    with pytest.raises(ValueError, match="printable"):
        client.create_reminder(_reminder(), idempotency_key="a\nb")
