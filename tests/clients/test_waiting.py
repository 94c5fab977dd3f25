"""Waits, Retry-After and the service's clock."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tasksync_clients.clock import ServerClock
from tasksync_clients.waiting import LONGEST_WAIT, ConnectRetry, before_retry, jittered, retry_after

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_waits_grow_and_scatter():
    """A wait lies between nothing and the doubled base of its attempt, up to the longest wait."""
    for attempt, most in ((0, 0.5), (3, 4.0), (20, LONGEST_WAIT)):
        waits = [jittered(0.5, attempt) for _ in range(200)]
        assert 0 <= min(waits) < most / 4
        assert most * 3 / 4 < max(waits) <= most


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 7 "}, 7.0),
        ({"Retry-After": "9" * 5000}, LONGEST_WAIT),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "٣"}, None),
        (
            {"Retry-After": format_datetime(NOON + timedelta(seconds=9), usegmt=True), "Date": format_datetime(NOON)},
            9.0,
        ),
        ({"Retry-After": format_datetime(NOON - timedelta(days=1), usegmt=True), "Date": format_datetime(NOON)}, 0.0),
    ],
)
def test_retry_after_is_read(headers, expected):
    """Retry-After counts seconds, or until a date on the answer's own clock; nonsense counts for nothing."""
    assert retry_after(headers) == expected


def test_retry_after_is_honoured_up_to_the_longest_wait():
    """What the service asks for is waited for, but never longer than the longest wait."""
    assert 7 <= before_retry(0.5, 0, {"Retry-After": "7"}) <= 7.5
    assert before_retry(0.5, 0, {"Retry-After": "86400"}) == LONGEST_WAIT


def test_connecting_is_all_that_urllib3_repeats():
    """Nothing that was sent is sent again below our own rules."""
    retry = ConnectRetry.with_base(0.01)
    assert (retry.connect, retry.read, retry.status, retry.other, retry.redirect) == (3, False, 0, 0, False)


def test_clock_goes_on_from_the_newest_date():
    """The clock tells the newest Date header, moved on by local time, and ignores what is no date."""
    clock = ServerClock()
    assert clock.now() is None
    clock.observe("Fri, 20 Nov 2026 12:00:00 GMT")
    clock.observe("nonsense")
    clock.observe(None)
    before = time.monotonic()
    first, second = clock.now(), clock.now()
    assert NOON <= first <= second <= NOON + timedelta(seconds=time.monotonic() - before + 5)
    assert first.utcoffset() == timedelta(0)


@pytest.mark.parametrize("header", ["", "Fri, 99 Nov 2026 12:00:00 GMT", "0", "Fri, 20 Nov 99999999 12:00:00 GMT"])
def test_absurd_dates_leave_the_clock_alone(header):
    """A Date header that makes no sense is no time."""
    clock = ServerClock()
    clock.observe(header)
    assert clock.now() is None
