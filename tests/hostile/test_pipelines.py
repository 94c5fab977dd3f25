"""Whole pipelines through a proxy that spoils answers: nothing lost, nothing doubled, no traceback, nothing leaked."""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tasksync_clients import ClientError
from tasksync_engine.errors import EngineError
from tasksync_engine.ledger import open_ledger
from tasksync_engine.ledger import parked as parked_table
from tasksync_engine.ledger.store import now
from tests.sync.pipelines import Meltano
from tests.sync.team import Team, salesforce_user

from .proxy import Proxy
from .test_answers import CASES, CONTROLS, FUZZING, MOST_MEMORY, Listener, peak
from .values import PERSONAL
from .wire import WireServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WORLDS = CASES // 3 if FUZZING else 6
HOSTILE_SYNCS = 3
SECRET = "s3cret"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[WireServer]:
    """Another host, where nothing may ever arrive."""
    server = WireServer("127.0.0.2")
    yield server
    server.close()


@pytest.fixture
def proxies(running_sandbox: Any, elsewhere: WireServer) -> Iterator[tuple[Proxy, Proxy]]:
    """One proxy for each service."""
    pair = (
        Proxy(running_sandbox.salesforce_url, elsewhere.url),
        Proxy(running_sandbox.sales_connect_url, elsewhere.url),
    )
    yield pair
    for proxy in pair:
        proxy.close()


@pytest.fixture
def worlds(running_sandbox: Any, proxies: tuple[Proxy, Proxy], tmp_path: Path) -> Callable[[str], Any]:
    """Makes a world of this name, and says which proxies stand before it."""

    def make(name: str) -> tuple[World, tuple[Proxy, Proxy]]:
        (tmp_path / name).mkdir()
        return World(running_sandbox, proxies, tmp_path / name), proxies

    return make


class World:
    """A team with pairs that agree, and edits on both sides that have yet to travel."""

    def __init__(self, sandbox: Any, proxies: tuple[Proxy, Proxy], folder: Any) -> None:
        self.sandbox = sandbox
        self.proxies = proxies
        sandbox.reset()
        self.team = Team(sandbox)
        self.meltano = Meltano(sandbox, folder)
        self.meltano.salesforce |= {"login_url": proxies[0].url, "read_timeout": 5}
        self.meltano.sales_connect |= {"api_url": proxies[1].url, "read_timeout": 5}
        made = [self.team.remind(f"{PERSONAL} {number}", details=PERSONAL) for number in range(4)]
        imported = [self.team.task(f"{PERSONAL} {number}", Description=PERSONAL) for number in range(3)]
        self.meltano.sync()
        self.gone = {made[3], imported[2]}
        self.team.edit_reminder(made[0], details=f"{PERSONAL} edited", status="completed")
        self.team.edit_task(self.team.task_of(made[1])["Id"], Priority="High", Description=f"{PERSONAL} there")
        self.team.edit_task(imported[0], ActivityDate="2027-01-01")
        self.team.delete_reminder(made[3])
        self.team.delete_task(imported[2])
        self.reminders = {*made, self.team.remind(f"{PERSONAL} new")}
        self.tasks = {*imported, self.team.task(f"{PERSONAL} new", OwnerId=salesforce_user(2))}

    def hostile(self, dice: random.Random) -> Counter[str]:
        """Some syncs through spoilt answers; says how the runs ended."""
        outcomes: Counter[str] = Counter()
        for proxy in self.proxies:
            proxy.random = dice
            proxy.rarity = dice.choice([2, 4, 8])
        for _ in range(HOSTILE_SYNCS):
            for run in (self.meltano.to_salesforce, self.meltano.to_salesconnect):
                outcomes[_ended(run)] += 1
        for proxy in self.proxies:
            proxy.random = None
        return outcomes

    def heal(self) -> None:
        """Good answers again; what is parked is asked for again, as a person would."""
        self.meltano.sync()
        with open_ledger(self.meltano.ledger_url) as ledger, ledger.transaction() as connection:
            parked_table.request_retry(connection, now())
        self.meltano.sync()
        self.meltano.sync()

    def check(self) -> None:
        """Both sides agree, nothing is lost or doubled, and the next sync writes nothing."""
        before = self.team.writes()
        self.meltano.sync()
        assert self.team.writes() == before, "not quiet"
        reminders = {row["id"]: row for row in self.team.reminders()}
        tasks = {row["Id"]: row for row in self.team.tasks()}
        assert self.reminders - self.gone <= reminders.keys(), "a reminder is lost"
        assert self.tasks - self.gone <= tasks.keys(), "a task is lost"
        assert not self.gone & (reminders.keys() | tasks.keys()), "something deleted came back"
        pairs = [(row["salesforce_task_id"], row["id"]) for row in reminders.values() if row["salesforce_task_id"]]
        pairs += [(row["Id"], row["Sales_Connect_Id__c"]) for row in tasks.values() if row["Sales_Connect_Id__c"]]
        partners = dict(pairs)
        assert len(partners) == len(set(partners.values())) == len(pairs) == len(reminders) == len(tasks), pairs
        for task_id, reminder_id in partners.items():
            task, reminder = tasks[task_id], reminders[reminder_id]
            assert (task["Description"], task["ActivityDate"]) == (reminder["details"], reminder["due_date"])
            assert (task["Status"] == "Completed") == (reminder["status"] == "completed")
            assert (task["Priority"] == "High") == (reminder["priority"] == "high")


def _ended(run: Any) -> str:
    try:
        run()
    except (ClientError, EngineError) as error:
        _check_words(str(error))
        return type(error).__name__
    except SystemExit as error:
        _check_words(str(error.__cause__))
        return type(error.__cause__).__name__
    return "done"


def _check_words(words: str) -> None:
    assert words.strip()
    assert not CONTROLS.search(words), repr(words)
    assert PERSONAL not in words
    assert SECRET not in words
    assert len(words.splitlines()) <= 2, words


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the plugins log."""
    handler = Listener()
    handler.setLevel(logging.INFO)
    names = [None, "tap-salesconnect", "tap-salesforce-tasks", "target-salesconnect", "target-salesforce-tasks"]
    for name in names:
        logging.getLogger(name).addHandler(handler)
    yield handler.lines
    for name in names:
        logging.getLogger(name).removeHandler(handler)


def test_pipelines_outlive_bad_answers(worlds, elsewhere, lines, record_property):
    """Runs through spoilt answers end in words; once the answers are good, both sides come to agree.

    What people made is there once, what they deleted is gone, and no request, personal data or control character got
    anywhere else.
    """
    outcomes: Counter[str] = Counter()
    before = peak()
    seeds = range(WORLDS) if not FUZZING else random.SystemRandom().sample(range(10**9), WORLDS)
    for seed in seeds:
        world, proxies = worlds(str(seed))
        lines.clear()
        try:
            outcomes += world.hostile(random.Random(seed))  # noqa: S311 - dice, no secret
            _check_lines(lines)
            world.heal()
            world.check()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    assert not elsewhere.requests, "a request went to another host"
    assert peak() - before < MOST_MEMORY
    tally = sum((proxy.tally for proxy in proxies), Counter[str]())
    kinds = {kind: {"spoilt": number} for kind, number in tally.items()}
    record_property("hostile", json.dumps({"endpoint": f"pipelines ({WORLDS} worlds)", "kinds": kinds}))
    record_property("hostile", json.dumps({"endpoint": "pipelines: how their runs ended", "kinds": {"runs": outcomes}}))


def _check_lines(lines: list[str]) -> None:
    for line in lines:
        assert not CONTROLS.search(line), repr(line)
        assert PERSONAL not in line, line
