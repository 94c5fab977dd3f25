"""The service's clock."""

from datetime import timedelta

import pytest

from tasksync_clients.clock import ServerClock


@pytest.mark.parametrize(
    "header",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Fri, 99 Nov 2026 99:99:99 GMT",
        "\x1b[31m",
        "9" * 400,
    ],
)
def test_times_that_nobody_means_are_not_taken(header):
    """A clock that tells an absurd time goes on from the last sane one: days can be added to every time it gives."""
    clock = ServerClock()
    clock.observe(header)
    assert clock.now() is None
    clock.observe("Fri, 20 Nov 2026 08:36:00 GMT")
    clock.observe(header)
    assert clock.now() - timedelta(days=30) < clock.now() + timedelta(days=30)
    assert clock.now().year == 2026
