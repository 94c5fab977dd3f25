"""The state machine's runs as shards: two of them over one ledger, each in the midst of the other's."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tasksync_clients import ClientError
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_engine.connecting import salesforce_destination
from tasksync_engine.ledger import open_ledger, shards
from tasksync_engine.settings import EngineSettings
from tasksync_engine.sharding import make_plan
from tests.sync.machine import SyncMachine
from tests.sync.machine_runs import DIRECTIONS, STEPS, TO_SALESFORCE, Mishap, Runs, Script
from tests.sync.machine_world import ASSIGNEES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import SandboxHandle

NAMES = ("1", "2")


class _States(dict[str, Any]):
    """The bookmarks of all shards: one that is lost is lost for each."""

    def __init__(self, of_shards: list[Runs]) -> None:
        self._of_shards = of_shards

    def pop(self, direction: str, default: Any = None) -> Any:
        for runs in self._of_shards:
            runs.states.pop(direction, default)


class ShardedRuns(Runs):
    """Each run of a direction is one of each shard; both read first, and one writes within the other's writing.

    The plan is made anew before each sync, and users move to the other shard now and then.
    """

    def __init__(
        self, sandbox: SandboxHandle, folder: Path, settings: dict[str, Any], new_ledger: Callable[[], str]
    ) -> None:
        super().__init__(sandbox, folder, settings, new_ledger())
        self._new_ledger = new_ledger
        self._of_shard = {name: Runs(sandbox, folder, settings, self.ledger_url) for name in NAMES}
        for name, runs in self._of_shard.items():
            runs.read_settings = {direction: {"shard": name} for direction in DIRECTIONS}
        self.states = _States(list(self._of_shard.values()))
        self._plans = itertools.count()
        self._orders = itertools.cycle([NAMES, NAMES[::-1]])
        self._moments = itertools.cycle([None, *STEPS])

    @property
    def has_ledger(self) -> bool:
        """There always is one."""
        return True

    def lose_ledger(self) -> None:
        """Another, empty one is in its place."""
        self._lost = self.conflicts
        self.ledger_url = self._new_ledger()
        for runs in self._of_shard.values():
            runs.ledger_url = self.ledger_url

    def run(self, direction: str, mishap: Mishap | None = None) -> bool:
        """One run of each shard in this direction; whether all came to their end."""
        mishap = mishap or Mishap()
        if direction == TO_SALESFORCE and not self._plan() and not self._planned():
            return False
        first, second = (self._of_shard[name] for name in next(self._orders))
        for name, runs in self._of_shard.items():
            runs.settings = {**self.settings, "shard": name}
        if not self._planned():
            return False
        lines = {runs: runs.read_lines(direction) for runs in (first, second)}
        if mishap.between is not None:
            mishap.between()
        done: list[bool] = []
        within = next(self._moments)
        if within is not None and mishap.script.do_at is None and not mishap.script.kill_at:
            write_second = lambda: done.append(second.write_lines(direction, lines[second], Mishap()))  # noqa: E731
            script = Script(do_at=(within, 1), action=write_second)
            done.append(
                first.write_lines(direction, lines[first], Mishap(script, cut=mishap.cut, unsaved=mishap.unsaved))
            )
        else:
            done.append(first.write_lines(direction, lines[first], mishap))
        if len(done) < len(NAMES):
            done.append(second.write_lines(direction, lines[second], Mishap()))
        return all(done) and all(runs.read_to_end for runs in self._of_shard.values())

    def _planned(self) -> bool:
        with open_ledger(self.ledger_url) as ledger, ledger.reading() as connection:
            return shards.names(connection) == list(NAMES)

    def _plan(self) -> bool:
        """Make a plan, and move a user with every third one; whether it was made."""
        settings = EngineSettings.from_config({"ledger_url": self.ledger_url})
        client = SalesConnectClient(SalesConnectSettings.from_config(self.sales_connect))
        try:
            with client:
                make_plan(settings, salesforce_destination(self.salesforce), client, len(NAMES))
        except ClientError:
            return False
        turn = next(self._plans) // 3
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            shards.assign(connection, {user: NAMES[(place + turn) % 2] for place, user in enumerate(ASSIGNEES)}, NAMES)
        return True


class ShardedMachine(SyncMachine):
    """The same histories, over shards.

    Attributes:
        new_ledger: gives the address of an empty database.
    """

    new_ledger: Callable[[], str]
    most_calls = 30

    def _make_runs(self, settings: dict[str, Any]) -> Runs:
        return ShardedRuns(self.world.sandbox, self.folder, settings, type(self).new_ledger)
