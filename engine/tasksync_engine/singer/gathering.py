"""When a batch waits for more records, so that one job can write them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from singer_sdk import Sink


def has_room(sinks: Collection[Sink], long_stream: str, batch_size: int, between_states: int) -> bool:
    """Whether what waits in the sinks may wait for what comes until the next STATE; the STATE then waits with it.

    Args:
        sinks: all of the target.
        long_stream: the only one that may wait: the others are small, and what follows depends on them.
        batch_size: records of one batch.
        between_states: how many records taps send between two STATEs.
    """
    waiting = [sink for sink in sinks if sink.current_size]
    if not waiting or any(sink.stream_name != long_stream for sink in waiting):
        return False
    return sum(sink.current_size for sink in waiting) + between_states <= batch_size
