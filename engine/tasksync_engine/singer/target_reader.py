"""How the targets read Singer messages."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecReader, decoder
from singer_sdk.singerlib.exceptions import InvalidInputLine


class TargetReader(MsgSpecReader):
    """Reads with msgspec, and never repeats a line that it cannot read: the SDK's own logs it, whatever it holds."""

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """Read one line.

        Raises:
            InvalidInputLine: it is no JSON.
        """
        try:
            return cast("dict[str, Any]", decoder.decode(line))
        except msgspec.DecodeError as error:
            message = f"a line of {len(line)} characters is no JSON"
            raise InvalidInputLine(message) from error
