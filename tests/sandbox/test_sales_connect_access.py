"""Tokens, users, settings, and what the service answers to anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

CLIENT = {"client_id": "sandbox", "client_secret": "sandbox"}
GRANT = {"grant_type": "client_credentials"}


def issue(team: SandboxHandle) -> str:
    """A new token."""
    return team.ask("POST", "/oauth/token", data=GRANT | CLIENT).json()["access_token"]


def status_with(team: SandboxHandle, token: str) -> int:
    """What a read with this token gets."""
    return team.ask("GET", "/v1/users", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic sandbox", "sandbox"])
def test_nothing_is_read_without_a_token(team: SandboxHandle, header: str) -> None:
    """401 with a challenge, in the error shape."""
    answer = team.ask("GET", "/v1/reminders", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_client_credentials_get_a_token_that_expires(team: SandboxHandle) -> None:
    """Each request issues a token of its own; it lives `expires_in` seconds of the sandbox's time."""
    answer = team.ask("POST", "/oauth/token", data=GRANT | CLIENT).json()
    other = requests.post(f"{team.sales_connect_url}/oauth/token", data=GRANT, auth=("sandbox", "sandbox"), timeout=10)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert other.json()["access_token"] != answer["access_token"]
    assert status_with(team, answer["access_token"]) == 200
    team.clock(3601)
    assert status_with(team, answer["access_token"]) == 401
    assert status_with(team, "sandbox") == 200


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (GRANT, 401),
        (GRANT | CLIENT | {"client_secret": "x"}, 401),
        (CLIENT, 400),
        (CLIENT | {"grant_type": "password"}, 400),
    ],
)
def test_wrong_credentials_get_no_token(team: SandboxHandle, form: dict[str, str], status: int) -> None:
    """401 for the client, 400 for the grant type."""
    assert team.ask("POST", "/oauth/token", data=form).status_code == status


def test_tokens_outlive_a_reset(team: SandboxHandle) -> None:
    """A reset empties records, not access; the tenant's id stays too."""
    token, settings = issue(team), team.ask("GET", "/v1/settings/salesforce").json()
    team.reset()
    assert status_with(team, token) == 200
    assert team.ask("GET", "/v1/settings/salesforce").json() == settings


def test_turning_task_sync_on_stamps_the_moment(team: SandboxHandle) -> None:
    """On: `enabled_at` is now; again on: nothing is written; off: null; on again: a later moment."""

    def switch(*, enabled: bool) -> dict:
        return team.ask("PATCH", "/v1/users/bob", json={"task_sync": {"enabled": enabled}}).json()

    on = switch(enabled=True)
    assert on["task_sync"] == {"enabled": True, "enabled_at": on["updated_at"]}
    assert switch(enabled=True) == on
    assert switch(enabled=False)["task_sync"] == {"enabled": False, "enabled_at": None}
    assert switch(enabled=True)["task_sync"]["enabled_at"] > on["task_sync"]["enabled_at"]
    assert [write["id"] for write in team.writes("sales_connect")] == ["bob"] * 3


@pytest.mark.parametrize("body", [{}, {"email": "x"}, {"task_sync": {}}, {"task_sync": {"enabled": "yes"}}])
def test_nothing_else_of_a_user_can_be_changed(team: SandboxHandle, body: dict) -> None:
    """Anything but the switch is refused."""
    assert team.ask("PATCH", "/v1/users/bob", json=body).status_code == 422


def test_an_unknown_user_is_not_found(team: SandboxHandle) -> None:
    """404 in the error shape."""
    answer = team.ask("PATCH", "/v1/users/nobody", json={"task_sync": {"enabled": True}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_settings_have_the_template(team: SandboxHandle) -> None:
    """A new tenant's template is the subject alone; loading another replaces it, null too."""
    settings = team.ask("GET", "/v1/settings/salesforce").json()
    assert settings["activity_detail_customization"] == "{{activity_subject}}"
    team.load(sales_connect={"settings": {"activity_detail_customization": None}})
    assert team.ask("GET", "/v1/settings/salesforce").json() == settings | {"activity_detail_customization": None}


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/v1/nothing", 404, None),
        ("PUT", "/v1/reminders", 405, "GET, POST"),
        ("GET", "/v1/reminders/batch", 405, "POST"),
        ("POST", "/v1/users", 405, "GET"),
        ("PUT", "/v1/reminders/x", 405, "DELETE, GET, PATCH"),
    ],
)
def test_other_resources_and_methods_are_refused_in_shape(
    team: SandboxHandle, method: str, path: str, status: int, allow: str | None
) -> None:
    """404 and 405 have the error shape; 405 names what is allowed."""
    answer = team.ask(method, path)
    assert (answer.status_code, answer.headers.get("Allow")) == (status, allow)
    assert set(answer.json()["error"]) == {"code", "message"}
