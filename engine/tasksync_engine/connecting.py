"""The two services by a plugin's settings: their clients, and the destinations that they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_engine.destinations import SalesConnectDestination, SalesforceDestination
from tasksync_engine.settings import WriteSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasksync_engine.destination import Destination
    from tasksync_mappings import FieldMap


def salesforce_client(config: Mapping[str, Any]) -> SalesforceClient:
    """Salesforce's client, by a plugin's settings.

    Raises:
        WrongSettings: A setting is missing or cannot be used.
    """
    return SalesforceClient(SalesforceSettings.from_config(config))


def sales_connect_client(config: Mapping[str, Any]) -> SalesConnectClient:
    """Sales Connect's client, by a plugin's settings.

    Raises:
        WrongSettings: A setting is missing or cannot be used.
    """
    return SalesConnectClient(SalesConnectSettings.from_config(config))


def salesforce_destination(config: Mapping[str, Any]) -> Callable[[FieldMap], Destination]:
    """Salesforce, by a plugin's settings.

    Raises:
        WrongSettings: A setting is missing or cannot be used.
    """
    client = salesforce_client(config)
    writing = WriteSettings.from_config(config)
    return lambda fields: SalesforceDestination(client, fields, writing)


def sales_connect_destination(config: Mapping[str, Any]) -> Callable[[FieldMap], Destination]:
    """Sales Connect, by a plugin's settings.

    Raises:
        WrongSettings: A setting is missing or cannot be used.
    """
    client = sales_connect_client(config)
    return lambda fields: SalesConnectDestination(client)  # noqa: ARG005 - the contract's members are not the mapping's
