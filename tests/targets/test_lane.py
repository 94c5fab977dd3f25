"""Batches behind each other: in order, each begun while the one before it is at work, nothing after a failure."""

from __future__ import annotations

from functools import partial
from threading import Event

import pytest

from tasksync_engine.singer.lane import Lane

SECONDS = 30


@pytest.fixture
def lane():
    """A lane that is stopped afterwards."""
    lane = Lane()
    yield lane
    lane.stop()


def begin(done, name, rest):
    """A first part that notes itself, and gives the rest."""
    done.append(f"begin {name}")
    return rest


def test_everything_is_done_in_the_order_in_which_it_was_given(lane):
    """A STATE behind a batch goes out behind it."""
    done: list[str] = []
    for name in "abc":
        lane.put_in_two(partial(begin, [], name, partial(done.append, name)))
        lane.put(partial(done.append, f"state {name}"))
    lane.wait()
    assert done == ["a", "state a", "b", "state b", "c", "state c"]


def test_a_first_part_goes_on_while_the_batch_before_is_at_work(lane):
    """The second batch is begun before the first one has ended."""
    begun = Event()
    lane.put_in_two(lambda: partial(begun.wait, SECONDS))
    lane.put_in_two(lambda: begun.set() or (lambda: None))
    lane.wait()
    assert begun.is_set()


def test_behind_a_failure_nothing_is_done(lane):
    """Neither the rest of a later batch, nor the STATE behind it; and the first failure is what is raised."""
    done: list[str] = []
    given = Event()

    def fail():
        given.wait(SECONDS)
        message = "refused"
        raise ValueError(message)

    lane.put_in_two(lambda: fail)
    lane.put(partial(done.append, "STATE"))
    given.set()
    with pytest.raises(ValueError, match="refused"):
        lane.wait()
    lane.put(partial(done.append, "later"))
    lane.wait()
    assert done == []


def test_a_first_part_that_fails_stops_its_own_batch_and_what_follows(lane):
    """What came before it is done."""
    done: list[str] = []
    given = Event()

    def fail():
        given.wait(SECONDS)
        return {}["missing"]

    lane.put_in_two(lambda: partial(done.append, "before"))
    lane.put_in_two(fail)
    lane.put(partial(done.append, "after"))
    given.set()
    with pytest.raises(KeyError):
        lane.wait()
    assert done == ["before"]
