"""Plays a share of a campaign, in a process of its own where there are several."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from tests.crashes import through_meltano
from tests.crashes.campaign import Campaign, Tally, memory, of_kills
from tests.crashes.pipe import ROOT, environment
from tests.crashes.stages import BarePipes, ThroughMeltano
from tests.crashes.template import Template

if TYPE_CHECKING:
    from tests.crashes.campaign import Strike


@dataclass(frozen=True)
class Share:
    """What one process plays.

    Attributes:
        seed: what it chooses by.
        strikes: all of them.
        link_field: whether the mapping has an External ID field.
        stop_at_first: whether the first problem ends it.
        minutes: after which no further round begins.
    """

    seed: str
    strikes: list[Strike]
    link_field: bool = True
    stop_at_first: bool = False
    minutes: float = float("inf")


def on_bare_pipes(share: Share) -> Tally:
    """Play on bare pipes."""
    random = Random(share.seed)  # noqa: S311 - no secret
    with closing(Template(environment(), ROOT)) as template:
        stage = BarePipes(random, template, link_field=share.link_field)
        until = time.monotonic() + 60 * share.minutes
        campaign = Campaign(random, stage, say, share.link_field, share.stop_at_first, until)
        return campaign.play(share.strikes)


def under_meltano(random: Random, kills: int, minutes: float) -> Tally:
    """Play so many kills under `meltano run`, in a copy of the project."""
    with memory() as folder:
        stage = ThroughMeltano(random, through_meltano.install(folder / "project"))
        until = time.monotonic() + 60 * minutes
        return Campaign(random, stage, say, until=until).play(of_kills(kills, random, through_meltano.KILLS))


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
