"""The target: Sales Connect's streams in, Salesforce Tasks out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from singer_sdk import typing as th

from tasksync_engine.connecting import salesforce_destination
from tasksync_engine.settings import WriteSettings
from tasksync_engine.singer.connections import SALESFORCE_SETTINGS, WRITE_SETTINGS
from tasksync_engine.singer.target import BATCH_SIZE, ENGINE_SETTINGS, EngineSink, SyncTarget

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_engine.destination import Destination
    from tasksync_mappings import FieldMap


GATHERED = 7000
"""Records of one batch that may be worth a bulk job: more would cost more memory than calls are saved."""


class UsersSink(EngineSink):
    """Sales Connect's users, whole: the roster needs them all before it matches."""

    @property
    def max_size(self) -> int:
        """More than any team has."""
        return 1_000_000


class TargetSalesforceTasks(SyncTarget):
    """Brings Salesforce Tasks to the reminders of tap-salesconnect."""

    name = "target-salesforce-tasks"
    synced_stream = "reminders"
    sinks: ClassVar[dict[str, type[EngineSink]]] = {
        "salesforce_settings": EngineSink,
        "users": UsersSink,
        "reminders": EngineSink,
        "people": EngineSink,
    }
    config_jsonschema = th.PropertiesList(*SALESFORCE_SETTINGS, *WRITE_SETTINGS, *ENGINE_SETTINGS).to_dict()

    @property
    def batch_size(self) -> int:
        """Records of one batch: few, unless the work is long and bulk jobs may be taken."""
        return GATHERED if self._writing.gathers(self.engine.context.counts["created"]) else BATCH_SIZE

    @cached_property
    def _writing(self) -> WriteSettings:
        return WriteSettings.from_config(self.config)

    def connector(self) -> Callable[[FieldMap], Destination]:
        """Salesforce, by the settings."""
        return salesforce_destination(self.config)


if __name__ == "__main__":
    TargetSalesforceTasks.cli()
