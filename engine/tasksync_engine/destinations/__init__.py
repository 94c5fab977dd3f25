"""The two services as sides that a change is brought to."""

from tasksync_engine.destinations.sales_connect import SalesConnectDestination
from tasksync_engine.destinations.salesforce import SalesforceDestination

__all__ = ["SalesConnectDestination", "SalesforceDestination"]
