"""Faults strike the requests that they are set for, as often as asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

SC = "sales_connect"


def create(team: SandboxHandle, name: str = "Call") -> requests.Response:
    """Create a reminder of Ada's."""
    return team.ask("POST", "/v1/reminders", json={"name": name, "assignee_id": "ada"})


def names(team: SandboxHandle, **params: Any) -> list[str]:
    """Names of all reminders on the first page."""
    return [row["name"] for row in team.ask("GET", "/v1/reminders", params=params).json()["data"]]


def hits(team: SandboxHandle) -> list[int]:
    """Hits of each fault."""
    return [fault["hits"] for fault in team.faults(SC)]


def test_a_status_comes_with_body_and_headers(team: SandboxHandle) -> None:
    """The request is answered at the door, as often as `times` says."""
    team.fault(SC, "status", status=429, body={"error": {"code": "slow"}}, headers={"Retry-After": "7"}, times=1)
    answer = create(team)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (429, {"error": {"code": "slow"}}, "7")
    assert create(team).status_code == 201
    assert hits(team) == [1]
    assert team.calls(SC)["total"] == 2


def test_a_status_without_a_body_has_the_error_shape(team: SandboxHandle) -> None:
    """503 unless another is given; a body of text is sent as it is."""
    team.fault(SC, "status", times=1)
    answer = create(team)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    team.fault(SC, "status", status=502, body="<html>Bad gateway</html>", times=1)
    assert create(team).text == "<html>Bad gateway</html>"


def test_method_and_path_are_searched(team: SandboxHandle) -> None:
    """Both are regular expressions; without them every request is meant."""
    team.fault(SC, "status", method="POST|PATCH", path=r"reminders$")
    assert create(team).status_code == 503
    assert team.ask("GET", "/v1/reminders").status_code == 200
    assert team.ask("POST", "/v1/reminders/batch", json={"operations": []}).status_code == 200
    assert hits(team) == [1]


def test_every_strikes_each_nth_time(team: SandboxHandle) -> None:
    """With `times` it ends after so many hits."""
    team.fault(SC, "status", every=3, times=2)
    statuses = [team.ask("GET", "/v1/users").status_code for _ in range(10)]
    assert [number for number, status in enumerate(statuses, 1) if status == 503] == [3, 6]


def test_drop_before_cuts_the_connection_and_writes_nothing(team: SandboxHandle) -> None:
    """The client gets no answer at all."""
    team.fault(SC, "drop_before", times=1)
    with pytest.raises(requests.ConnectionError):
        create(team)
    assert team.writes(SC) == []
    assert names(team) == []


def test_drop_after_loses_the_answer_of_a_committed_write(team: SandboxHandle) -> None:
    """The record is there, the answer is not."""
    team.fault(SC, "drop_after", times=1)
    with pytest.raises(requests.ConnectionError):
        create(team)
    assert names(team) == ["Call"]
    assert len(team.writes(SC)) == 1


def test_status_after_answers_with_a_failure_what_was_done(team: SandboxHandle) -> None:
    """The write is committed, and yet the answer says otherwise."""
    team.fault(SC, "status_after", status=500, times=1)
    assert create(team).status_code == 500
    assert names(team) == ["Call"]


def test_cut_body_breaks_the_answer_off(team: SandboxHandle) -> None:
    """The write is committed; head and half a body arrive, and then the connection is cut."""
    team.fault(SC, "cut_body", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        create(team)
    assert names(team) == ["Call"]


def test_latency_goes_by_real_time(team: SandboxHandle) -> None:
    """The answer comes that much later, however the sandbox's clock stands."""
    team.clock(1_000_000)
    team.fault(SC, "latency", seconds=0.2, times=1)
    start = time.monotonic()
    assert team.ask("GET", "/v1/users").status_code == 200
    assert time.monotonic() - start >= 0.2


def test_a_delayed_write_is_done_also_for_a_client_that_is_gone(team: SandboxHandle) -> None:
    """A request that has arrived is worked on, whatever became of who sent it."""
    team.fault(SC, "latency", method="POST", path="/reminders", seconds=2, times=1)
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{team.sales_connect_url}/v1/reminders",
            json={"name": "Call", "assignee_id": "ada"},
            headers={"Authorization": "Bearer sandbox"},
            timeout=0.05,
        )
    assert names(team) == []
    until = time.monotonic() + 60
    while not names(team) and time.monotonic() < until:
        time.sleep(0.05)
    assert names(team) == ["Call"]


def test_row_errors_strike_single_rows(team: SandboxHandle) -> None:
    """`where` picks rows by the values they would have; `times` counts rows."""
    team.fault(SC, "row_error", code="LOCKED", message="Locked.", where={"name": "B", "priority": "normal"}, times=1)
    create_all = [{"op": "create", "reminder": {"name": name, "assignee_id": "ada"}} for name in ("A", "B", "C", "B")]
    results = team.ask("POST", "/v1/reminders/batch", json={"operations": create_all}).json()["results"]
    assert [result["status"] for result in results] == [201, 422, 201, 201]
    assert results[1]["error"] == {"code": "LOCKED", "message": "Locked."}
    assert sorted(names(team)) == ["A", "B", "C"]
    assert len(team.writes(SC)) == 3
    assert hits(team) == [1]


def test_every_second_row_may_fail(team: SandboxHandle) -> None:
    """`every` counts rows too, with a status of choice."""
    team.fault(SC, "row_error", every=2, status=503)
    operations = [{"op": "create", "reminder": {"name": "A", "assignee_id": "ada"}}] * 4
    results = team.ask("POST", "/v1/reminders/batch", json={"operations": operations}).json()["results"]
    assert [result["status"] for result in results] == [201, 503, 201, 503]


