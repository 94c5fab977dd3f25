# noqa: INP001  a script, no package
"""A target of the Singer SDK that does nothing."""

from __future__ import annotations

from typing import Any

from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink


class Nowhere(BatchSink):
    """Forgets what it is given."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing."""


class EmptyTarget(Target):
    """Does nothing."""

    name = "target-empty"
    default_sink_class = Nowhere
    config_jsonschema = th.PropertiesList().to_dict()


if __name__ == "__main__":
    EmptyTarget.cli()
