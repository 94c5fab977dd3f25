"""1, 2 and 4 shards over one sandbox whose calls take their time, so that the wait is what scales, not the cores."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from measuring.pairs import Pairs
from measuring.plugins import PIPES, Plugins
from measuring.services import SALES_CONNECT, SALESFORCE, SERVICES, Services
from tests.ledger.postgresql import running_postgresql

from tasksync_engine.ledger import open_ledger, shards
from tasksync_engine.sharding import cut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

USERS = 16


@dataclass(frozen=True)
class Throughput:
    """What so many shards did.

    Attributes:
        seconds: from the start of the first process to the end of the last one.
        cpu_seconds: of all our processes.
        calls: to both services.
    """

    shards: int
    records: int
    seconds: float
    cpu_seconds: float
    sandbox_cpu_seconds: float
    calls: int

    @property
    def records_per_second(self) -> float:
        """Records that went over, a second."""
        return self.records / self.seconds


def measure(folder: Path, number: int, latency: float, counts: Sequence[int]) -> list[Throughput]:
    """The first sync of so many reminders, by each number of shards, one after the other.

    Args:
        folder: for services and plugins.
        number: of reminders, of 16 users.
        latency: seconds that each call takes longer.
        counts: how many shards.
    """
    with running_postgresql() as server:
        return [_one(folder / str(count), number, latency, count, server.new_address()) for count in counts]


def _one(folder: Path, number: int, latency: float, count: int, ledger_url: str) -> Throughput:
    with Services(folder) as services:
        pairs = Pairs(number, services.now(), USERS)
        people, users = pairs.users()
        services.load(SALES_CONNECT, [{"users": people}])
        services.load(SALESFORCE, [{"User": users}])
        services.load(SALES_CONNECT, ({"reminders": piece} for piece in pairs.reminders()))
        pairs.write_ledger(ledger_url, linked=False)
        names = _cut(ledger_url, count)
        for service in SERVICES:
            services.control(service, "POST", "faults", {"kind": "latency", "seconds": latency})
        cpu, started = services.cpu_seconds(), time.perf_counter()
        with ThreadPoolExecutor(count) as pool:
            used = list(pool.map(lambda name: _sync(services, name, ledger_url), names))
        seconds = time.perf_counter() - started
        written = services.written()
        if written[SALESFORCE] != number or written[SALES_CONNECT]:
            message = f"{count} shards wrote {written} for {number} reminders"
            raise RuntimeError(message)
        return Throughput(
            count, number, seconds, sum(used), services.cpu_seconds() - cpu, sum(services.calls().values())
        )


def _cut(ledger_url: str, count: int) -> list[str]:
    names = [str(place + 1) for place in range(count)]
    with open_ledger(ledger_url) as ledger, ledger.transaction() as connection:
        users = {f"u{n}": 1 for n in range(USERS)}
        shards.assign(connection, cut(users, count, {}), names)
    return names


def _sync(services: Services, name: str, ledger_url: str) -> float:
    """Both pipes of a shard; returns the CPU seconds that they took."""
    plugins = Plugins(services, f"shard-{name}", ledger_url=ledger_url, shard=name)
    return sum(usage.cpu_seconds for pipe in PIPES for usage in plugins.pipe(*pipe)[0].values())