def test_expire_session_ends_an_issued_token(team: SandboxHandle) -> None:
    """The request that it strikes is refused, and the token stays dead; others live."""
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    tokens = [team.ask("POST", "/oauth/token", data=form).json()["access_token"] for _ in range(2)]

    def status(token: str) -> int:
        return team.ask("GET", "/v1/users", headers={"Authorization": f"Bearer {token}"}).status_code

    team.fault(SC, "expire_session", path="/v1/", times=1)
    assert [status(tokens[0]), status(tokens[0]), status(tokens[1])] == [401, 401, 200]


def test_expire_session_refuses_the_static_token_once(team: SandboxHandle) -> None:
    """A static token cannot be renewed, so it is refused for that request only."""
    team.fault(SC, "expire_session", times=1)
    assert [team.ask("GET", "/v1/users").status_code for _ in range(2)] == [401, 200]


def test_daily_limit_is_a_429_with_retry_after(team: SandboxHandle) -> None:
    """Until the fault is removed."""
    team.fault(SC, "daily_limit")
    answer = team.ask("GET", "/v1/users")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    team.clear_faults(SC)
    assert team.ask("GET", "/v1/users").status_code == 200


def test_short_pages_still_hold_everything(team: SandboxHandle) -> None:
    """Pages are half as long, or as long as `size`, and the cursor leads on."""
    team.load(sales_connect={"reminders": [{"id": f"r{n}", "name": f"{n}", "assignee_id": "ada"} for n in range(8)]})
    team.fault(SC, "short_pages", times=1)
    team.fault(SC, "short_pages", size=1)
    lengths, seen, cursor = [], [], None
    while cursor is not None or not lengths:
        page = team.ask("GET", "/v1/reminders", params={"limit": 6} | ({"cursor": cursor} if cursor else {})).json()
        lengths.append(len(page["data"]))
        seen += [row["id"] for row in page["data"]]
        cursor = page["next_cursor"]
    assert seen == [f"r{n}" for n in range(8)]
    assert set(lengths) == {1}


def test_a_late_commit_is_answered_at_once_and_seen_later(team: SandboxHandle) -> None:
    """With its earlier stamp: it appears behind what was read meanwhile."""
    team.fault(SC, "late_commit", seconds=60, times=1)
    late = create(team, "Late").json()
    prompt = create(team, "Prompt").json()
    assert late["updated_at"] <= prompt["updated_at"]
    assert names(team) == ["Prompt"]
    assert team.ask("GET", f"/v1/reminders/{late['id']}").status_code == 404
    team.clock(61)
    assert names(team) == ["Late", "Prompt"]
    assert team.ask("GET", f"/v1/reminders/{late['id']}").json() == late
    assert len(team.writes(SC)) == 2


def test_a_late_change_shows_the_old_version_until_then(team: SandboxHandle) -> None:
    """Change, then deletion: each readable only when its time has come."""
    reminder = create(team, "Old").json()
    path = f"/v1/reminders/{reminder['id']}"
    team.fault(SC, "late_commit", seconds=60)
    assert team.ask("PATCH", path, json={"name": "New"}).json()["version"] == 2
    assert team.ask("GET", path).json() == reminder
    team.clock(61)
    assert team.ask("GET", path).json()["name"] == "New"
    assert team.ask("DELETE", path).status_code == 204
    assert team.ask("GET", path).json()["name"] == "New"
    team.clock(122)
    assert team.ask("GET", path).status_code == 410


def test_the_stored_rows_show_a_late_commit_in_its_time(team: SandboxHandle) -> None:
    """Whoever looks there sees what a reader of the API would see at that moment."""
    team.fault(SC, "late_commit", seconds=60, times=1)
    create(team, "Late")
    assert team.control(SC, "GET", "rows/reminders") == []
    team.clock(61)
    assert [row["name"] for row in team.control(SC, "GET", "rows/reminders")] == ["Late"]


def test_a_writer_meets_a_late_commit(team: SandboxHandle) -> None:
    """Its version counts for If-Match, and its task id for uniqueness."""
    team.fault(SC, "late_commit", seconds=60, times=1)
    body = {"name": "Late", "assignee_id": "ada", "salesforce_task_id": "00T1"}
    late = team.ask("POST", "/v1/reminders", json=body).json()
    taken = team.ask("POST", "/v1/reminders", json=body)
    assert (taken.status_code, taken.json()["error"]["holder_id"]) == (409, late["id"])
    changed = team.ask("PATCH", f"/v1/reminders/{late['id']}", json={"name": "x"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200


def test_several_faults_strike_together(team: SandboxHandle) -> None:
    """A latency does not hide the status set after it; the one set first ends the request."""
    team.fault(SC, "latency", seconds=0.01)
    team.fault(SC, "status", status=500)
    team.fault(SC, "status", status=502)
    assert team.ask("GET", "/v1/users").status_code == 500
    assert hits(team) == [1, 1, 0]


@pytest.mark.parametrize("body", [{}, {"kind": "fire"}, {"kind": "status", "path": "("}, {"kind": "status", "foo": 1}])
def test_a_fault_that_is_not_understood_is_refused(team: SandboxHandle, body: dict[str, Any]) -> None:
    """400 with the reason."""
    answer = requests.post(f"{team.sales_connect_url}/_sandbox/faults", json=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert team.faults(SC) == []
