"""A small team to test with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle


@pytest.fixture
def team(sandbox: SandboxHandle) -> SandboxHandle:
    """A sandbox with users `ada` (task sync on) and `bob` (off), and one person."""
    sandbox.load(
        sales_connect={
            "users": [
                {"id": "ada", "email": "ada@example.com", "name": "Ada", "task_sync": {"enabled": True}},
                {"id": "bob", "email": "bob@example.com", "name": "Bob"},
            ],
            "people": [
                {"id": "per_1", "name": "Cleo", "salesforce_contact_id": "003A00000000001AAA"},
                {"id": "per_2", "name": "Dan", "salesforce_lead_id": "00QA00000000002AAA"},
            ],
        }
    )
    return sandbox
