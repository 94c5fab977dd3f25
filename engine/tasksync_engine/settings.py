"""The engine's settings, parsed once into a frozen object."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from tasksync_engine.errors import ConfigError
from tasksync_mappings import ConflictPolicy, DeletePolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

Choice = TypeVar("Choice", bound=StrEnum)

TRUE = frozenset({"true", "1", "yes", "on"})
FALSE = frozenset({"false", "0", "no", "off"})

LONGEST_WINDOW_MINUTES = 7 * 24 * 60
SHORTEST_HISTORY_DAYS = 31
"""Longer than any window of writes, and than the deletions of 30 days that a side still tells of."""
LONGEST_HISTORY_DAYS = 36_500


LONG_WORK = 1000
"""A run that has created so many records may well have many more to create."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What a run depends on besides the records.

    Attributes:
        ledger_url: Any SQLAlchemy URL.
        mapping_path: The mapping file; None: the packaged one.
        conflict_policy: Who wins where both sides changed one field.
        delete_conflict_policy: What a deletion does to a record changed meanwhile.
        max_delete_count: The brake's number of records.
        max_delete_percent: The brake's share of the open links.
        allow_mass_delete: Whether the brake is released.
        dry_run: Whether to store a plan instead of writing.
        initial_lookback: How far before E a user's tasks are imported (sync-rules §2.1).
        max_writes: How often a record may be written within the window before its next change is parked; 0: always.
        max_writes_window: The window.
        shard: The shard whose run it is, by its name in the plan; None: all users'.
        keep_history: How long history, conflicts and runs are kept; None: for ever.
    """

    ledger_url: str
    mapping_path: str | None = None
    conflict_policy: ConflictPolicy = ConflictPolicy.NEWEST
    delete_conflict_policy: DeletePolicy = DeletePolicy.DELETE
    max_delete_count: int = 20
    max_delete_percent: float = 25.0
    allow_mass_delete: bool = False
    dry_run: bool = False
    initial_lookback: timedelta = timedelta(hours=24)
    max_writes: int = 20
    max_writes_window: timedelta = timedelta(hours=1)
    keep_history: timedelta | None = timedelta(days=365)
    shard: str | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> EngineSettings:
        """Read a plugin's settings; an empty text counts as unset.

        Raises:
            ConfigError: A value is not what its setting takes.
        """
        given = {key: value for key, value in with_ledger(config).items() if value is not None and value != ""}
        if "ledger_url" not in given:
            message = "The setting ledger_url (TASKSYNC_LEDGER_URL) is missing: name the ledger's database."
            raise ConfigError(message)
        return cls(
            ledger_url=str(given["ledger_url"]),
            mapping_path=given.get("mapping_path"),
            conflict_policy=_choice(given, "conflict_policy", ConflictPolicy.NEWEST),
            delete_conflict_policy=_choice(given, "delete_conflict_policy", DeletePolicy.DELETE),
            max_delete_count=int(_number(given, "max_delete_count", 20)),
            max_delete_percent=_number(given, "max_delete_percent", 25),
            allow_mass_delete=flag(given, "allow_mass_delete"),
            dry_run=flag(given, "dry_run"),
            initial_lookback=timedelta(hours=_number(given, "initial_lookback_hours", 24)),
            max_writes=int(_number(given, "max_writes_per_record", 20)),
            max_writes_window=_window(given),
            keep_history=_history(given),
            shard=_shard(given),
        )


class WriteMode(StrEnum):
    """How tasks are written."""

    AUTO = "auto"
    COLLECTIONS = "collections"
    BULK = "bulk"


@dataclass(frozen=True, slots=True)
class WriteSettings:
    """How tasks are written.

    A job waits in a queue, and what a person edits meanwhile in the same field is overwritten. So `auto` takes one for
    creates alone: they meet nobody's edit.

    Attributes:
        mode: With sObject Collections, with bulk jobs, or by what is to be done.
        bulk_threshold: From how many creates on `auto` takes a job; 0: never.
    """

    mode: WriteMode = WriteMode.AUTO
    bulk_threshold: int = 5000

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> WriteSettings:
        """Read a plugin's settings; an empty text counts as unset.

        Raises:
            ConfigError: A value is not what its setting takes.
        """
        given = {key: value for key, value in config.items() if value is not None and value != ""}
        return cls(
            mode=_choice(given, "write_mode", WriteMode.AUTO),
            bulk_threshold=int(_number(given, "bulk_threshold", 5000)),
        )

    def takes_job(self, rows: int, *, creates: bool) -> bool:
        """Whether so many rows are written with a job."""
        if self.mode is WriteMode.AUTO:
            return creates and 0 < self.bulk_threshold <= rows
        return self.mode is WriteMode.BULK and rows > 0

    def gathers(self, created: int) -> bool:
        """Whether records are gathered into batches that are worth a job, in a run that has created so many so far."""
        if self.mode is WriteMode.AUTO:
            return bool(self.bulk_threshold) and created >= LONG_WORK
        return self.mode is WriteMode.BULK


def _shard(given: Mapping[str, Any]) -> str | None:
    shard = given.get("shard")
    if shard is not None and flag(given, "dry_run"):
        message = "The settings shard and dry_run do not go together: a dry run looks at all users. Leave one out."
        raise ConfigError(message)
    return None if shard is None else str(shard)


def _window(given: Mapping[str, Any]) -> timedelta:
    window = timedelta(minutes=_number(given, "max_writes_window_minutes", 60, at_most=LONGEST_WINDOW_MINUTES))
    if not window and _number(given, "max_writes_per_record", 20):
        message = "The setting max_writes_window_minutes is 0; to turn the guard off, set max_writes_per_record to 0."
        raise ConfigError(message)
    return window


def _history(given: Mapping[str, Any]) -> timedelta | None:
    """How long history is kept: never shorter than what is looked back over for a decision."""
    days = _number(given, "history_days", 365, at_most=LONGEST_HISTORY_DAYS)
    if 0 < days < SHORTEST_HISTORY_DAYS:
        message = (
            f"The setting history_days is {given['history_days']!r}; it takes 0 (for ever), or "
            f"{SHORTEST_HISTORY_DAYS} or more."
        )
        raise ConfigError(message)
    return timedelta(days=days) if days else None


def with_ledger(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, with the project's own ledger where the variable for it is set but empty.

    Meltano hands an empty variable on as an empty text instead of the setting's value in meltano.yml; taking that for
    "no ledger" would let a tap work alone in the middle of a sync.
    """
    project, environment = os.environ.get("MELTANO_PROJECT_ROOT"), os.environ.get("MELTANO_ENVIRONMENT")
    if config.get("ledger_url") == "" and project and environment:
        return {**config, "ledger_url": f"sqlite:///{project}/.tasksync/{environment}.db"}
    return dict(config)


