"""Both directions by one set of words: a source that is edited, a destination that is written to, and undoing a run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger import open_ledger, runs
from tasksync_engine.settings import EngineSettings
from tasksync_engine.undo import undo
from tests.sync.machine_runs import Killed, Script, played, scripted_sales_connect, scripted_salesforce
from tests.sync.steps import paired

if TYPE_CHECKING:
    from tasksync_engine.taking_back import Outcome
    from tests.sync.pipelines import Meltano
    from tests.sync.team import Team

COLUMNS = {
    "reminder": {"details": "details", "priority": "priority", "due": "due_date"},
    "task": {"details": "Description", "priority": "Priority", "due": "ActivityDate"},
}


@dataclass
class Way:
    """One direction, with a pair that agrees.

    Attributes:
        source: the side whose changes travel, `reminder` or `task`.
        pair: (reminder id, task id).
    """

    team: Team
    meltano: Meltano
    source: str
    pair: tuple[str, str] = ("", "")

    @property
    def target(self) -> str:
        """The side that is written to."""
        return "task" if self.source == "reminder" else "reminder"

    @property
    def direction(self) -> str:
        """The direction's name."""
        return "to-salesforce" if self.target == "task" else "to-salesconnect"

    @property
    def service(self) -> str:
        """The sandbox's name of the service that is written to."""
        return "salesforce" if self.target == "task" else "sales_connect"

    def with_pair(self, **members: Any) -> Way:
        """The same with a new pair that agrees."""
        return replace(self, pair=paired(self.team, self.meltano, **members))

    def id(self, side: str) -> str:
        """The id of one side's record."""
        return self.pair[0] if side == "reminder" else self.pair[1]

    def edit(self, side: str, **fields: Any) -> None:
        """Edit one side's record, by canonical names."""
        columns = {COLUMNS[side].get(name, name): value for name, value in fields.items()}
        (self.team.edit_reminder if side == "reminder" else self.team.edit_task)(self.id(side), **columns)

    def held(self, side: str, name: str) -> Any:
        """What one side's record holds."""
        rows = self.team.reminders() if side == "reminder" else self.team.tasks()
        key = "id" if side == "reminder" else "Id"
        (row,) = [row for row in rows if row[key] == self.id(side)]
        return row[COLUMNS[side].get(name, name)]

    def make(self) -> tuple[str, str]:
        """A source record, carried over; returns (source id, made id)."""
        if self.source == "reminder":
            source = self.team.remind("New", details="new")
            self.run()
            return source, self.team.task_of(source)["Id"]
        source = self.team.task("New", Description="new")
        self.meltano.to_salesforce()  # the roster
        self.run()
        return source, self.team.reminder_of(source)["id"]

    def living(self, side: str) -> list[str]:
        """The ids of one side's living records."""
        return (
            [row["id"] for row in self.team.reminders()]
            if side == "reminder"
            else [row["Id"] for row in self.team.tasks()]
        )

    def run(self) -> int:
        """Run this direction; returns the run's number."""
        (self.meltano.to_salesforce if self.target == "task" else self.meltano.to_salesconnect)()
        return self.last_run()

    def last_run(self, direction: str | None = None) -> int:
        """The number of this direction's last run."""
        with open_ledger(self.meltano.ledger_url) as ledger, ledger.reading() as connection:
            return int(runs.latest(connection, direction or self.direction)[0]["id"])

    def undo(self, run: int | None = None, *, script: Script | None = None, **settings: Any) -> Outcome | None:
        """Undo a run, the last one of this direction; None where the process was killed."""
        config = self.meltano.salesforce if self.target == "task" else self.meltano.sales_connect
        make = scripted_salesforce if self.target == "task" else scripted_sales_connect
        engine = EngineSettings.from_config({"ledger_url": self.meltano.ledger_url, **settings})
        number = self.last_run() if run is None else run
        script = script or Script()
        try:
            with played(script):
                done = undo(engine, make(config, script), number)
        except Killed:
            return None
        assert done is not None
        return done[1]

    def quiet(self) -> None:
        """Assert that the next sync writes nothing on either side."""
        before = self.team.writes()
        self.meltano.sync()
        assert self.team.writes() == before
