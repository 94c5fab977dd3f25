"""One HTTP client for each of the two services: `salesforce` and `sales_connect`.

Each client owns what its service is particular about: login, paging, batches, retries, limits and error codes. This
package imports nothing of the connector's other packages.
"""

from tasksync_clients.errors import (
    AllowanceExhausted,
    AuthenticationFailed,
    ClientError,
    Duplicate,
    Gone,
    LostAnswer,
    NotFound,
    ProtocolError,
    Refused,
    Stale,
    StopRun,
    Unreachable,
    WrongSettings,
)
from tasksync_clients.recovery import Recovery, RowResult

__all__ = [
    "AllowanceExhausted",
    "AuthenticationFailed",
    "ClientError",
    "Duplicate",
    "Gone",
    "LostAnswer",
    "NotFound",
    "ProtocolError",
    "Recovery",
    "Refused",
    "RowResult",
    "Stale",
    "StopRun",
    "Unreachable",
    "WrongSettings",
]
