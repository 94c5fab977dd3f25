"""The target: Sales Connect's streams in, Salesforce Tasks out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th

from tasksync_engine.destinations import SalesforceDestination
from tasksync_engine.engine import participant
from tasksync_engine.singer.connections import SALESFORCE_SETTINGS, salesforce_destination
from tasksync_engine.singer.target import ENGINE_SETTINGS, EngineSink, IgnoredSink, SyncTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_engine.destination import Destination
    from tasksync_mappings import FieldMap


class SettingsSink(EngineSink):
    """Sales Connect's settings: the subject template, and whose tenant it is."""

    def take(self, records: Sequence[dict[str, Any]]) -> None:
        """Hand them to the engine."""
        for record in records:
            self.engine.take_settings(record)


class UsersSink(EngineSink):
    """Sales Connect's users, whole: the roster needs them all before it matches."""

    max_size = 1_000_000

    def take(self, records: Sequence[dict[str, Any]]) -> None:
        """Renew the roster."""
        destination = self.engine.context.destination
        if not isinstance(destination, SalesforceDestination):
            raise TypeError(type(destination))
        self.engine.take_users([participant(record) for record in records], destination.active_users)


class TargetSalesforceTasks(SyncTarget):
    """Brings Salesforce Tasks to the reminders of tap-salesconnect."""

    name = "target-salesforce-tasks"
    synced_stream = "reminders"
    sinks: ClassVar[dict[str, type[EngineSink]]] = {
        "salesforce_settings": SettingsSink,
        "users": UsersSink,
        "reminders": EngineSink,
        "people": IgnoredSink,
    }
    config_jsonschema = th.PropertiesList(*SALESFORCE_SETTINGS, *ENGINE_SETTINGS).to_dict()

    def connector(self) -> Callable[[FieldMap], Destination]:
        """Salesforce, by the settings."""
        return salesforce_destination(self.config)


if __name__ == "__main__":
    TargetSalesforceTasks.cli()
