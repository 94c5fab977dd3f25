"""When a process is killed: at any moment, or aimed at one that hurts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.crashes.faults import ANY_WRITE, DESTINATION, READ_DESTINATION, READ_SOURCE, SOURCE, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

    from tests.conftest import SandboxHandle
    from tests.crashes.pipe import Run

ON_ITS_WAY_SECONDS = 0.5
LONG_ON_ITS_WAY_SECONDS = 1.6
_POLL_SECONDS = 0.004
_LEDGER_POLL_SECONDS = 0.0005


@dataclass(frozen=True)
class Kill:
    """One kind of kill.

    Attributes:
        name: when it strikes, for the table.
        victims: "tap", "target", or "both" at once.
        where: the call that it is aimed at.
        faults: the sandbox's faults that hold this call, so that there is time to kill.
        commits: it is aimed at a transaction of the ledger.
        after: up to so many seconds after the call was seen.
        overtaken: the next run starts before the call is through.
        weight: how often it is tried, compared with the others.
    """

    name: str
    victims: tuple[str, ...] = ("target",)
    where: str | None = None
    faults: tuple[tuple[str, float], ...] = ()
    commits: bool = False
    after: float = 0
    overtaken: bool = False
    weight: int = 2


KILLS = (
    Kill("killed at any moment", ("tap", "target", "both"), weight=8),
    Kill(
        "killed before the write arrives",
        where=ANY_WRITE,
        faults=(("latency", ON_ITS_WAY_SECONDS), ("drop_before", 0)),
        weight=3,
    ),
    Kill(
        "killed with the write on its way",
        ("target", "both"),
        where=ANY_WRITE,
        faults=(("latency", ON_ITS_WAY_SECONDS),),
        weight=3,
    ),
    Kill(
        "killed with the write on its way, done during the next run",
        where=ANY_WRITE,
        faults=(("latency", LONG_ON_ITS_WAY_SECONDS),),
        overtaken=True,
    ),
    Kill("killed when the answer was lost", where=ANY_WRITE, faults=(("drop_after", 0),)),
    Kill(
        "killed just after a write", ("target", "both"), where=ANY_WRITE, faults=(("latency", 0),), after=0.08, weight=5
    ),
    Kill("killed in the ledger's transactions", commits=True, weight=5),
    Kill("killed while the source is read", ("tap", "both"), READ_SOURCE, (("latency", ON_ITS_WAY_SECONDS),)),
    Kill("killed while the destination is read", where=READ_DESTINATION, faults=(("latency", ON_ITS_WAY_SECONDS),)),
)


@dataclass
class Moment:
    """Where to strike in one run.

    Attributes:
        sandbox: the services.
        random: chooses.
        ledger_path: the ledger's file.
        usual_seconds: how long a run lasts.
    """

    sandbox: SandboxHandle
    random: Random
    ledger_path: Path
    usual_seconds: float

    def prepare(self, kill: Kill, direction: str, *, link_field: bool) -> str | None:
        """Set the faults; the service that has them."""
        if kill.where is None:
            return None
        aimed = call(direction, kill.where, link_field=link_field)
        chance = self.random.choice((1, 1, 1, 2, 3))
        for kind, seconds in kill.faults:
            more = {"seconds": seconds} if kind == "latency" else {}
            self.sandbox.fault(aimed.service, kind, every=chance, times=1, **more, **aimed.members)
        return aimed.service

    def come(self, kill: Kill, direction: str, run: Run) -> bool:
        """Wait until it is there; whether it came before the run's end."""
        if kill.commits:
            return self._transaction(run)
        if kill.where is None:
            time.sleep(self.random.uniform(0.15, 1.05) * self.usual_seconds)
            return True
        service = SOURCE[direction] if kill.where == READ_SOURCE else DESTINATION[direction]
        came = _until(lambda: self.sandbox.faults(service)[0]["hits"] > 0, run, _POLL_SECONDS)
        time.sleep(self.random.uniform(0, kill.after))
        return came

    def _transaction(self, run: Run) -> bool:
        """The n-th transaction that writes to the ledger, while it is under way or just after it."""
        for _ in range(self.random.randint(1, 8)):
            before = list(self._marks())
            if not _until(lambda before=before: list(self._marks()) != before, run, _LEDGER_POLL_SECONDS):  # type: ignore[misc]
                return False
        return True

    def _marks(self) -> Iterator[tuple[str, int, int]]:
        """What changes at the ledger's files with each transaction: its journal or its log."""
        for path in sorted(self.ledger_path.parent.glob(f"{self.ledger_path.name}-*")):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield path.name, status.st_size, status.st_mtime_ns


def _until(seen: Callable[[], bool], run: Run, pause: float) -> bool:
    while not seen():
        if not run.is_alive():
            return False
        time.sleep(pause)
    return True
