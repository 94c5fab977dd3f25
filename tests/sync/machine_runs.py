"""Runs as they go wrong: killed at any step, cut off, with edits in their way, and under the services' faults."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event, update

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_clients import ClientError
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_engine.destinations import SalesConnectDestination, SalesforceDestination
from tasksync_engine.ledger import deletions, intents, links, open_ledger, overview, parked, runs
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.settings import WriteSettings
from tests.sync.pipelines import Meltano

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.conftest import SandboxHandle

TO_SALESFORCE, TO_SALESCONNECT = "to-salesforce", "to-salesconnect"
DIRECTIONS = (TO_SALESFORCE, TO_SALESCONNECT)
WRITES = ("create", "update", "delete")
STEPS = (
    *(f"{when} {what}" for when in ("before", "after") for what in ("counterparts", "read", "write", "write", *WRITES)),
    "commit",
)
"""Between which a process may die: each call to the destination, and each transaction of the ledger."""


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Script:
    """What happens to one run of a target from outside.

    Attributes:
        kill_at: the step, and its how-manieth occurrence, at which the process dies.
        do_at: likewise for `action`, which happens once.
        action: what somebody does meanwhile.
    """

    kill_at: tuple[str, int] | None = None
    do_at: tuple[str, int] | None = None
    action: Callable[[], None] | None = None
    dead: bool = False
    _reached: Counter[str] = field(default_factory=Counter)

    def reach(self, step: str) -> None:
        """Go on to the next step, unless the process is dead: then nothing of it reaches the world any more."""
        self._reached[step] += 1
        here = (step, self._reached[step])
        if here == self.do_at and self.action is not None:
            self.action()
        if self.dead or here == self.kill_at:
            self.dead = True
            raise Killed(here)

    @contextmanager
    def around(self, call: str) -> Iterator[None]:
        """A call to the destination."""
        names = (call, "write") if call in WRITES else (call,)
        for name in names:
            self.reach(f"before {name}")
        yield
        for name in names:
            self.reach(f"after {name}")


_running: list[Script] = []


@event.listens_for(sqlalchemy.engine.Engine, "commit")
def _on_commit(connection: Any) -> None:
    del connection
    if _running:
        _running[-1].reach("commit")


class _Scripted:
    """A destination whose every call is a step of the script."""

    script: Script

    def read(self, ids: Sequence[str]) -> Any:
        with self.script.around("read"):
            return super().read(ids)  # type: ignore[misc]

    def counterparts(self, records: Sequence[Any]) -> Any:
        with self.script.around("counterparts"):
            return super().counterparts(records)  # type: ignore[misc]

    def create(self, creates: Sequence[Any]) -> Any:
        with self.script.around("create"):
            return super().create(creates)  # type: ignore[misc]

    def update(self, updates: Sequence[Any]) -> Any:
        with self.script.around("update"):
            return super().update(updates)  # type: ignore[misc]

    def delete(self, records: Sequence[Any]) -> Any:
        with self.script.around("delete"):
            return super().delete(records)  # type: ignore[misc]


class _ScriptedSalesforce(_Scripted, SalesforceDestination):
    pass


class _ScriptedSalesConnect(_Scripted, SalesConnectDestination):
    pass


def scripted_salesforce(config: Any, script: Script) -> Any:
    """What makes Salesforce as a destination whose every call is a step of the script."""
    client = SalesforceClient(SalesforceSettings.from_config(config))

    def connect(fields: Any) -> SalesforceDestination:
        destination = _ScriptedSalesforce(client, fields, WriteSettings.from_config(config))
        destination.script = script
        return destination

    return connect


def scripted_sales_connect(config: Any, script: Script) -> Any:
    """What makes Sales Connect as a destination whose every call is a step of the script."""
    destination = _ScriptedSalesConnect(SalesConnectClient(SalesConnectSettings.from_config(config)))
    destination.script = script
    return lambda fields: destination  # noqa: ARG005 - the contract's members are not the mapping's


@contextmanager
def played(script: Script) -> Iterator[None]:
    """Commits of the ledger are steps of this script."""
    _running.append(script)
    try:
        yield
    finally:
        _running.pop()


class _ToSalesforce(TargetSalesforceTasks):
    script: Script

    def connector(self) -> Any:
        return scripted_salesforce(self.config, self.script)


class _ToSalesConnect(TargetSalesconnect):
    script: Script

    def connector(self) -> Any:
        return scripted_sales_connect(self.config, self.script)


_PIPELINES = {
    TO_SALESFORCE: (TapSalesconnect, "sales_connect", {"people"}, _ToSalesforce, "salesforce"),
    TO_SALESCONNECT: (TapSalesforceTasks, "salesforce", {"users"}, _ToSalesConnect, "sales_connect"),
}


@dataclass(frozen=True)
class Mishap:
    """What goes wrong in one run.

    Attributes:
        script: what happens at the target's steps.
        between: what somebody does after the tap has read and before the target decides.
        cut: the tap dies: only this many of its lines reach the target.
        unsaved: the bookmark that the target said is lost on its way.
    """

    script: Script = field(default_factory=Script)
    between: Callable[[], None] | None = None
    cut: int | None = None
    unsaved: bool = False


class Runs(Meltano):
    """Both directions, over and over.

    Attributes:
        conflicts: every conflict that any ledger of this example has recorded, in order.
    """

    def __init__(
        self, sandbox: SandboxHandle, folder: Path, settings: dict[str, Any], ledger_url: str | None = None
    ) -> None:
        super().__init__(sandbox, folder, ledger_url=ledger_url)
        self.settings = settings
        self._lost: list[dict[str, Any]] = []

    @property
    def has_ledger(self) -> bool:
        """Whether there is one yet."""
        return self.ledger_path.exists()

    def run(self, direction: str, mishap: Mishap | None = None) -> bool:
        """One run of one direction; whether it came to its end."""
        mishap = mishap or Mishap()
        lines = self.read_lines(direction)
        if mishap.between is not None:
            mishap.between()
        return self.write_lines(direction, lines, mishap) and self.read_to_end

    def read_lines(self, direction: str) -> bytes:
        """What the tap says, until it ended, well or not (`read_to_end`)."""
        tap, source, deselected, _, _ = _PIPELINES[direction]
        return self.read(direction, tap, getattr(self, source), deselected)

    def write_lines(self, direction: str, lines: bytes, mishap: Mishap) -> bool:
        """Whether the target came to its end."""
        if mishap.cut is not None:
            lines = b"".join(lines.splitlines(keepends=True)[: mishap.cut])
        _, _, _, target, destination = _PIPELINES[direction]
        saved = self.states.get(direction)
        try:
            with played(mishap.script):
                self.write(direction, _made(target, mishap.script), getattr(self, destination), lines)
        except (Killed, ClientError):
            return False
        finally:
            if mishap.unsaved:
                self.states[direction] = saved
        return True

    def read(self, direction: str, tap_type: Any, config: dict[str, Any], deselected: set[str]) -> bytes:
        """Run a tap and return what it wrote until it ended, well or not (`read_to_end`)."""
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        state = self.states.get(direction)
        self.read_to_end = True
        with redirect_stdout(out):
            tap = tap_type(
                config={**config, "ledger_url": self.ledger_url, **self.read_settings.get(direction, {})},
                state=json.loads(json.dumps(state)) if state else None,
            )
            for name, stream in tap.streams.items():
                stream.selected = name not in deselected
            try:
                tap.sync_all()
            except SystemExit as end:
                self.read_to_end = not end.code
            finally:
                tap.resources.close()
        out.flush()
        return out.buffer.getvalue()  # type: ignore[attr-defined, no-any-return]

    # The ledger, as a person looks at it.

    @property
    def conflicts(self) -> list[dict[str, Any]]:
        """All conflicts so far, the oldest first."""
        return self._lost + self._recorded()

    def _recorded(self) -> list[dict[str, Any]]:
        if not self.has_ledger:
            return []
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            return [dict(row) for row in reversed(runs.all_conflicts(connection))]

    def parked(self) -> list[parked.Parked]:
        """What is parked now."""
        if not self.has_ledger:
            return []
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            return parked.everything(connection)

    def has_pending_deletions(self) -> bool:
        """Whether one direction has found a deletion that the other carries out with its next run (sync-rules §2.3)."""
        if not self.has_ledger:
            return False
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            return bool(deletions.in_state(connection, [deletions.PENDING]))

    def links(self) -> dict[str, str]:
        """By reminder, the task that it is, or was last, linked to."""
        if not self.has_ledger:
            return {}
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            known = overview.find_links(connection, Sought())[0]
        return {link.reminder_id: link.task_id for link in reversed(known)}

    def unsettled(self) -> set[str]:
        """The reminders of whose create nobody knows yet what it made."""
        if not self.has_ledger:
            return set()
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            return {intent.record_id for intent in intents.unsettled(connection, "reminder")}

    def owes_pointers(self) -> bool:
        """Whether a pushed reminder lacks its task's id, where the ledger alone knows it."""
        if not self.has_ledger:
            return False
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            return bool(links.owed_pointers(connection))

    def retry_parked(self) -> None:
        """A person asks for everything parked to be tried again."""
        if self.has_ledger:
            with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
                connection.execute(
                    update(parked.parked)
                    .where(parked.parked.c.code.not_in(parked.WAITING | {parked.DOUBTFUL}))
                    .values(retry_at=parked.parked.c.parked_at, run_id=0)
                )

    def lose_ledger(self) -> None:
        """The ledger's file is gone; what its conflicts told is remembered, for people have read them."""
        self._lost = self.conflicts
        for path in self.ledger_path.parent.glob(f"{self.ledger_path.name}*"):
            path.unlink()


def _made(target: Any, script: Script) -> Callable[..., Any]:
    def make(config: dict[str, Any]) -> Any:
        made = target(config=config)
        made.script = script
        return made

    return make
