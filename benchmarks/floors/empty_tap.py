# noqa: INP001  a script, no package
"""A tap of the Singer SDK that has nothing to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

if TYPE_CHECKING:
    from collections.abc import Iterable


class Nothing(Stream):
    """A stream without records."""

    name = "nothing"
    schema = th.PropertiesList(th.Property("id", th.StringType)).to_dict()

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:  # noqa: ANN401, ARG002  the SDK's signature
        """None."""
        return ()


class EmptyTap(Tap):
    """Says nothing."""

    name = "tap-empty"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self) -> list[Stream]:
        """The one stream."""
        return [Nothing(tap=self)]


if __name__ == "__main__":
    EmptyTap.cli()
