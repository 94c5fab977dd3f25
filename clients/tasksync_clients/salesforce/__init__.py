"""Salesforce's REST API, as far as tasks and users need it."""

from tasksync_clients.salesforce.client import SalesforceClient
from tasksync_clients.salesforce.reading import DeletedRecords
from tasksync_clients.salesforce.settings import SalesforceSettings

__all__ = ["DeletedRecords", "SalesforceClient", "SalesforceSettings"]
