"""Logs that a person can read: what the Singer SDK says of itself stays out, unless somebody asks for it.

A plugin then says one line per batch and one at its end. The SDK's own lines (metrics, streams that begin, readers
that end) stay where a plugin works alone, at level DEBUG, and with the setting `sdk_logs`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import singer_sdk
from singer_sdk import typing as th

if TYPE_CHECKING:
    from collections.abc import Iterable

SDK = str(Path(singer_sdk.__file__).parent)
METRICS = "singer_sdk.metrics"
SDK_LOGS = th.Property(
    "sdk_logs",
    th.BooleanType,
    default=False,
    description="Log also what the Singer SDK says of itself at level INFO: metrics, streams that begin. Without a "
    "ledger a tap always does.",
)


def _not_of_the_sdk(record: logging.LogRecord) -> bool:
    """Let through whatever is a warning, or was not said by the SDK's own code."""
    return record.levelno != logging.INFO or not record.pathname.startswith(SDK)


def hush(logger: logging.Logger, streams: Iterable[str] = ()) -> None:
    """Keep the SDK's own lines of a plugin, and of its streams, out of the log; a second time changes nothing."""
    if logger.isEnabledFor(logging.DEBUG):
        return
    for speaker in _speakers(logger, streams):
        speaker.addFilter(_not_of_the_sdk)


def unhush(logger: logging.Logger, streams: Iterable[str] = ()) -> None:
    """Let them through again."""
    for speaker in _speakers(logger, streams):
        speaker.removeFilter(_not_of_the_sdk)


def _speakers(logger: logging.Logger, streams: Iterable[str]) -> list[logging.Logger]:
    """A filter holds for the logger itself and not for those below it, so each is named."""
    return [logger, logging.getLogger(METRICS), *(logger.getChild(name) for name in streams)]
