"""Reset, load, counts, writes and the clock."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

SC = "sales_connect"


def reminder(team: SandboxHandle, reminder_id: str) -> dict[str, Any]:
    """One reminder."""
    return team.ask("GET", f"/v1/reminders/{reminder_id}").json()


def test_a_reset_leaves_nothing_behind(team: SandboxHandle) -> None:
    """No records, faults, counts or writes; the clock and the template are as at first."""
    team.load(sales_connect={"settings": {"activity_detail_customization": "{{activity_type}}"}})
    team.ask("POST", "/v1/reminders", json={"name": "x", "assignee_id": "ada"}, headers={"Idempotency-Key": "k"})
    team.fault(SC, "daily_limit")
    team.clock(3600)
    team.reset()
    assert (team.faults(SC), team.writes(SC), team.calls(SC)) == ([], [], {"total": 0, "by_endpoint": {}})
    assert team.control(SC, "GET", "clock")["offset_seconds"] == 0
    for kind in ("reminders", "users", "people"):
        params = {"include_deleted": "true"} if kind == "reminders" else {}
        assert team.ask("GET", f"/v1/{kind}", params=params).json()["data"] == []
    template = team.ask("GET", "/v1/settings/salesforce").json()["activity_detail_customization"]
    assert template == "{{activity_subject}}"


def test_each_service_is_reset_for_itself(team: SandboxHandle) -> None:
    """A reset on the Salesforce port leaves Sales Connect's records alone."""
    team.control("salesforce", "POST", "reset")
    assert len(team.ask("GET", "/v1/users").json()["data"]) == 2


def test_load_takes_dates_and_ids_as_given(team: SandboxHandle) -> None:
    """In any offset; `attributes` is ignored; it is no write."""
    given = {
        "id": "r1",
        "attributes": {"type": "whatever"},
        "name": "Loaded",
        "assignee_id": "ada",
        "created_at": "2020-01-01T00:00:00+02:00",
        "updated_at": "2020-01-02T00:00:00.5Z",
        "deleted_at": None,
        "version": 7,
        "person": {"id": "per_1"},
    }
    team.load(sales_connect={"reminders": [given]})
    shown = reminder(team, "r1")
    assert (shown["created_at"], shown["updated_at"]) == ("2019-12-31T22:00:00.000Z", "2020-01-02T00:00:00.500Z")
    assert (shown["version"], shown["person"]["name"]) == (7, "Cleo")
    assert team.writes(SC) == []


def test_load_merges_by_id(team: SandboxHandle) -> None:
    """Members that are not given stay; an unstamped change is stamped now, and completion derived."""
    old = "2020-01-01T00:00:00.000Z"
    team.load(sales_connect={"reminders": [{"id": "r1", "name": "A", "assignee_id": "ada", "created_at": old}]})
    before = reminder(team, "r1")
    assert (before["created_at"], before["updated_at"], before["version"]) == (old, old, 1)
    team.load(sales_connect={"reminders": [{"id": "r1", "status": "completed"}]})
    after = reminder(team, "r1")
    assert (after["name"], after["created_at"], after["version"]) == ("A", old, 2)
    assert after["completed_at"] == after["updated_at"] > old


def test_load_takes_in_people_that_reminders_bring(team: SandboxHandle) -> None:
    """A whole person in a reminder is kept; one given by a Salesforce id is looked up."""
    new = {"id": "per_9", "name": "Eve", "salesforce_lead_id": "00QA00000000009AAA"}
    by_id = {"salesforce_lead_id": "00QA00000000002"}
    rows = [
        {"id": "r1", "name": "A", "assignee_id": "ada", "person": new},
        {"id": "r2", "name": "B", "assignee_id": "ada", "person": by_id},
        {"id": "r3", "name": "C", "assignee_id": "ada", "person": None},
    ]
    team.load(sales_connect={"reminders": rows})
    assert reminder(team, "r1")["person"]["salesforce_lead_id"] == "00QA00000000009AAA"
    assert reminder(team, "r2")["person"]["id"] == "per_2"
    assert reminder(team, "r3")["person"] is None
    assert "per_9" in [person["id"] for person in team.ask("GET", "/v1/people").json()["data"]]


