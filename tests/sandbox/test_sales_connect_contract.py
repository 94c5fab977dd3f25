"""Schemathesis judges the service by its own OpenAPI document."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from tasksync_sandbox.core.clock import Clock
from tasksync_sandbox.core.service import Core
from tasksync_sandbox.sales_connect.service import SalesConnectService

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import SandboxHandle

DOCUMENT = resources.files("tasksync_sandbox.sales_connect").joinpath("openapi.json")


def narrowed() -> dict[str, Any]:
    """The document, told which ids exist: a valid request is then one that must be accepted."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    schemas, parameters = document["components"]["schemas"], document["components"]["parameters"]
    for name in ("ReminderCreate", "ReminderUpdate"):
        schemas[name]["properties"]["assignee_id"] = {"type": "string", "enum": ["ada", "bob"]}
    schemas["PersonGiven"]["properties"]["id"] = {"type": "string", "enum": ["per_1", "per_2"]}
    parameters["reminder_id"]["schema"] = {"type": "string", "enum": ["rem_1", "rem_2"]}
    parameters["user_id"]["schema"] = {"type": "string", "enum": ["ada", "bob"]}
    # What makes a cursor, a version or a key valid is the state, which no schema tells.
    stateful = ("/cursor", "/if_match", "/idempotency_key")
    for operation in (operation for path in document["paths"].values() for operation in path.values()):
        kept = [one for one in operation.get("parameters", []) if not one["$ref"].endswith(stateful)]
        operation["parameters"] = kept
    return document


schema = schemathesis.openapi.from_dict(narrowed())


@pytest.fixture
def populated(team: SandboxHandle) -> SandboxHandle:
    """The team with two reminders."""
    reminders = [{"id": f"rem_{number}", "name": "Call", "assignee_id": "ada"} for number in (1, 2)]
    team.load(sales_connect={"reminders": reminders})
    return team


@schema.parametrize()
@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_the_document_says(case: schemathesis.Case, populated: SandboxHandle) -> None:
    """Whatever is sent, valid or not, the answer has a documented status, shape and content type."""
    # A second delete of the same reminder is valid, and refused.
    excluded = CHECKS.get_by_names(["positive_data_acceptance"]) if case.method == "DELETE" else []
    token = {"Authorization": "Bearer sandbox"}
    case.call_and_validate(base_url=populated.sales_connect_url, headers=token, excluded_checks=excluded)


def test_the_served_document_is_the_packaged_one(team: SandboxHandle) -> None:
    """`GET /openapi.json` serves the file, without a token."""
    served = team.ask("GET", "/openapi.json", headers={"Authorization": ""})
    assert served.content == DOCUMENT.read_bytes()


def test_every_resource_is_in_the_document(tmp_path: Path) -> None:
    """And the document has no other."""
    service = SalesConnectService(Core("sales-connect", tmp_path, Clock(tmp_path / "clock.json")))
    served = {(route.path, method) for route in service.routes for method in route.methods or ()}
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    described = {(path, method.upper()) for path, operations in paths.items() for method in operations}
    assert served == described | {("/openapi.json", "GET")}
