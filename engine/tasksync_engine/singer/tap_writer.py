"""How the taps write Singer messages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import RecordMessage

if TYPE_CHECKING:
    from singer_sdk.singerlib import Message


class TapWriter(MsgSpecWriter):
    """Writes with msgspec, and flushes behind every message but a RECORD: a pipe need not wake up for each row."""

    def write_message(self, message: Message) -> None:
        """Write a message to standard output."""
        out = sys.stdout.buffer
        out.write(self.format_message(message))
        if not isinstance(message, RecordMessage):
            out.flush()
