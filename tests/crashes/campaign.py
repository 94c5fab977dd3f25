"""Many strikes, round after round: each round ends at rest, and both sides are compared."""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tasksync_sandbox.both import both_services
from tests.conftest import SandboxHandle
from tests.crashes.faults import FAULTS
from tests.crashes.kills import KILLS
from tests.crashes.losses import DOUBLED, LOST, Problem
from tests.crashes.strikes import Scene, Trial
from tests.sync.machine_runs import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from tests.crashes.kills import Kill
    from tests.crashes.pipe import Pipes
    from tests.crashes.through_meltano import MeltanoRuns

    Strike = Callable[[Scene], Trial | None]

FIRST_THINGS, ACTS_OF_A_FAULT, ACTS_OF_A_KILL = 250, 25, 60
STRIKES_OF_A_ROUND, ROUNDS_OF_A_SCENE = 10, 3
ATTEMPTS = 4
"""How often a strike is tried that did not hit: the run ended before, or made no such call."""
MEMORY = Path("/dev/shm")  # noqa: S108 - no secrets


@dataclass
class Tally:
    """What a campaign came to.

    Attributes:
        trials: every strike that hit.
        problems: everything that was amiss, with the round in which it was found.
        rests: how often both sides were compared.
        things: how many tasks people had in all.
    """

    trials: list[Trial] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rests: int = 0
    things: int = 0

    def take(self, trials: list[Trial], found: list[Problem]) -> None:
        """A round's end: what was lost or doubled in it counts against each of its strikes, for any may be to blame."""
        for trial in trials:
            trial.lost = sum(problem.kind == LOST for problem in found)
            trial.doubled = sum(problem.kind == DOUBLED for problem in found)
        strikes = ", ".join(f"{trial.name} ({trial.direction}, {trial.where})" for trial in trials)
        self.problems += [replace(problem, words=f"{problem.words}\n  in a round of: {strikes}") for problem in found]
        self.trials += trials
        self.rests += 1

    def __add__(self, other: Tally) -> Tally:
        """Both."""
        return Tally(
            self.trials + other.trials,
            self.problems + other.problems,
            self.rests + other.rests,
            self.things + other.things,
        )

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(trial.kill for trial in self.trials)


def of_faults(only: str = "") -> list[Strike]:
    """Each fault (whose name holds this) at each call that it is tried at, in both directions."""
    return [
        partial(Scene.meet, fault=fault, direction=one, where=where, acts=ACTS_OF_A_FAULT)
        for fault in FAULTS
        for one in DIRECTIONS
        for where in fault.at
        if only in fault.name and fault.strikes_at(one, where)
    ]


def of_kills(number: int, random: Random, kinds: Sequence[Kill] = KILLS) -> list[Strike]:
    """So many kills, of every kind, in both directions."""
    by_weight = [kill for kill in kinds for _ in range(kill.weight)]
    if not by_weight:
        return []
    return [
        partial(Scene.kill, kill=random.choice(by_weight), direction=random.choice(DIRECTIONS), acts=ACTS_OF_A_KILL)
        for _ in range(number)
    ]


@dataclass
class Campaign:
    """Strikes, in scenes of several rounds.

    Attributes:
        random: chooses everything, so that a seed repeats it but for the machine's own timing.
        stage: makes the runs of a scene, given its services and its folder.
        say: is told what happens.
        link_field: whether the mapping has an External ID field.
        stop_at_first: whether the first problem ends it.
        until: when no further round begins, by `time.monotonic`.
    """

    random: Random
    stage: Callable[[SandboxHandle, Path], Pipes | MeltanoRuns]
    say: Callable[[str], None]
    link_field: bool = True
    stop_at_first: bool = False
    until: float = float("inf")
    tally: Tally = field(default_factory=Tally)

    def play(self, strikes: list[Strike]) -> Tally:
        """All strikes, each until it hits."""
        waiting = deque((strike, ATTEMPTS) for strike in strikes)
        while waiting and not self._is_over():
            with self._scene() as scene:
                for _ in range(ROUNDS_OF_A_SCENE):
                    if waiting and not self._is_over():
                        self._round(scene, waiting)
                self.tally.things += len(scene.people.things)
        return self.tally

    def _is_over(self) -> bool:
        return (self.stop_at_first and bool(self.tally.problems)) or time.monotonic() > self.until

    def _round(self, scene: Scene, waiting: deque[tuple[Strike, int]]) -> None:
        trials: list[Trial] = []
        for _ in range(min(STRIKES_OF_A_ROUND, len(waiting))):
            strike, attempts = waiting.popleft()
            trial = strike(scene)
            if trial is not None:
                trials.append(trial)
            elif attempts > 1:
                waiting.append((strike, attempts - 1))
        found = scene.rest()
        self.tally.take(trials, found)
        self.say(
            f"{datetime.now(UTC):%H:%M:%S} {len(self.tally.trials)} strikes, {self.tally.kills} of them kills, "
            f"{len(waiting)} to come; {len(scene.people.things)} things at rest; {len(found)} problems"
        )
        for problem in self.tally.problems[len(self.tally.problems) - len(found) :]:
            self.say(f"{problem.kind}: {problem.words}")

    @contextmanager
    def _scene(self) -> Iterator[Scene]:
        with memory() as folder, both_services(folder / "services") as running:
            handle = SandboxHandle(*running.urls)
            scene = Scene(handle, self.stage(handle, folder), self.random, link_field=self.link_field)
            scene.people.work("create", None, FIRST_THINGS)
            yield scene
            scene.world.close()
            handle.close()


@contextmanager
def memory() -> Iterator[Path]:
    """A folder for a while, in memory where there is such a place: a process's death is no power cut."""
    with TemporaryDirectory(prefix="tasksync-crashes-", dir=MEMORY if MEMORY.is_dir() else None) as held:
        yield Path(held)
