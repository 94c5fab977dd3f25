"""The two services, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_sandbox.core.server import Sandbox
from tasksync_sandbox.sales_connect.service import SalesConnectService
from tasksync_sandbox.salesforce.service import SalesforceService

if TYPE_CHECKING:
    from pathlib import Path


def both_services(
    data_folder: Path, *, salesforce_port: int = 0, sales_connect_port: int = 0, tls: bool = False
) -> Sandbox:
    """Open both services over one data folder; port 0 takes a free one.

    Raises:
        DataFolderInUseError: another process serves this data folder.
        OSError: a port is taken.
    """
    return Sandbox(
        data_folder,
        [
            (SalesforceService.name, SalesforceService, salesforce_port),
            (SalesConnectService.name, SalesConnectService, sales_connect_port),
        ],
        tls=tls,
    )
