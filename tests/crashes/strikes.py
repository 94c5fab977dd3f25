"""One strike: people work, a run begins, and something befalls it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tasksync_console.retrying import retry
from tasksync_engine.ledger import deletions, intents, links, open_ledger, parked, runs
from tests.crashes.faults import DESTINATION, SOURCE, WRITES, call
from tests.crashes.kills import LONG_ON_ITS_WAY_SECONDS, ON_ITS_WAY_SECONDS, Moment
from tests.crashes.losses import UNTIDY, AtRest, Problem
from tests.crashes.people import People
from tests.crashes.things import Sight
from tests.sync.machine_model import SIDES
from tests.sync.machine_runs import TO_SALESFORCE
from tests.sync.machine_world import World

if TYPE_CHECKING:
    from random import Random

    from tests.conftest import SandboxHandle
    from tests.crashes.faults import Fault
    from tests.crashes.kills import Kill
    from tests.crashes.pipe import Pipes
    from tests.crashes.through_meltano import MeltanoRuns

GENEROUS = 1.5
"""Times the length of a delay: on a busy machine it takes longer until it is over."""
MOST_SYNCS = 3
"""What it may take at rest until nothing is written any more: a deletion that is found by a look-up takes one more."""
UNSETTLED_SECONDS = 11 * 60
"""Without a link field a lost create waits ten minutes for its task to appear (docs/sync.md)."""


@dataclass
class Trial:
    """One strike that hit.

    Attributes:
        name: the fault.
        direction: the run's.
        where: the call, or the victim of a kill.
        ended: how the run ended.
        kill: whether a process was killed.
    """

    name: str
    direction: str
    where: str
    ended: str
    kill: bool = False
    lost: int = 0
    doubled: int = 0


@dataclass
class Scene:
    """Both services, their people, and the runs, from one beginning to many rests.

    Attributes:
        problems: what was amiss so far.
    """

    sandbox: SandboxHandle
    pipes: Pipes | MeltanoRuns
    random: Random
    link_field: bool = True
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(self.sandbox)
        self.world.begin("{{activity_subject}}")
        self.people = People(self.world, self.random)

    # Faults of the services.

    def meet(self, fault: Fault, direction: str, where: str, acts: int) -> Trial | None:
        """People work, and the run meets a fault; None where it was not met."""
        what = where if where in WRITES else "everything"
        side = "reminder" if direction == TO_SALESFORCE else "task"
        self.people.work(what, side if where in WRITES or fault.late else None, acts, late=fault.late)
        aimed = call(direction, where, link_field=self.link_field)
        if fault.kind is not None:
            members = fault.members | fault.only.get(aimed.service, {})
            self.sandbox.fault(aimed.service, fault.kind, **members, **aimed.members)
        parked_before = len(self.parked())
        run = self.pipes.start(direction, **fault.settings)
        self._move_clock(fault.clock)
        codes = self.pipes.end(direction, run)
        struck = sum(one["hits"] for one in self.sandbox.faults(aimed.service)) or fault.kind is None
        self._clear(fault.members.get("seconds", 0) if fault.kind == "latency" else 0)
        self._heed(run.said())
        if fault.kind == "late_commit":
            self._let_appear(fault.members["seconds"])
        newly = len(self.parked()) - parked_before
        ended = "went on" if not any(codes.values()) else "stopped with a message"
        return Trial(fault.name, direction, where, ended + (", rows parked" if newly > 0 else "")) if struck else None

    def _move_clock(self, seconds: float) -> None:
        if seconds:
            time.sleep(self.random.uniform(0.3, 1.0) * self.pipes.usual_seconds)
            (self.world.advance if seconds > 0 else self.world.set_back)(abs(seconds))

    def _let_appear(self, seconds: float) -> None:
        """What was written late can be seen before anybody works on: nobody edits what they do not see."""
        self.world.advance(seconds + 1)

    # Kills.

    def kill(self, kill: Kill, direction: str, acts: int) -> Trial | None:
        """People work, and a process of the run is killed; None where it ended before."""
        self.people.work("everything", None, acts)
        moment = Moment(self.sandbox, self.random, self.pipes.ledger_path, self.pipes.usual_seconds)
        victim = self.random.choice(kill.victims)
        service = moment.prepare(kill, direction, link_field=self.link_field)
        patient = {"retry_delay": 5} if kill.faults == (("drop_after", 0),) else {}
        run = self.pipes.start(direction, **patient)
        came = moment.come(kill, direction, run)
        died = run.kill(victim) if came else False
        codes = self.pipes.end(direction, run)
        if not died and not any(codes.values()):
            self.pipes.usual_seconds = 0.5 * self.pipes.usual_seconds + 0.5 * (time.monotonic() - run.started)
        self._heed(run.said())
        if service is not None:
            self._after_kill(kill, direction)
        where = f"{victim}{self.pipes.place}, {kill.where}" if kill.where else f"{victim}{self.pipes.place}"
        return Trial(kill.name, direction, where, "killed", kill=True) if died else None

    def _after_kill(self, kill: Kill, direction: str) -> None:
        if kill.overtaken:
            self.sandbox.clear_faults(DESTINATION[direction])
            _, said = self.pipes.run(direction)
            self._heed(said)
        self._clear(LONG_ON_ITS_WAY_SECONDS if kill.overtaken else ON_ITS_WAY_SECONDS)

    def _clear(self, outstanding_seconds: float) -> None:
        """Heal both services, and wait for what is still on its way: nobody edits a record in that second (§9)."""
        for service in {*SOURCE.values()}:
            self.sandbox.clear_faults(service)
        time.sleep(outstanding_seconds * GENEROUS)

    def _heed(self, said: str) -> None:
        """A run may fail, but in words."""
        if "Traceback" in said:
            self.problems.append(Problem(UNTIDY, f"a run ended with a traceback: {said[-3000:]}"))

    # Rest.

    def rest(self) -> list[Problem]:
        """Let everything come to rest, compare, and say what is amiss since the last rest."""
        self._clear(0)
        self.world.advance(max(60, (self.world.late_until - self.world.now).total_seconds() + 1))
        if self.parked():
            with open_ledger(self.pipes.ledger_url) as ledger:
                retry(ledger, None)
        self._run_to_quiet()
        sight, conflicts = Sight.of(self.world), self._conflicts()
        self.problems.extend(AtRest(self.people.things, sight, conflicts, self.parked()).problems())
        for thing in self.people.things.values():
            thing.rest(sight, len(conflicts))
        found, self.problems = self.problems, []
        return [replace(problem, words=problem.words + self._evidence(problem, sight)) for problem in found]

    def _evidence(self, problem: Problem, sight: Sight) -> str:
        """What was written to a thing's records, and what the ledger has of them, its history in order."""
        if problem.thing is None:
            return ""
        ids = sight.ids(problem.thing)
        told = [str(row) for rows in sight.rows.values() for row in rows.get(problem.thing, ())]
        told += [str(write) for writes in self.world.writes().values() for write in writes if write["id"] in ids]
        with open_ledger(self.pipes.ledger_url) as ledger, ledger.transaction() as connection:
            for side in SIDES:
                told += [str(row) for rows in links.of_records(connection, side, sorted(ids)).values() for row in rows]
                told += [str(row) for row in intents.of_records(connection, side, sorted(ids)).values()]
                told += [str(row) for row in deletions.of_records(connection, side, sorted(ids)).values()]
            told += [str(dict(row)) for record_id in sorted(ids) for row in runs.history_of(connection, record_id)]
        return "".join(f"\n    {line}" for line in told)

    def _run_to_quiet(self) -> None:
        for _ in range(MOST_SYNCS):
            before = self._written()
            self._sync()
            if self._written() == before and not self._pending() and not self.parked():
                return
        before = self._written()
        self._sync()
        if self._pending():
            self.problems.append(Problem(UNTIDY, "deletions are still pending at rest"))
        if self._written() != before:
            self.problems.append(Problem(UNTIDY, f"it does not come to rest in {MOST_SYNCS} syncs"))

    def _sync(self) -> None:
        self.world.advance(2 if self.link_field else UNSETTLED_SECONDS)
        for codes, said in self.pipes.sync():
            if any(codes.values()):
                self.problems.append(Problem(UNTIDY, f"a run at rest failed: {said[-3000:]}"))

    def _written(self) -> int:
        return sum(map(len, self.world.writes().values()))

    # The ledger.

    def parked(self) -> list[Any]:
        """What is parked now."""
        if not self.pipes.ledger_path.exists():
            return []
        with open_ledger(self.pipes.ledger_url) as ledger, ledger.transaction() as connection:
            return list(parked.everything(connection))

    def _pending(self) -> bool:
        with open_ledger(self.pipes.ledger_url) as ledger, ledger.transaction() as connection:
            return bool(deletions.in_state(connection, [deletions.PENDING]))

    def _conflicts(self) -> list[Any]:
        with open_ledger(self.pipes.ledger_url) as ledger, ledger.transaction() as connection:
            return list(reversed(runs.all_conflicts(connection)))
