"""Where a run goes on: from the last complete reading or the bookmark, whichever is later, less the overlap."""

import pytest

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks

from .records import ago, reminder, task, task_id, user
from .runs import run


class Reminders:
    """Reminders, by number."""

    tap, stream, streams = TapSalesconnect, "reminders", ("salesforce_settings", "users", "reminders")
    service, path = "sales_connect", "/v1/reminders"

    def __init__(self, sandbox, settings):
        self.sandbox, self.settings = sandbox, settings
        sandbox.load(sales_connect={"users": [user("ann", ago(days=9))]})

    def load(self, *stamped):
        """Load some, each given as (number, time)."""
        self.sandbox.load(sales_connect={"reminders": [reminder(f"r{number}", at) for number, at in stamped]})

    def numbers(self, output):
        """The numbers of those that were read."""
        return sorted(int(record_id[1:]) for record_id in output.ids(self.stream))

    def break_second_page(self):
        """Have the next reading die between its first two pages."""
        self.sandbox.fault("sales_connect", "status", path="/v1/reminders", status=400, every=2)


class Tasks:
    """Tasks, by number."""

    tap, stream, streams = TapSalesforceTasks, "tasks", ("tasks",)
    service, path = "salesforce", "/query"

    def __init__(self, sandbox, settings):
        self.sandbox, self.settings = sandbox, settings

    def load(self, *stamped):
        """Load some, each given as (number, time)."""
        self.sandbox.load(salesforce={"Task": [task(number, at) for number, at in stamped]})

    def numbers(self, output):
        """The numbers of those that were read."""
        numbers = {task_id(number): number for number in range(100)}
        return sorted(numbers[record_id] for record_id in output.ids(self.stream))

    def break_second_page(self):
        """Have the next reading die between its first two pages."""
        refusal = [{"errorCode": "API_CURRENTLY_DISABLED", "message": "API is not enabled"}]
        self.sandbox.fault("salesforce", "status", path="/query", status=403, body=refusal, every=2)


@pytest.fixture(params=[Reminders, Tasks], ids=["reminders", "tasks"])
def side(request, sandbox):
    """One of the two services with its tap."""
    of = {Reminders: "salesconnect_settings", Tasks: "salesforce_settings"}
    return request.param(sandbox, request.getfixturevalue(of[request.param]))


@pytest.fixture
def read(side):
    """Runs the tap."""
    return lambda state=None, **more: run(side.tap, side.settings | more, state, streams=side.streams)


def test_a_quiet_run_reads_none_of_many_that_share_the_newest_time(side, read):
    """A bulk update stamps all records alike; they are read once, and not again until something newer appears."""
    tie = ago(hours=1)
    side.load(*((number, tie) for number in range(30)))
    first = read()
    assert len(side.numbers(first)) == 30
    second = read(first.state)
    assert side.numbers(second) == []
    assert second.bookmark(side.stream)["replication_key_value"] == tie
    assert side.numbers(read(second.state)) == []


def test_the_overlap_ends_where_the_last_complete_reading_began(side, read):
    """What became visible since, stamped up to `lookback_seconds` before, is read; nothing older is promised."""
    side.load((1, ago(hours=3)))
    state = read().state
    side.load((2, ago(minutes=8)), (3, ago(minutes=12)))
    assert side.numbers(read(state)) == [2]
    assert side.numbers(read(state, lookback_seconds=1200)) == [2, 3]
    assert side.numbers(read(state, lookback_seconds=0)) == []


def test_without_an_overlap_the_second_of_the_last_reading_is_read_again(side, read):
    """Salesforce stamps whole seconds, so one that was half over when it was read may hold more."""
    state = read().state
    state["bookmarks"][side.stream] |= {"read_at": f"{ago(minutes=5)[:-5]}.700Z", "replication_key_value": ago(hours=1)}
    side.load((1, ago(minutes=5, seconds=2)), (2, ago(minutes=5)))
    assert side.numbers(read(state, lookback_seconds=0)) == [2]


def test_an_interrupted_run_goes_on_at_its_own_bookmark(side, read):
    """It moves the bookmark over the pages that it read, and leaves the time of the last complete reading."""
    side.load((1, ago(hours=3)))
    state = read().state
    side.sandbox.clock(4 * 3600)
    side.load((2, ago(hours=-1)), (3, ago(hours=-2)), (4, ago(hours=-3)))
    side.sandbox.fault(side.service, "short_pages", path=side.path, size=2)
    side.break_second_page()
    broken = read(state)
    assert (broken.exit_code, side.numbers(broken)) == (1, [2, 3])
    assert broken.bookmark(side.stream)["read_at"] == state["bookmarks"][side.stream]["read_at"]
    side.sandbox.clear_faults(side.service)
    assert side.numbers(read(broken.state)) == [3, 4]


def test_an_interrupted_overlap_goes_on_at_the_last_complete_reading(side, read):
    """A bookmark before that reading began says less than the reading."""
    side.load((1, ago(hours=3)), (2, ago(minutes=4)))
    state = read().state
    state["bookmarks"][side.stream]["replication_key_value"] = ago(hours=3)
    side.load((3, ago(minutes=2)))
    side.sandbox.fault(side.service, "short_pages", path=side.path, size=1)
    side.break_second_page()
    broken = read(state)
    assert (broken.exit_code, side.numbers(broken)) == (1, [2])
    side.sandbox.clear_faults(side.service)
    assert side.numbers(read(broken.state)) == [2, 3]


def test_a_service_whose_clock_was_set_back_is_read_from_its_own_time(side, read):
    """A bookmark ahead of the service's time hides nothing that is stamped before it, and goes back to that time."""
    side.sandbox.clock(7200)
    side.load((1, ago(minutes=-110)))
    state = read().state
    side.sandbox.clock(0)
    side.load((2, ago(minutes=1)))
    first = read(state)
    assert 2 in side.numbers(first)
    assert first.bookmark(side.stream)["replication_key_value"] <= ago(seconds=-1)
    side.sandbox.clock(3 * 3600)
    side.load((3, ago(minutes=-30)), (4, ago(minutes=-90)))
    assert side.numbers(read(first.state)) == [1, 2, 3, 4]


def test_a_run_after_a_clock_was_set_back_may_be_interrupted(side, read):
    """The next one begins where it began, not at the time that the clock shows by then."""
    side.sandbox.clock(7200)
    side.load((1, ago(minutes=-110)))
    state = read().state
    side.sandbox.clock(0)
    side.sandbox.fault(side.service, "status", path=side.path, status=400)
    broken = read(state)
    assert broken.exit_code == 1
    side.sandbox.clear_faults(side.service)
    side.load((2, ago(minutes=1)))
    side.sandbox.clock(3600)
    assert 2 in side.numbers(read(broken.state))


def test_a_small_step_back_reads_from_the_bookmark(side, read):
    """What was changed since carries times before the last reading."""
    side.load((1, ago(hours=3)))
    state = read().state
    state["bookmarks"][side.stream]["read_at"] = ago(minutes=-20)
    side.load((2, ago(minutes=30)))
    assert side.numbers(read(state)) == [1, 2]
