"""Lists of reminders, users and people."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tasksync_clients.errors import NotFound
from tasksync_clients.tokens import Token


def page(tenant, **filters):
    """One page of reminders, by plain HTTP."""
    answer = tenant.ask("GET", "/v1/reminders", params=filters)
    assert answer.status_code == 200
    return answer.json()


def task_id():
    """A Salesforce id that nobody has."""
    return f"00T{secrets.token_hex(6)}AAA"


def test_reminders_come_in_order(tenant):
    """GET reminders [U]: reminders come in order of (updated_at, id)."""
    tenant.batch(*[{"op": "create", "reminder": tenant.body()} for _ in range(5)])
    found = tenant.list(assignee_ids=[tenant.user["id"]])
    keys = [(reminder["updated_at"], reminder["id"]) for reminder in found]
    assert keys == sorted(keys)


def test_updated_since_includes_its_moment(tenant, wait):
    """GET reminders [U]: updated_since includes its own moment and leaves out what is older."""
    early = tenant.create()
    wait(1)
    late = tenant.create()
    ids = f"{early['id']},{late['id']}"
    found = [reminder["id"] for reminder in page(tenant, ids=ids, updated_since=late["updated_at"])["data"]]
    assert found == [late["id"]]
    both = page(tenant, ids=ids, updated_since=early["updated_at"])["data"]
    assert len(both) == 2


def test_pages(tenant):
    """GET reminders [U]: a page holds at most `limit`; next_cursor leads to the next one, and null ends the list."""
    results = tenant.batch(*[{"op": "create", "reminder": tenant.body()} for _ in range(5)])
    ids = [result["reminder"]["id"] for result in results]
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        told = page(tenant, ids=",".join(ids), limit=2, **({"cursor": cursor} if cursor else {}))
        assert len(told["data"]) <= 2
        found += [reminder["id"] for reminder in told["data"]]
        cursor, pages = told["next_cursor"], pages + 1
    assert sorted(found) == sorted(ids)
    assert pages >= 3


def test_the_largest_page(tenant):
    """GET reminders [U]: a limit of 500 is taken."""
    assert page(tenant, limit=500, assignee_ids=tenant.user["id"])["data"] is not None


def test_filter_by_ids(tenant):
    """GET reminders [U]: `ids` finds these reminders alone; an id that is unknown is left out."""
    first, second, _ = (tenant.create() for _ in range(3))
    found = tenant.list(ids=[first["id"], second["id"], "unknown-to-all"])
    assert {reminder["id"] for reminder in found} == {first["id"], second["id"]}


def test_two_hundred_ids_in_a_filter(tenant):
    """GET reminders [U]: a filter takes 200 ids."""
    ids = ",".join([f"unknown-{number}" for number in range(200)])
    assert page(tenant, ids=ids) == {"data": [], "next_cursor": None}


def test_filter_by_task(tenant):
    """GET reminders [U]: `salesforce_task_ids` finds the reminders that name these tasks."""
    named = task_id()
    reminder = tenant.create(salesforce_task_id=named)
    tenant.create()
    assert [found["id"] for found in tenant.list(salesforce_task_ids=[named])] == [reminder["id"]]


def test_filter_by_assignee(tenant):
    """GET reminders [U]: `assignee_ids` finds the reminders of these users alone."""
    reminder = tenant.create()
    found = tenant.list(assignee_ids=[tenant.user["id"]])
    assert reminder["id"] in {one["id"] for one in found}
    assert {one["assignee_id"] for one in found} == {tenant.user["id"]}


def test_tombstones_are_asked_for(tenant):
    """GET reminders [U]: a deleted reminder is listed with include_deleted alone; deleted_at is its updated_at."""
    reminder = tenant.create()
    tenant.client.delete_reminder(reminder["id"])
    assert tenant.list(ids=[reminder["id"]]) == []
    (tombstone,) = tenant.list(ids=[reminder["id"]], include_deleted=True)
    assert tombstone["deleted_at"] == tombstone["updated_at"]
    assert tombstone["updated_at"] >= reminder["updated_at"]
    since = tenant.list(updated_since=tombstone["updated_at"], include_deleted=True)
    assert reminder["id"] in {one["id"] for one in since}, "the incremental list lacks it"


def test_a_tombstone_keeps_its_task(tenant):
    """GET reminders [U]: a deleted reminder is found by its salesforce_task_id."""
    named = task_id()
    reminder = tenant.create(salesforce_task_id=named)
    tenant.client.delete_reminder(reminder["id"])
    found = tenant.list(salesforce_task_ids=[named], include_deleted=True)
    assert [one["id"] for one in found] == [reminder["id"]]


def test_a_tombstone_lasts_30_days(tenant, own, wait):
    """GET reminders [U]: a tombstone is listed for 30 days."""
    if own is None:
        pytest.skip("it takes 30 days")
    reminder = tenant.create()
    tenant.client.delete_reminder(reminder["id"])
    wait(29.9 * 86_400)
    assert len(tenant.list(ids=[reminder["id"]], include_deleted=True)) == 1


def test_one_reminder(tenant):
    """GET reminder [U]: a reminder is read by its id; 404 when unknown."""
    reminder = tenant.create()
    assert tenant.client.get_reminder(reminder["id"]) == reminder
    assert tenant.ask("GET", f"/v1/reminders/{reminder['id']}").json() == reminder
    with pytest.raises(NotFound):
        tenant.client.get_reminder("unknown-to-all")


def test_a_deleted_reminder_is_410(tenant):
    """GET reminder [U]: a deleted reminder is 410 for GET, PATCH and DELETE."""
    path = f"/v1/reminders/{tenant.create()['id']}"
    assert tenant.ask("DELETE", path).status_code == 204
    codes = [tenant.ask(method, path, json={}).status_code for method in ("GET", "PATCH")]
    assert [*codes, tenant.ask("DELETE", path).status_code] == [410, 410, 410]


def test_users(tenant):
    """GET users [U]: each has id, email, salesforce_user_id, and task_sync with enabled and enabled_at."""
    told = tenant.ask("GET", "/v1/users").json()
    assert told["data"], "there is none"
    wrong = [
        user["id"] for user in told["data"] if user["task_sync"]["enabled"] != bool(user["task_sync"]["enabled_at"])
    ]
    assert wrong == [], "enabled_at is set exactly while task sync is on"


def test_people(tenant):
    """GET people [U]: people come in pages, with the four Salesforce ids."""
    assert tenant.ask("GET", "/v1/people", params={"limit": 2}).status_code == 200


def test_settings(tenant):
    """GET settings [U]: the Salesforce settings have an account_id that stays, and a subject template."""
    first, second = (tenant.ask("GET", "/v1/settings/salesforce").json() for _ in range(2))
    assert first["account_id"], "it is empty"
    assert first == second
    assert isinstance(first["activity_detail_customization"], str)


def test_a_wrong_token_is_401(tenant):
    """Auth [U]: a token that is not valid is 401 with an error object."""
    wrong = Token("not-a-token", tenant.wire.token.base)
    answer = tenant.ask("GET", "/v1/settings/salesforce", token=wrong)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"]


def test_client_credentials(tenant):
    """Auth [U]: POST /oauth/token gives an access_token with expires_in seconds by client credentials."""
    settings = tenant.chosen.sales_connect
    if not settings.oauth_client_id:
        pytest.skip("there is a static token and no OAuth client")
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.oauth_client_id,
        "client_secret": settings.oauth_client_secret,
    }
    told = tenant.ask("POST", "/oauth/token", token=Token("", settings.api_url), data=form).json()
    assert {"access_token", "expires_in"} <= told.keys()


@pytest.mark.alternative("stamps of the service are compared with each other; its clock is asked for at long gaps only")
def test_the_date_header_is_the_clock_of_the_stamps(tenant):
    """Times [U]: updated_at goes by the clock of the Date header, within 2 seconds."""
    answer = tenant.post(tenant.body())
    stamp = datetime.fromisoformat(answer.json()["updated_at"])
    told = parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    assert abs(told - stamp) <= timedelta(seconds=2), f"{told}, stamped {stamp}"
