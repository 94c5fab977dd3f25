"""When a batch waits for more records, and when a STATE has to go out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tasksync_engine.singer.gathering import has_room


@pytest.mark.parametrize(
    ("sizes", "batch_size", "waits"),
    [
        ({"reminders": 2000}, 8000, True),
        ({"reminders": 6000}, 8000, True),
        ({"reminders": 6001}, 8000, False),
        ({"reminders": 2000}, 2000, False),
        ({"reminders": 1}, 2000, False),
        ({"reminders": 0}, 8000, False),
        ({"reminders": 10, "users": 1}, 8000, False),
        ({"reminders": 10, "users": 0}, 8000, True),
        ({"users": 1}, 8000, False),
        ({}, 8000, False),
    ],
)
def test_room(sizes, batch_size, waits):
    """A STATE waits while only the long stream is waiting, and has room for what comes until the next STATE."""
    sinks = [SimpleNamespace(stream_name=name, current_size=size) for name, size in sizes.items()]
    assert has_room(sinks, "reminders", batch_size, 2000) is waits
