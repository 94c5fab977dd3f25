"""The org and the tenant that the facts are tried against, with their own records removed after each test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tasksync_sandbox.both import both_services
from tests.conftest import SandboxHandle

from .choosing import own_sandbox
from .org import Org
from .outcomes import plugin_of
from .tenant import Tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .choosing import Chosen

OWN_USERS = [
    {"Id": "005A00000000009AAA", "Username": "owner@example.com", "Email": "owner@example.com", "LastName": "Owner"}
]
OWN_PEOPLE = [{"id": "per_contract", "name": "Cleo", "salesforce_contact_id": "003A00000000009AAA"}]
CONVERTED_LEAD = {"Id": "00QA00000000009AAA", "LastName": "Gone", "Company": "Gone Ltd", "IsConverted": True}


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker that says what the connector does where a fact differs."""
    config.addinivalue_line("markers", "alternative(what): the connector does not depend on this fact")


@pytest.fixture(scope="session")
def own(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle | None]:
    """The suite's own sandbox; None where the environment named services."""
    plugin = plugin_of(pytestconfig)
    if plugin is not None and not plugin.chosen.is_own_sandbox:
        yield None
        return
    with both_services(tmp_path_factory.mktemp("contract")) as running:
        handle = SandboxHandle(*running.urls)
        handle.load(
            salesforce={"User": OWN_USERS, "Lead": [CONVERTED_LEAD]},
            sales_connect={
                "users": [{"id": "contract", "email": "contract@example.com", "name": "Contract"}],
                "people": OWN_PEOPLE,
            },
        )
        yield handle
        handle.close()


@pytest.fixture(scope="session")
def chosen(pytestconfig: pytest.Config, own: SandboxHandle | None) -> Chosen:
    """What the suite is run against."""
    plugin = plugin_of(pytestconfig)
    return own_sandbox(own.salesforce_url, own.sales_connect_url) if own else plugin.chosen


@pytest.fixture(scope="session")
def wait(own: SandboxHandle | None) -> Callable[[float], None]:
    """Let seconds pass: by the clock of the suite's own sandbox, else by patience."""
    passed = 0.0

    def pass_by(seconds: float) -> None:
        nonlocal passed
        if own is None:
            time.sleep(seconds)
            return
        passed += seconds
        own.clock(passed)

    return pass_by


@pytest.fixture(scope="session")
def whole_org(pytestconfig: pytest.Config, chosen: Chosen) -> Iterator[Org]:
    """The org for the whole run: what an earlier run left is removed first, and what this one left at the end."""
    if chosen.salesforce is None:
        pytest.skip("no Salesforce org was named")
    with Org(chosen) as org:
        yield from swept(org, pytestconfig, org.secrets)


@pytest.fixture
def org(whole_org: Org) -> Iterator[Org]:
    """The org for one test."""
    yield whole_org
    whole_org.remove_made()


@pytest.fixture(scope="session")
def whole_tenant(pytestconfig: pytest.Config, chosen: Chosen) -> Iterator[Tenant]:
    """The tenant for the whole run, likewise."""
    if chosen.sales_connect is None:
        pytest.skip("no Sales Connect tenant was named")
    with Tenant(chosen) as tenant:
        yield from swept(tenant, pytestconfig, tenant.secrets)


@pytest.fixture
def tenant(whole_tenant: Tenant) -> Iterator[Tenant]:
    """The tenant for one test."""
    yield whole_tenant
    whole_tenant.remove_made()


def swept(side: Org | Tenant, config: pytest.Config, secrets: list[str]) -> Iterator[Org | Tenant]:
    """Sweep before and after; what cannot be removed is told at the end."""
    plugin = plugin_of(config)
    if plugin is not None:
        plugin.hide(*secrets)
    side.sweep()
    yield side
    left = side.sweep()
    assert not left or plugin is not None, left
    if plugin is not None:
        plugin.left += left
