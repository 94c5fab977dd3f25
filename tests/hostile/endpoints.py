"""Every endpoint that the clients use."""

from __future__ import annotations

from .bulk_endpoints import BULK
from .sales_connect_endpoints import SALES_CONNECT
from .salesforce_endpoints import SALESFORCE

ENDPOINTS = (*SALESFORCE, *BULK, *SALES_CONNECT)
