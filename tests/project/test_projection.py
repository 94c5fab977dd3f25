"""What benchmarks/scale.py projects: more users never cost less, and each limit bites where it is met."""

import sys
from dataclasses import replace
from itertools import pairwise

import pytest

from .copies import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from scaling.costs import measured
from scaling.model import LONG_REQUESTS, Costs, Org, best, fitting, plan, run_of
from scaling.report import projection

COSTS = Costs(seconds=7, cpu_seconds=10, cpu_seconds_a_change=0.0004, creates_a_second=3000)
SIZES = (100, 1_000, 10_000, 50_000)


def test_more_users_never_cost_less():
    """Calls and seconds grow with the users, at the same workers and interval."""
    plans = [plan(Org(users), COSTS, 4, 300) for users in SIZES]
    for less, more in pairwise(plans):
        assert more.calls >= less.calls
        assert more.seconds > less.seconds
        assert more.first_sync_hours > less.first_sync_hours


def test_calls_follow_what_a_call_takes():
    """A shard's run without changes costs two calls of each service; pages, look-ups and writes come on top."""
    idle = run_of(Org(100), COSTS, 1, 300, 0.0)
    assert (idle.salesforce, idle.sales_connect) == (2, 2)
    # With the look at the users, which shards share: the six that tests/sync/test_costs.py holds a sync to.
    quiet = plan(Org(100, changes=0), COSTS, 1, 300)
    assert quiet.calls == quiet.sales_connect_calls == 3 * 288
    assert plan(Org(100, changes=0), COSTS, 4, 300).calls == (1 + 4 * 2) * 288
    # 10 changes a second on each side: 18,000 seen in 900 seconds, 600 new and 2,400 edited records to write.
    busy = run_of(Org(100), COSTS, 1, 300, 10.0)
    assert busy.salesforce == 1 + 9 + 2 + 3 + (12 + 3)
    assert busy.sales_connect == 1 + 36 + (12 + 3) * 2
    shared = run_of(Org(100), COSTS, 4, 300, 10.0)
    assert shared.salesforce == 1 + 9 + 1 + 1 + (3 + 1)
    assert shared.seconds < busy.seconds


def test_the_fewest_workers_that_fit():
    """One less would not end in time; the calls that are allowed hold."""
    org, costs = Org(30_000), replace(COSTS, write_latency=8.0)
    found = fitting(org, costs, 300)
    assert found is not None
    assert found.fits
    assert found.workers > 1
    assert not plan(org, costs, found.workers - 1, 300).fits
    assert found.calls <= org.calls_allowed


@pytest.mark.parametrize("users", SIZES)
def test_what_fits_best_meets_no_limit(users):
    """Where any plan meets none, that is the one; it is never more workers than long requests allow."""
    found = best(Org(users), COSTS)
    assert found is not None
    assert found.fits
    assert not found.bites()
    assert found.requests <= LONG_REQUESTS


def test_limits_are_told():
    """In words: a run that takes too long, calls, long requests, bulk batches."""
    told = plan(Org(50_000, changes=2_000, records=5_000), COSTS, 40, 60).bites()
    assert [word.split()[0] for word in told] == ["a", "25", "bulk"]
    assert "daily calls" in plan(Org(10, changes=10), COSTS, 200, 60).bites()


def test_nothing_fits():
    """An org in which reading alone takes longer than any interval is told so."""
    assert best(Org(1_000_000, changes=2_000), COSTS) is None
    table = projection([1_000_000], COSTS, "nowhere", changes=2_000, records=1)
    assert "nothing: reading what changed takes too long" in table


def test_the_costs_are_those_that_were_measured():
    """The benchmark's results have what is needed."""
    costs, where = measured(ROOT / "benchmarks/results/latest.json", 0.4, 4.0)
    assert costs.seconds > 0
    assert 0 < costs.cpu_seconds_a_change < 1
    assert "cores" in where