def _choice(given: Mapping[str, Any], key: str, default: Choice) -> Choice:
    kind = type(default)
    try:
        return kind(given.get(key, default))
    except ValueError as error:
        message = f"The setting {key} is {given[key]!r}; it takes {', '.join(kind)}."
        raise ConfigError(message) from error


def _number(given: Mapping[str, Any], key: str, default: float, *, at_most: float | None = None) -> float:
    try:
        value = float(given.get(key, default))
    except (TypeError, ValueError) as error:
        message = f"The setting {key} is {given[key]!r}; it takes a number."
        raise ConfigError(message) from error
    if not 0 <= value < float("inf") or (at_most is not None and value > at_most):
        message = f"The setting {key} is {given[key]!r}; it takes {_range(at_most)}."
        raise ConfigError(message)
    return value


def _range(at_most: float | None) -> str:
    return "0 or more" if at_most is None else f"0 to {at_most:g}"


def flag(given: Mapping[str, Any], key: str) -> bool:
    """A true-or-false setting, as Meltano or a configuration file gives it.

    Raises:
        ConfigError: It is neither.
    """
    value = str(given.get(key, False)).lower()
    if value in TRUE:
        return True
    if value in FALSE | {""}:
        return False
    message = f"The setting {key} is {given[key]!r}; it takes true or false."
    raise ConfigError(message)
