"""Plans of both directions, and carrying them out, with the real taps and destinations of `pipelines`."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_console.tapping import Lines
from tasksync_engine.apply import Applied, Hand, apply
from tasksync_engine.ledger import open_ledger, runs
from tasksync_engine.plan import Plan, Row, all_rows
from tasksync_engine.rehearsing import COMPLETE, Piece, Way, rehearse
from tasksync_engine.settings import EngineSettings
from tasksync_engine.sources import ReminderSource, TaskSource
from tests.sync.machine_runs import Killed, Script, played, scripted_sales_connect, scripted_salesforce

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.sync.pipelines import Meltano
    from tests.sync.team import Team

DIRECTIONS = ("to-salesforce", "to-salesconnect")


@dataclass
class Planner:
    """Makes plans and carries them out.

    Attributes:
        settings: further settings of both targets, as `Meltano.settings`.
    """

    team: Team
    meltano: Meltano
    script: Script = field(default_factory=Script)

    def plan(self) -> Plan:
        """What a sync would do now."""
        return rehearse([self._way(direction) for direction in DIRECTIONS], self.meltano.ledger_url)

    def apply(self, plan: Plan, *, script: Script | None = None) -> list[Applied]:
        """Carry a plan out; with a script, until the process is killed."""
        script = script or Script()
        hands = [self.hand(direction, script) for direction in DIRECTIONS]
        try:
            with played(script):
                return apply(plan, hands, self.meltano.ledger_url)
        except Killed:
            return []

    def hand(self, direction: str, script: Script | None = None) -> Hand:
        """What one direction is carried out with."""
        sales_connect, salesforce = self.meltano.sales_connect, self.meltano.salesforce
        if direction == "to-salesforce":
            reminders = SalesConnectClient(SalesConnectSettings.from_config(sales_connect))
            return Hand(
                direction,
                "task",
                self._settings(),
                self._connect(direction, script),
                lambda _: ReminderSource(reminders),
            )
        tasks = SalesforceClient(SalesforceSettings.from_config(salesforce))
        return Hand(
            direction,
            "reminder",
            self._settings(),
            self._connect(direction, script),
            lambda fields: TaskSource(tasks, fields),
        )

    def _way(self, direction: str) -> Way:
        return Way(direction, self._settings(), self._connect(direction), lambda url: self._read(direction, url))

    def _settings(self) -> EngineSettings:
        return EngineSettings.from_config({"ledger_url": self.meltano.ledger_url, **self.meltano.settings})

    def _connect(self, direction: str, script: Script | None = None) -> Any:
        if direction == "to-salesforce":
            return scripted_salesforce(self.meltano.salesforce, script or Script())
        return scripted_sales_connect(self.meltano.sales_connect, script or Script())

    def _read(self, direction: str, url: str) -> Generator[Piece]:
        """What the direction's tap says, with a ledger of its own, from the bookmark that stays where it is."""
        other = copy.copy(self.meltano)
        other.ledger_url = url
        if direction == "to-salesforce":
            said = other.read(direction, TapSalesconnect, other.sales_connect, {"people"})
        else:
            said = other.read(direction, TapSalesforceTasks, other.salesforce, {"users"})
        lines = Lines(lambda number: None)  # noqa: ARG005 - nobody looks
        for line in said.splitlines():
            yield from lines.take(line)
        yield from lines.end()
        if lines.complete:
            yield COMPLETE


def unseen(what: str) -> Any:
    """Long work that nobody looks at."""
    del what
    return lambda number: number


def told(rows: Any) -> list[tuple[Any, ...]]:
    """Rows, or a history, in a form in which a plan and what came of it can be compared: the ids of new ones aside."""
    found = []
    for row in rows:
        is_row = isinstance(row, Row)
        action = row.action if is_row else row["action"]
        if action not in {"create", "update", "delete"}:
            continue
        side = row.to if is_row else row["detail"]["to"]
        ids = (row.reminder_id, row.task_id) if is_row else (row["reminder_id"], row["task_id"])
        if action == "create":
            ids = ids[:1] if side == "task" else ids[1:]
        detail = row.fields if is_row else row["detail"].get("fields") or {}
        values = (row.writes if is_row else row["detail"]["values"]) if action == "create" else {}
        fields = {name: (one["rule"], one["before"], one["after"]) for name, one in detail.items() if "after" in one}
        found.append((action, side, ids, repr(sorted(fields.items())), repr(sorted(values.items()))))
    return sorted(found)


def history_since(meltano: Meltano, run: int) -> list[Any]:
    """All that runs after this one did."""
    with open_ledger(meltano.ledger_url) as ledger, ledger.reading() as connection:
        last = runs.latest(connection)[0]["id"]
        return [row for number in range(run + 1, last + 1) for row in runs.history_of_run(connection, number)]


def last_run(meltano: Meltano) -> int:
    """The newest run's number."""
    with open_ledger(meltano.ledger_url) as ledger, ledger.reading() as connection:
        return int((runs.latest(connection) or [{"id": 0}])[0]["id"])


def actions(plan: Plan) -> dict[str, int]:
    """How often what would be done."""
    return dict(Counter(f"{row.action} {row.to}" for row in all_rows(plan)))
