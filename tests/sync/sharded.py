"""Shards of one ledger in PostgreSQL, each with pipelines and bookmarks of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_engine.connecting import sales_connect_client, salesforce_destination
from tasksync_engine.ledger import open_ledger
from tasksync_engine.settings import EngineSettings
from tasksync_engine.sharding import Shard, make_plan
from tests.sync.pipelines import Meltano

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import SandboxHandle

DIRECTIONS = ("to-salesforce", "to-salesconnect")


class Sharded:
    """A plan, and what runs by it.

    Attributes:
        ledger_url: the one ledger.
        whole: the pipelines for all users.
    """

    def __init__(self, sandbox: SandboxHandle, folder: Path, ledger_url: str) -> None:
        self.ledger_url = ledger_url
        self.whole = Meltano(sandbox, folder, ledger_url=ledger_url)
        self._sandbox = sandbox
        self._folder = folder
        self._shards: dict[str, Meltano] = {}

    def plan(self, number: int | None, **users: str) -> list[Shard]:
        """Cut the roster; then give users of the test's choice the shards of its choice."""
        settings = EngineSettings.from_config({"ledger_url": self.ledger_url})
        connect = salesforce_destination(self.whole.salesforce)
        with sales_connect_client(self.whole.sales_connect) as client:
            made = make_plan(settings, connect, client, number)
        for user, shard in users.items():
            self.sql("UPDATE roster SET shard = %s WHERE sales_connect_id = %s", shard, user)
        return made

    def shard(self, name: str) -> Meltano:
        """A shard's pipelines."""
        if name not in self._shards:
            made = Meltano(self._sandbox, self._folder, ledger_url=self.ledger_url)
            made.settings = {"shard": name}
            made.read_settings = {direction: {"shard": name} for direction in DIRECTIONS}
            self._shards[name] = made
        return self._shards[name]

    def sync(self, *names: str) -> None:
        """One sync of each of these shards, one after the other."""
        for name in names:
            self.shard(name).sync()

    def read(self, name: str | None, direction: str) -> bytes:
        """What a shard's tap reads now; None: the tap for all users."""
        made = self.whole if name is None else self.shard(name)
        if direction == "to-salesforce":
            return made.read(direction, TapSalesconnect, made.sales_connect, {"people"})
        return made.read(direction, TapSalesforceTasks, made.salesforce, {"users"})

    def write(self, name: str | None, direction: str, lines: bytes) -> None:
        """What a shard's target makes of it; None: the target for all users."""
        made = self.whole if name is None else self.shard(name)
        if direction == "to-salesforce":
            made.write(direction, TargetSalesforceTasks, made.salesforce, lines)
        else:
            made.write(direction, TargetSalesconnect, made.sales_connect, lines)

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the ledger's database says."""
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            found = connection.exec_driver_sql(query, values)
            return [tuple(row) for row in found] if found.returns_rows else []
