"""`meltano run sync` with few and many changes, at few and many links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from measuring.plugins import PIPES, Plugins
from measuring.rows import Cost, Measured
from measuring.world import World

from scenarios import reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from measuring.project import Project

MANY = 10_000
"""Changes that are measured once."""


def runs(folder: Path, project: Project, links: int, changes: Sequence[int], rounds: int) -> Iterator[Measured]:
    """Each number of changes in turns, next to two pipelines that have nothing to say; then everything read again."""
    with World(folder, links) as world:
        yield from _pipes(world, rounds)
        project.state(world, world.states)
        world.wait()
        project.sync(world)  # to get warm
        for turn in range(rounds):
            bare = Cost.of(project.nothing(world), 0, api_calls=0)
            for number in changes:
                if not turn or number < MANY:
                    cost = _run(world, project, number)
                    yield f"meltano run sync, {number:,} changes, {links:,} links", cost, bare
        yield from reading.echoes(world)


def _run(world: World, project: Project, number: int) -> Cost:
    world.wait()
    if number:
        world.edit(number // 2 or 1, tasks=number // 2)
    calls, written, cpu = sum(world.calls().values()), sum(world.written().values()), world.cpu_seconds()
    used = project.sync(world)
    counts = {
        "api_calls": sum(world.calls().values()) - calls,
        "written": sum(world.written().values()) - written,
        "sandbox_cpu_seconds": round(world.cpu_seconds() - cpu, 3),
    }
    if counts["written"] != number:
        message = f"{counts['written']} records were written for {number} changes"
        raise RuntimeError(message)
    return Cost.of(used, number, **counts)


def _pipes(world: World, rounds: int) -> Iterator[Measured]:
    """One changed reminder, and 100 changes on each side, as bare pipes: what the plugins alone cost."""
    plugins = Plugins(world, ledger_url=world.ledger_url)
    states = list(world.states)
    for _ in range(rounds):
        for number in (1, 100):
            world.wait()
            world.edit(number, tasks=number if number > 1 else 0)
            calls, written = world.calls(), sum(world.written().values())
            cpu = world.cpu_seconds()
            used = {}
            for place, (tap, target) in enumerate(PIPES):
                cost, states[place] = plugins.pipe(tap, target, states[place])
                used |= cost
            told = {service: world.calls()[service] - calls[service] for service in calls}
            counts = {
                "api_calls": sum(told.values()),
                "written": sum(world.written().values()) - written,
                "sandbox_cpu_seconds": round(world.cpu_seconds() - cpu, 3),
            }
            name = "one changed reminder" if number == 1 else f"{number} changes on each side"
            cost = Cost.of(used, 0, api_calls_of=told, **counts)
            yield f"both pipes, {name}, {world.pairs.number:,} links", cost, None
    world.states = (states[0], states[1])
