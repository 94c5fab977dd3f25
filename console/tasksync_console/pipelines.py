"""The project's two pipelines: which tap and which target, and the settings that Meltano gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_engine.apply import Hand
from tasksync_engine.connecting import (
    sales_connect_client,
    sales_connect_destination,
    salesforce_client,
    salesforce_destination,
)
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger.runs import applied
from tasksync_engine.settings import EngineSettings
from tasksync_engine.sources import ReminderSource, TaskSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tasksync_console.project import Project
    from tasksync_engine.destination import Destination
    from tasksync_engine.sources import Source
    from tasksync_mappings import FieldMap, Side


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One direction's plugins in meltano.yml.

    Attributes:
        direction: What its runs are called.
        side: The side that it writes to.
    """

    direction: str
    side: Side
    tap: str
    target: str

    def connect(self, config: Mapping[str, Any]) -> Callable[[FieldMap], Destination]:
        """What makes its destination.

        Raises:
            WrongSettings: A credential is missing.
        """
        return salesforce_destination(config) if self.side == "task" else sales_connect_destination(config)

    def source(self, config: Mapping[str, Any]) -> Callable[[FieldMap], Source]:
        """What makes the reader of its source.

        Raises:
            WrongSettings: A credential is missing.
        """
        if self.side == "task":
            reminders = sales_connect_client(config)
            return lambda fields: ReminderSource(reminders)  # noqa: ARG005 - the contract's members are not the mapping's
        tasks = salesforce_client(config)
        return lambda fields: TaskSource(tasks, fields)


PIPELINES = (
    Pipeline("to-salesforce", "task", "tap-salesconnect", "target-salesforce-tasks"),
    Pipeline("to-salesconnect", "reminder", "tap-salesforce-tasks", "target-salesconnect"),
)
"""In the order of a sync."""


def target_settings(project: Project, pipeline: Pipeline, ledger_url: str) -> tuple[EngineSettings, dict[str, Any]]:
    """The engine's settings, and all settings, of a pipeline's target.

    A dry run is the caller's to decide; and what a person does is done for all users, not for a shard.

    Raises:
        ConfigError: meltano.yml lacks it, or a value is not what its setting takes.
    """
    config = project.plugin_settings(pipeline.target) | {"ledger_url": ledger_url, "dry_run": False, "shard": None}
    return EngineSettings.from_config(config), config


def hand(project: Project, pipeline: Pipeline, ledger_url: str) -> Hand:
    """What a pipeline's direction is carried out with, without its tap: its source is read by the tap's credentials.

    Raises:
        ConfigError: meltano.yml lacks a plugin, or a value is not what its setting takes.
        WrongSettings: A credential is missing.
    """
    settings, config = target_settings(project, pipeline, ledger_url)
    reading = project.plugin_settings(pipeline.tap)
    return Hand(pipeline.direction, pipeline.side, settings, pipeline.connect(config), pipeline.source(reading))


def writing_as(direction: str) -> Pipeline:
    """The pipeline that writes where a run of this direction wrote.

    Raises:
        ConfigError: This version knows no such direction.
    """
    for pipeline in PIPELINES:
        if direction in {pipeline.direction, applied(pipeline.side)}:
            return pipeline
    message = f"A run that is called {direction!r} is none that this version knows."
    raise ConfigError(message)
