"""When the next run is due, and the chart of the last days."""

from datetime import UTC, datetime, timedelta

import pytest

from tasksync_console.pace import DAYS, pace
from tasksync_console.schedule import next_runs, read_cron
from tasksync_console.web.chart import HEIGHT, STEPS, TOP, chart, scale
from tasksync_console.web.rendering import ago, coded, value
from tasksync_engine.ledger import open_ledger, runs

FRIDAY = datetime(2026, 11, 20, 8, 36, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("interval", "due"),
    [
        ("*/5 * * * *", "2026-11-20 08:40"),
        ("36 8 * * *", "2026-11-21 08:36"),
        ("0,30 9-17/4 * * 1-5", "2026-11-20 09:00"),
        ("15 7 * * mon", "2026-11-23 07:15"),
        ("0 0 1 jan *", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("0 6 13 * 5", "2026-11-27 06:00"),
        ("0 6 * * 7", "2026-11-22 06:00"),
        ("10/20 * * * *", "2026-11-20 08:50"),
        ("@hourly", "2026-11-20 09:00"),
        ("@daily", "2026-11-21 00:00"),
    ],
)
def test_a_schedule_is_read_as_cron_reads_it(interval, due):
    """The first minute after now."""
    assert read_cron(interval).after(FRIDAY).strftime("%Y-%m-%d %H:%M") == due


@pytest.mark.parametrize("interval", ["@once", "", "* * * *", "61 * * * *", "a * * * *", "5-1 * * * *", "*/x * * * *"])
def test_what_is_no_schedule_says_nothing(interval):
    """It is due at no known time."""
    assert read_cron(interval) is None
    (told,) = next_runs([{"name": "n", "interval": interval, "job": "sync"}], FRIDAY)
    assert (told.at, told.every) == (None, None)


def test_a_day_that_never_comes():
    """The 31st of February: no time, and no endless search."""
    assert read_cron("0 0 31 2 *").after(FRIDAY) is None


def test_how_far_apart_runs_are():
    """From the next one to the one after it."""
    (told,) = next_runs([{"name": "n", "interval": "*/5 * * * *", "job": "sync"}], FRIDAY)
    assert (told.at.minute, told.every) == (40, timedelta(minutes=5))


def test_day_by_day(book):
    """Plans count for nothing; today is the last day."""
    with open_ledger(book.url) as ledger, ledger.transaction() as connection:
        for hours, outcome, dry in ((50, "ok", False), (26, "ok", True), (3, "ok", False), (1, "stopped", False)):
            at = FRIDAY - timedelta(hours=hours)
            number = runs.start(connection, "to-salesforce", at, dry_run=dry)
            counts = {"created": 2, "updated": 1, "deleted": 1, "linked": 1, "echoed": 9}
            runs.end(connection, number, outcome=outcome, complete=outcome == "ok", counts=counts, api_calls=7)
        told = pace(connection, FRIDAY)
    assert len(told.days) == DAYS
    assert [day.written.get("to-salesforce", 0) for day in told.days[-3:]] == [5, 0, 10]
    assert [(day.number, day.failed) for day in told.days[-3:]] == [(1, 0), (0, 0), (2, 1)]
    assert told.api_calls == 14
    drawn = chart(told.days)
    (bar,) = [bar for bar in drawn.columns[-1].bars if bar.height]
    assert bar.y >= TOP
    assert bar.y + bar.height == drawn.bottom
    assert {column.middle for column in drawn.columns} == {round(column.middle, 1) for column in drawn.columns}


@pytest.mark.parametrize("highest", [0, 1, 4, 5, 9, 10, 11, 37, 99, 100, 101, 1000, 87_654, 10**7 + 1])
def test_the_scale_is_round_and_high_enough(highest):
    """In whole steps."""
    top = scale(highest)
    assert top >= highest
    assert top % STEPS == 0
    assert top <= max(4, 2.5 * highest)
    assert HEIGHT > TOP


def test_spans_of_time_in_words():
    """Ahead or past."""
    now = datetime.now(UTC)
    assert ago(now - timedelta(minutes=3, seconds=1)) == "3 min ago"
    assert ago(now + timedelta(minutes=3, seconds=30)) == "in 3 min"


def test_values_as_text():
    """Null and empty read the same; what turns writing round is gone; long ones are cut."""
    assert [value(shown) for shown in (None, "", "  ", 0, False)] == ["(empty)"] * 3 + ["0", "False"]
    assert value("a\u202eb\n\nc\x07") == "a b\n\nc"
    assert value("x" * 30, 10) == "x" * 9 + "…"


def test_commands_in_texts_are_code():
    """What stands between backticks; markup in the text is text, in it and around it."""
    assert coded("<b> `tasksync <x>` `") == "&lt;b&gt; <code>tasksync &lt;x&gt;</code> `"
