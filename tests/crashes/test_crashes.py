"""A small crash campaign with a fixed seed; `make crash` plays the large one."""

from __future__ import annotations

from random import Random

import pytest

from tests.crashes.campaign import of_faults, of_kills
from tests.crashes.play import Share, on_bare_pipes

PLAYED = {True: (12, 10), False: (6, 4)}
"""With the link field, or without: so many kills, and so many faults of the services."""


@pytest.mark.parametrize("link_field", [True, False])
def test_nothing_is_lost_and_nothing_doubled(link_field, record_property):
    """Processes are killed and answers lost; at rest both sides agree with what people did (§7.4, §7.5)."""
    random = Random(7)  # noqa: S311 - no secret
    kills, faults = PLAYED[link_field]
    strikes = [*of_kills(kills, random), *random.sample(of_faults(), faults)]
    random.shuffle(strikes)
    tally = on_bare_pipes(Share("test", strikes, link_field))
    record_property("played", f"{len(tally.trials)} strikes, {tally.kills} kills, {tally.things} things")
    assert [problem.words for problem in tally.problems] == []
    assert tally.kills > kills / 2
