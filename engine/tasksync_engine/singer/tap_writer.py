"""How the taps write Singer messages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from singer_sdk.contrib.msgspec import MsgSpecWriter, encoder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from singer_sdk.singerlib import Message


class TapWriter(MsgSpecWriter):
    """Writes with msgspec: records by the page, and flushed behind every other message."""

    def write_message(self, message: Message) -> None:
        """Write a message to standard output."""
        out = sys.stdout.buffer
        out.write(self.format_message(message))
        out.flush()


def write_records(stream: str, records: Iterable[Mapping[str, Any]], extracted: str) -> None:
    """Write a RECORD message for each record, all in one go; the next other message flushes them.

    Args:
        stream: The stream's name.
        records: As they are to appear.
        extracted: When they were read, in the fixed format.
    """
    lines = encoder.encode_lines(
        [{"type": "RECORD", "stream": stream, "record": record, "time_extracted": extracted} for record in records]
    )
    sys.stdout.buffer.write(lines)
