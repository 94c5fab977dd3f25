"""A small team to test with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .salesforce_org import ACCOUNT, ADA, BOB, CONTACT, CONVERTED_LEAD, LEAD, OPPORTUNITY, QUEUE, OrgCaller

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@pytest.fixture
def org(sandbox: SandboxHandle) -> Iterator[OrgCaller]:
    """An empty Salesforce org, and a session in it."""
    caller = OrgCaller(sandbox)
    yield caller
    caller.http.close()


@pytest.fixture
def staffed(org: OrgCaller) -> OrgCaller:
    """An org with users Ada (active) and Bob (not), a contact, two leads (one converted) and what they belong to."""
    org.load(
        User=[
            {"Id": ADA, "Username": "ada@example.com", "Email": "Ada@Example.com", "LastName": "Ada"},
            {
                "Id": BOB,
                "Username": "bob@example.com",
                "Email": "bob@example.com",
                "LastName": "Bob",
                "IsActive": False,
            },
        ],
        Group=[{"Id": QUEUE, "Name": "Support", "Type": "Queue"}],
        Account=[{"Id": ACCOUNT, "Name": "Acme"}],
        Contact=[
            {"Id": CONTACT, "FirstName": "Cleo", "LastName": "Kent", "AccountId": ACCOUNT, "Email": "cleo@acme.test"}
        ],
        Lead=[
            {"Id": LEAD, "LastName": "Dan", "Company": "Dan Ltd"},
            {"Id": CONVERTED_LEAD, "LastName": "Eve", "Company": "Eve Ltd", "IsConverted": True},
        ],
        Opportunity=[
            {
                "Id": OPPORTUNITY,
                "Name": "Big",
                "StageName": "Prospecting",
                "CloseDate": "2026-12-31",
                "AccountId": ACCOUNT,
            }
        ],
    )
    return org
