"""Batches: up to 200 operations, each on its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tasksync_sandbox.core.clock import Clock
from tasksync_sandbox.core.service import Core
from tasksync_sandbox.sales_connect.model import FirstAnswer
from tasksync_sandbox.sales_connect.service import SalesConnectService

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import SandboxHandle


def batch(team: SandboxHandle, *operations: dict[str, Any]) -> list[dict[str, Any]]:
    """Send a batch."""
    answer = team.ask("POST", "/v1/reminders/batch", json={"operations": operations})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def new(**members: Any) -> dict[str, Any]:
    """A create operation."""
    return {"op": "create", "reminder": {"name": "Call", "assignee_id": "ada", **members}}


def test_operations_are_carried_out_in_order_each_on_its_own(team: SandboxHandle) -> None:
    """A refused operation does not hold up the others; an answer has its reminder, its error, or neither."""
    (created,) = batch(team, new())
    reminder_id = created["reminder"]["id"]
    results = batch(
        team,
        {"op": "update", "id": reminder_id, "if_version": 1, "reminder": {"name": "Ring"}},
        {"op": "update", "id": reminder_id, "if_version": 1, "reminder": {"name": "Mail"}},
        new(name=""),
        {"op": "update", "id": "none", "reminder": {}},
        {"op": "delete", "id": reminder_id, "if_version": 2},
        {"op": "delete", "id": reminder_id},
        new(name="Last"),
    )
    assert [result["status"] for result in results] == [200, 412, 422, 404, 204, 410, 201]
    assert results[0]["reminder"]["version"] == 2
    assert results[2]["error"]["fields"] == ["name"]
    assert results[4] == {"status": 204}
    assert [write["action"] for write in team.writes("sales_connect")] == ["create", "update", "delete", "create"]


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ({"op": "replace"}, ["op"]),
        ({}, ["op"]),
        ({"op": "create"}, ["reminder"]),
        (new() | {"id": "mine"}, ["id"]),
        (new() | {"if_version": 1}, ["if_version"]),
        ({"op": "update", "id": "x"}, ["reminder"]),
        ({"op": "delete"}, ["id"]),
        ({"op": "delete", "id": "x", "reminder": {}}, ["reminder"]),
        ({"op": "delete", "id": "x", "when": "now"}, ["when"]),
        (new() | {"idempotency_key": ""}, ["idempotency_key"]),
    ],
)
def test_a_malformed_operation_fails_alone(team: SandboxHandle, operation: dict[str, Any], fields: list[str]) -> None:
    """Its result is 422 with the wrong members; its neighbour is carried out."""
    wrong, right = batch(team, operation, new())
    assert (wrong["status"], wrong["error"]["fields"]) == (422, fields)
    assert right["status"] == 201


@pytest.mark.parametrize("body", [{"operations": [{"op": "delete", "id": "x"}] * 201}, {"operations": {}}, {}, []])
def test_a_malformed_batch_is_refused_as_a_whole(team: SandboxHandle, body: Any) -> None:
    """More than 200 operations, or none of that name."""
    assert team.ask("POST", "/v1/reminders/batch", json=body).status_code == 422


def test_a_key_used_twice_in_one_batch_creates_once(team: SandboxHandle) -> None:
    """The second operation gets the first one's answer; another body under the key is refused."""
    first, second, third = batch(
        team,
        new() | {"idempotency_key": "k"},
        new() | {"idempotency_key": "k"},
        new(name="Other") | {"idempotency_key": "k"},
    )
    assert first == second
    assert (third["status"], third["error"]["fields"]) == (422, ["idempotency_key"])
    assert len(team.writes("sales_connect")) == 1


def test_keys_that_have_run_out_are_forgotten_at_the_start(tmp_path: Path) -> None:
    """A sandbox that lives for weeks does not keep every key for ever."""

    def started(name: str, offset: float) -> SalesConnectService:
        clock = Clock(tmp_path / "clock.json")
        clock.offset_seconds = offset
        service = SalesConnectService(Core(name, tmp_path, clock))
        service.core.store.open()
        service.start()
        return service

    def kept(service: SalesConnectService) -> set[str]:
        return set(service.core.store.tables["_first_answers"].rows)

    service = started("service", 0)
    with service.core.store.transaction():
        for key, age in (("old", 3_600), ("new", 0)):
            service.core.store.tables["_first_answers"].put(FirstAnswer(key, "{}", 204, None, time.time() - age))
    service.core.store.close()
    for offset, expected in ((0, {"old", "new"}), (23.5 * 3_600, {"new"}), (25 * 3_600, set())):
        service = started("service", offset)
        assert kept(service) == expected
        service.core.store.close()


def test_a_task_taken_earlier_in_the_batch_is_taken(team: SandboxHandle) -> None:
    """Uniqueness holds between the operations of one batch."""
    first, second = batch(team, new(salesforce_task_id="00T1"), new(salesforce_task_id="00T1"))
    assert (first["status"], second["status"]) == (201, 409)
    assert second["error"]["holder_id"] == first["reminder"]["id"]


def test_two_hundred_operations_fit(team: SandboxHandle) -> None:
    """The largest batch is accepted."""
    assert {result["status"] for result in batch(team, *[new()] * 200)} == {201}
