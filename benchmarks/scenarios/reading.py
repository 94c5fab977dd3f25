"""Reading: a tap by itself, and many records through a pipeline that has nothing to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from measuring.pairs import Pairs
from measuring.plugins import PIPES, Plugins, floor
from measuring.rows import Cost, Measured
from measuring.services import SALES_CONNECT, SALESFORCE, Services

from tap_salesforce_tasks.schemas import task_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from measuring.world import World


def tasks(folder: Path, number: int, rounds: int) -> Iterator[Measured]:
    """All tasks, by tap-salesforce-tasks without a ledger; by REST and by a Bulk query job."""
    with Services(folder) as services:
        services.load(SALESFORCE, ({"Task": piece} for piece in Pairs(number, services.now()).tasks()))
        plugins = Plugins(services)
        fields = ",".join(task_schema({})["properties"])
        for _ in range(rounds):
            bare = _floor(services, number, "tasks", services.urls[SALESFORCE], fields)
            for way, threshold in (("REST", 0), ("Bulk", 1)):
                ours = _read(services, plugins, "tap-salesforce-tasks", number, bulk_threshold=threshold)
                yield _named(f"read tasks, {way}", number, ours, bare)


def reminders(folder: Path, number: int, rounds: int) -> Iterator[Measured]:
    """All reminders, by tap-salesconnect without a ledger."""
    with Services(folder) as services:
        services.load(SALES_CONNECT, ({"reminders": piece} for piece in Pairs(number, services.now()).reminders()))
        plugins = Plugins(services)
        for _ in range(rounds):
            bare = _floor(services, number, "reminders", services.urls[SALES_CONNECT])
            yield _named("read reminders", number, _read(services, plugins, "tap-salesconnect", number), bare)


def echoes(world: World) -> Iterator[Measured]:
    """Everything is read again, through either pipeline: all of it is linked and equals the base."""
    number = world.pairs.number
    plugins = Plugins(world, ledger_url=world.ledger_url)
    for tap, target in PIPES:
        calls, written, cpu = sum(world.calls().values()), sum(world.written().values()), world.cpu_seconds()
        used, _ = plugins.pipe(tap, target)
        counts = {
            "api_calls": sum(world.calls().values()) - calls,
            "written": sum(world.written().values()) - written,
            "sandbox_cpu_seconds": round(world.cpu_seconds() - cpu, 3),
        }
        yield f"read everything again, {tap} | {target}, {number:,} links", Cost.of(used, number, **counts), None


def _read(services: Services, plugins: Plugins, tap: str, number: int, **settings: int) -> Cost:
    out = services.folder / "read.jsonl"
    calls, cpu = sum(services.calls().values()), services.cpu_seconds()
    used = plugins.read(tap, out, **settings)
    with out.open("rb") as lines:
        seen = sum(line.startswith(b'{"type":"RECORD"') for line in lines)
    out.unlink()
    if seen < number:
        message = f"{tap} read {seen} of {number} records"
        raise RuntimeError(message)
    more = round(services.cpu_seconds() - cpu, 3)
    return Cost.of({tap: used}, number, api_calls=sum(services.calls().values()) - calls, sandbox_cpu_seconds=more)


def _floor(services: Services, number: int, *arguments: str) -> Cost:
    calls, cpu = sum(services.calls().values()), services.cpu_seconds()
    used = floor(services, "read.py", *arguments)
    more = round(services.cpu_seconds() - cpu, 3)
    return Cost.of({"floor": used}, number, api_calls=sum(services.calls().values()) - calls, sandbox_cpu_seconds=more)


def _named(scenario: str, number: int, ours: Cost, bare: Cost) -> Measured:
    return f"{scenario}, {number:,}", ours, bare