def test_a_loaded_user_who_is_on_has_a_moment(team: SandboxHandle) -> None:
    """`enabled_at` as given, or now."""
    given = {"enabled": True, "enabled_at": "2026-01-01T00:00:00Z"}
    team.load(sales_connect={"users": [{"id": "bob", "task_sync": given}]})
    users = {user["id"]: user["task_sync"] for user in team.ask("GET", "/v1/users").json()["data"]}
    assert users["bob"] == {"enabled": True, "enabled_at": "2026-01-01T00:00:00.000Z"}
    assert users["ada"]["enabled_at"] is not None


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {"tasks": []},
        {"reminders": [{"name": "no id"}]},
        {"reminders": [{"id": "r1", "name": "A", "assignee_id": "ada", "colour": "red"}]},
        {"reminders": [{"id": "r1", "name": "A", "assignee_id": "ada"}, {"id": "r2"}]},
        {"reminders": [{"id": "r1", "name": "A", "assignee_id": "ada", "created_at": "yesterday"}]},
        {"settings": {"colour": "red"}},
    ],
)
def test_a_load_that_is_not_understood_loads_nothing(team: SandboxHandle, payload: Any) -> None:
    """400 with the reason, and all or none."""
    answer = requests.post(f"{team.sales_connect_url}/_sandbox/load", json=payload, timeout=10)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    assert team.ask("GET", "/v1/reminders").json()["data"] == []


def test_calls_are_counted_by_endpoint(team: SandboxHandle) -> None:
    """Token and control requests are not in the total; refused requests are."""
    team.ask("POST", "/v1/reminders", json={"name": "x", "assignee_id": "ada"})
    team.ask("GET", "/v1/reminders/a")
    team.ask("GET", "/v1/reminders/b")
    team.ask("GET", "/v1/nothing")
    team.ask("POST", "/oauth/token")
    assert team.calls(SC) == {
        "total": 4,
        "by_endpoint": {
            "POST /v1/reminders": 1,
            "GET /v1/reminders/{id}": 2,
            "GET (unknown)": 1,
            "POST /oauth/token": 1,
        },
    }
    team.forget_calls()
    assert team.calls(SC)["total"] == 0


def test_the_write_list_says_what_was_written(team: SandboxHandle) -> None:
    """One entry per committed record, in order, with time, call, id and changed fields."""
    team.clock(86_400)
    created = team.ask("POST", "/v1/reminders", json={"name": "x", "assignee_id": "ada"}).json()
    team.ask("DELETE", f"/v1/reminders/{created['id']}")
    first, second = team.writes(SC)
    assert created["created_at"] <= first.pop("time") <= second["time"]
    assert first == {
        "call": "POST /v1/reminders",
        "object": "reminder",
        "id": created["id"],
        "action": "create",
        "fields": ["name", "assignee_id"],
    }
    assert (second["call"], second["action"]) == ("DELETE /v1/reminders/{id}", "delete")


def test_both_services_share_one_clock(team: SandboxHandle) -> None:
    """Set on one port, seen on both, and in every stamp and Date."""
    team.clock(-86_400)
    assert team.control("salesforce", "GET", "clock")["offset_seconds"] == -86_400
    answer = team.ask("POST", "/v1/reminders", json={"name": "x", "assignee_id": "ada"})
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    stamp = dt.datetime.fromisoformat(answer.json()["created_at"])
    date = dt.datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=dt.UTC)
    assert abs((stamp - yesterday).total_seconds()) < 60
    assert abs((date - yesterday).total_seconds()) < 60


@pytest.mark.parametrize("body", [{}, {"offset_seconds": "1"}, {"offset": 1}])
def test_a_clock_that_is_not_understood_is_refused(team: SandboxHandle, body: dict[str, Any]) -> None:
    """400, and the clock stays."""
    assert requests.post(f"{team.sales_connect_url}/_sandbox/clock", json=body, timeout=10).status_code == 400
    assert team.control(SC, "GET", "clock")["offset_seconds"] == 0
