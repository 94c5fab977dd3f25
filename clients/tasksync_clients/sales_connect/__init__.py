"""The Sales Connect API, as far as the contract in the documentation goes."""

from tasksync_clients.sales_connect.client import SalesConnectClient
from tasksync_clients.sales_connect.settings import SalesConnectSettings

__all__ = ["SalesConnectClient", "SalesConnectSettings"]
