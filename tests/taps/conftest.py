"""Ledgers and settings for the taps' tests."""

from datetime import UTC, datetime

import pytest

from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_engine.ledger import Participant, links, open_ledger, roster


class LedgerHandle:
    """A ledger in a file of its own."""

    def __init__(self, path):
        self.path = path
        self.url = f"sqlite:///{path}"

    @property
    def id(self):
        """The ledger's id; makes the ledger where it is missing."""
        with open_ledger(self.url) as ledger:
            return ledger.id

    def link(self, *pairs):
        """Open links, each given as (reminder, its user, task, its owner)."""
        new = [
            links.NewLink(reminder, task, {}, reminder_user, task_user, "adopted")
            for reminder, reminder_user, task, task_user in pairs
        ]
        with open_ledger(self.url) as ledger, ledger.transaction() as connection:
            links.add(connection, new, datetime.now(UTC))

    def enrol(self, *people):
        """Put people on the roster, each given as (Sales Connect id, Salesforce id, E)."""
        participants = [
            Participant(sales_connect, salesforce, enabled_at, None if salesforce else "no match")
            for sales_connect, salesforce, enabled_at in people
        ]
        with open_ledger(self.url) as ledger, ledger.transaction() as connection:
            roster.replace(connection, participants)

    def claim_org(self, org_id):
        """Make it an org's."""
        with open_ledger(self.url) as ledger:
            ledger.claim("org_id", org_id)


@pytest.fixture
def ledger(tmp_path):
    """A ledger that is not made yet."""
    return LedgerHandle(tmp_path / "ledger.db")


@pytest.fixture
def salesconnect_settings(sandbox):
    """Settings of tap-salesconnect for the sandbox."""
    return {"api_url": sandbox.sales_connect_url, "token": "sandbox", "loopback_only": True, "retry_delay": 0.01}


@pytest.fixture
def salesforce_settings(sandbox):
    """Settings of tap-salesforce-tasks for the sandbox."""
    return {
        "login_url": sandbox.salesforce_url,
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "loopback_only": True,
        "retry_delay": 0.01,
    }


@pytest.fixture
def salesforce(salesforce_settings):
    """A client of the sandbox's Salesforce, to write with."""
    with SalesforceClient(SalesforceSettings.from_config(salesforce_settings)) as client:
        yield client
