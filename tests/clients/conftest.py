"""A misbehaving service for every test that asks, and clients that talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings

from .hostile import HostileService

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def hostile() -> Iterator[HostileService]:
    """A service that answers as scripted."""
    service = HostileService()
    yield service
    service.close()


@pytest.fixture
def salesforce(hostile: HostileService) -> Iterator[SalesforceClient]:
    """A Salesforce client of the misbehaving service that waits for next to nothing before it asks again."""
    settings = SalesforceSettings(hostile.url, client_id="app", client_secret="s3cret", retry_delay=0.001)
    with SalesforceClient(settings) as client:
        yield client


@pytest.fixture
def sales_connect(hostile: HostileService) -> Iterator[SalesConnectClient]:
    """A Sales Connect client of the misbehaving service that waits for next to nothing before it asks again."""
    with SalesConnectClient(SalesConnectSettings(hostile.url, token="t0ken", retry_delay=0.001)) as client:
        yield client
