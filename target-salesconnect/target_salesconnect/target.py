"""The target: Salesforce's Tasks in, Sales Connect's reminders out."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from singer_sdk import typing as th

from tasksync_engine.connecting import sales_connect_destination
from tasksync_engine.singer.connections import SALES_CONNECT_SETTINGS
from tasksync_engine.singer.target import ENGINE_SETTINGS, EngineSink, SyncTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_engine.destination import Destination
    from tasksync_mappings import FieldMap


class TargetSalesconnect(SyncTarget):
    """Brings Sales Connect reminders to the tasks of tap-salesforce-tasks."""

    name = "target-salesconnect"
    synced_stream = "tasks"
    sinks: ClassVar[dict[str, type[EngineSink]]] = {"tasks": EngineSink, "users": EngineSink}
    config_jsonschema = th.PropertiesList(
        *SALES_CONNECT_SETTINGS,
        *ENGINE_SETTINGS,
        th.Property(
            "initial_lookback_hours",
            th.NumberType,
            default=24,
            description="How long before task sync was turned on a user's tasks are imported; as in the tap.",
        ),
    ).to_dict()

    def connector(self) -> Callable[[FieldMap], Destination]:
        """Sales Connect, by the settings."""
        return sales_connect_destination(self.config)


if __name__ == "__main__":
    TargetSalesconnect.cli()
