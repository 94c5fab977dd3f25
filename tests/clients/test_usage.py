"""Calls are stopped before they touch the reserve, in whatever order their answers come."""

import pytest

from tasksync_clients.errors import AllowanceExhausted
from tasksync_clients.salesforce.usage import Meter, Usage
from tasksync_clients.transport import Answer, Ask


def answer(told: str) -> Answer:
    """An answer with this Sforce-Limit-Info."""
    return Answer("Salesforce", "host", Ask("GET", "/"), 200, {"Sforce-Limit-Info": told}, b"")


def test_nothing_is_known_before_the_first_answer():
    """So the first call is made, and tells."""
    meter = Meter(10)
    meter.begin()
    assert meter.left is None
    meter.end(answer("api-usage=89/100"))
    assert meter.left == 1
    meter.begin()
    with pytest.raises(AllowanceExhausted, match="89 of 100 calls"):
        meter.begin()


def test_answers_that_overtake_each_other_free_no_call():
    """The one that was counted first may come last: what it tells is older."""
    meter = Meter(0)
    meter.begin()
    meter.end(answer("api-usage=10/20"))
    meter.begin()
    meter.begin()
    meter.end(answer("api-usage=12/20"))
    meter.end(answer("api-usage=11/20"))
    assert meter.left == 8


def test_calls_that_have_become_free_again_are_noticed():
    """By the answer of a call that was made alone."""
    meter = Meter(0)
    meter.begin()
    meter.end(answer("api-usage=20/20"))
    with pytest.raises(AllowanceExhausted):
        meter.check()
    fresh = Meter(0)
    for used in (19, 5):
        fresh.begin()
        fresh.end(answer(f"api-usage={used}/20"))
    assert fresh.left == 15


def test_a_call_without_an_answer_is_no_longer_under_way():
    """Whether it arrived or not, it does not block another one for ever."""
    meter = Meter(0)
    meter.begin()
    meter.end(answer("api-usage=18/20"))
    meter.begin()
    meter.end(None)
    assert meter.left == 2


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=x)", (25, 5000)),
        ("per-app-api-usage=17/250(appName=x); api-usage=25/5000", (25, 5000)),
        ("api-usage=25/0", None),
        ("api-usage=x/y", None),
        ("", None),
    ],
)
def test_what_the_header_tells(told, usage):
    """With an application's own numbers beside the org's; what cannot be is not believed."""
    found = Usage.told({"Sforce-Limit-Info": told})
    assert (None if found is None else (found.used, found.total)) == usage
