"""The sample team is believable, and the same for the same random seed."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasksync_sandbox.seed.team import Size, Team, make_team

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def team() -> Team:
    """The team as `sandbox seed` makes it without options."""
    return make_team(Size(), 1, NOW.isoformat())


def on_since(team: Team) -> dict[str, datetime]:
    """When each user with task sync turned it on."""
    syncs = {user["id"]: user["task_sync"] for user in team.sales_connect["users"]}
    return {key: datetime.fromisoformat(sync["enabled_at"]) for key, sync in syncs.items() if sync["enabled"]}


def test_the_same_seed_makes_the_same_team(team: Team) -> None:
    """Another one makes another."""
    assert dataclasses.asdict(make_team(Size(), 1, NOW.isoformat())) == dataclasses.asdict(team)
    assert make_team(Size(), 2, NOW.isoformat()).sales_connect != team.sales_connect


@pytest.mark.parametrize("size", [Size(), Size(1, 0, 0), Size(0, 5, 5), Size(12, 300, 200)])
def test_it_has_the_size_asked_for(size: Size) -> None:
    """Nobody has anything where there are no users."""
    team = make_team(size, 1, NOW.isoformat())
    assert len(team.sales_connect["users"]) == size.users
    assert len(team.sales_connect["reminders"]) == (size.reminders if size.users else 0)
    assert len(team.objects["Task"]) == (size.tasks if size.users else 0)


def test_users_match_by_email_or_by_id(team: Team) -> None:
    """Each has exactly one active Salesforce user; most by email, some by `salesforce_user_id`."""
    active = [user for user in team.objects["User"] if user["IsActive"]]
    by_id = [user for user in team.sales_connect["users"] if user.get("salesforce_user_id")]
    for user in team.sales_connect["users"]:
        email = [one["Id"] for one in active if one["Email"].lower() == user["email"].lower()]
        assert len(email) == (0 if user in by_id else 1)
        assert user.get("salesforce_user_id", (email or [None])[0]) in {one["Id"] for one in active}
    assert 0 < len(by_id) < len(team.sales_connect["users"]) / 2


def test_some_users_are_on_since_about_two_days(team: Team) -> None:
    """And some are off."""
    moments = on_since(team).values()
    assert 0 < len(moments) < len(team.sales_connect["users"])
    assert all(timedelta(days=1.5) < NOW - moment < timedelta(days=2.5) for moment in moments)


def test_most_reminders_came_after_their_user_was_on(team: Team) -> None:
    """Some before; none from the future, none changed before it was made."""
    since = on_since(team)
    after, before = 0, 0
    for reminder in team.sales_connect["reminders"]:
        created, updated = (datetime.fromisoformat(reminder[name]) for name in ("created_at", "updated_at"))
        assert created <= updated <= NOW
        if (moment := since.get(reminder["assignee_id"])) is not None:
            after, before = after + (created >= moment), before + (created < moment)
    assert after > before > 0


def test_there_is_something_of_every_kind(team: Team) -> None:
    """Long and foreign texts, empty values, all kinds of tasks that do not sync."""
    reminders, tasks = team.sales_connect["reminders"], team.objects["Task"]
    texts = "".join(f"{row['name']}{row['details']}" for row in reminders)
    assert any(len(row["details"] or "") > 32_000 for row in reminders)
    assert all(letter in texts for letter in "🚀日óé")
    assert {row["type"] for row in reminders} == {"email", "call", "inmail", "custom"}
    assert {None} < {row["due_date"] for row in reminders}
    assert any(row.get("IsRecurrence") for row in tasks)
    assert {"Email", "Call", "Cadence"} <= {row.get("TaskSubtype") for row in tasks}
    assert any(row["OwnerId"].startswith("00G") for row in tasks)
    assert {"In Progress", "Completed"} < {row["Status"] for row in tasks}


def test_both_services_take_it_as_it_is(sandbox: SandboxHandle, team: Team) -> None:
    """And hold exactly that afterwards; loading it again changes nothing in number."""
    for _ in range(2):
        sandbox.load(salesforce=team.objects, sales_connect=team.sales_connect)
        held: dict[str, Any] = {}
        for service in ("salesforce", "sales_connect"):
            held |= sandbox.control(service, "GET", "status")["records"]
        assert (held["Task"], held["reminders"], held["people"]) == (60, 40, len(team.sales_connect["people"]))
    page = sandbox.ask("GET", "/v1/reminders", params={"limit": 500}).json()["data"]
    assert len(page) == 40
    assert all(reminder["person"] for reminder in page)
