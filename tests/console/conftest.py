"""Ledgers written through the engine's own functions, and the `tasksync` command over them."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasksync_console.cli import main
from tasksync_engine.ledger import Participant, deletions, intents, links, open_ledger, parked, roster, runs
from tasksync_mappings import Pair
from tests.project.copies import ROOT
from tests.sync.pipelines import Meltano
from tests.sync.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import SandboxHandle

AT = datetime(2026, 11, 20, 8, 36, tzinfo=UTC)
URLS = ("SALESFORCE_LOGIN_URL", "SALES_CONNECT_URL")
VARIABLES = (*URLS, "SALESFORCE_CLIENT_ID", "SALES_CONNECT_TOKEN")
NOBODY = "http://127.0.0.1:1"
"""Where no service answers."""
LEDGER_VARIABLES = ("TASKSYNC_LEDGER_URL", "MELTANO_PROJECT_ROOT", "MELTANO_ENVIRONMENT")


def reminder_id(number: int) -> str:
    """The id of the n-th reminder."""
    return f"rem_{number}"


def task_id(number: int) -> str:
    """The id of the n-th task; its last three characters are the right ones for the first fifteen."""
    return f"00T{number:012d}EAA"


class Book:
    """A ledger in a file, written as a run writes it.

    Attributes:
        url: its address.
    """

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"

    def write(self, function: Callable[..., Any], *values: Any, **named: Any) -> Any:
        """Call one of the ledger's functions in a transaction of its own."""
        with open_ledger(self.url) as ledger, ledger.transaction() as connection:
            return function(connection, *values, **named)

    def link(self, number: int, name: str | None = "Call Ann", *, state: str = links.OPEN) -> None:
        """Pair the n-th reminder with the n-th task; `name` None: without a base."""
        base = {"name": Pair(name, name), "status": Pair("open", "Not Started")} if name is not None else {}
        new = links.NewLink(reminder_id(number), task_id(number), base, "u1", "005Tm0000000001AAA", "pushed")
        self.write(links.add, [new], AT)
        if state != links.OPEN:
            (link,) = self.write(links.of_records, "task", [task_id(number)])[task_id(number)]
            self.write(links.close, [(link, AT)], AT, state=state)

    def run(self, direction: str = "to-salesforce", *, dry_run: bool = False, **ending: Any) -> int:
        """Note a run; `outcome` None leaves it running."""
        number: int = self.write(runs.start, direction, AT, dry_run=dry_run)
        if ending.get("outcome", runs.OK) is not None:
            usual = {"outcome": runs.OK, "complete": True, "counts": {}, "api_calls": 3, "seconds": 1.25}
            self.write(runs.end, number, ended_at=AT + timedelta(seconds=2), **{**usual, **ending})
        return number

    def park(self, number: int = 1, code: str = "ENTITY_IS_LOCKED", **members: Any) -> None:
        """Park a reminder's change."""
        usual = {
            "side": "reminder",
            "record_id": reminder_id(number),
            "category": "Access/Validation",
            "message": "the entity is locked for editing",
            "payload": {"id": reminder_id(number), "name": "Call Ann"},
            "parked_at": AT,
        }
        self.write(parked.park, [parked.Parked(code=code, **{**usual, **members})])

    def delete(self, number: int, state: str, side: Any = "reminder", **tombstone: Any) -> None:
        """Note a deletion."""
        record_id = reminder_id(number) if side == "reminder" else task_id(number)
        self.write(deletions.note, [deletions.Deletion(side, record_id, state, AT, tombstone, AT, 1)])

    def begin(self, number: int) -> None:
        """Note a create whose answer never came."""
        self.write(intents.note, [intents.Intent("reminder", reminder_id(number), "key", {})], AT)

    def conflict(self, run: int, number: int, found: Any) -> None:
        """Record a conflict."""
        self.write(runs.write_conflicts, run, AT, [runs.RecordedConflict(reminder_id(number), task_id(number), found)])

    def remember(self, run: int, *events: runs.Event) -> None:
        """Write history."""
        self.write(runs.write_history, run, AT, events)

    def enrol(self, *people: Participant) -> None:
        """Write the roster."""
        self.write(roster.replace, people)


ANN = Participant("u1", "005Tm0000000001AAA", AT, email="ann@example.com")
DAN = Participant("u4", None, AT, left_out="no active Salesforce user has this email", email="dan@example.com")


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new ledger's file: made once, as its migration takes longer than most of these tests."""
    path = tmp_path_factory.mktemp("blank") / "ledger.db"
    with open_ledger(f"sqlite:///{path}"):
        pass
    return path.read_bytes()


@pytest.fixture
def book(tmp_path: Path, blank: bytes) -> Book:
    """An empty ledger."""
    path = tmp_path / "ledger.db"
    path.write_bytes(blank)
    return Book(path)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@pytest.fixture
def tasksync(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Ended]:
    """Runs the command through its entry point, with the ledger of `book` unless a test sets variables itself."""
    for name in LEDGER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TASKSYNC_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    for name in URLS:  # not what runs at the usual addresses, should there be a sandbox on this machine
        monkeypatch.setenv(name, NOBODY)

    def run(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["tasksync", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        code = end.value.code
        return Ended(code if isinstance(code, int) else int(code is not None), said.out, said.err)

    return run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tasksync: Callable[..., Ended]) -> Path:
    """A copy of the project's file, and no variable but the place of it."""
    del tasksync  # which takes all variables away
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    shutil.copy(ROOT / "meltano.yml", tmp_path)
    shutil.copytree(ROOT / "catalogs", tmp_path / "catalogs")
    monkeypatch.delenv("MELTANO_ENVIRONMENT", raising=False)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    return tmp_path


@pytest.fixture
def team(sandbox: SandboxHandle) -> Team:
    """Ann and Bob take part, Cid is off, Dan is left out."""
    return Team(sandbox)


@pytest.fixture
def meltano(sandbox: SandboxHandle, project: Path, monkeypatch: pytest.MonkeyPatch) -> Meltano:
    """Both pipelines over the ledger of the command, whose variables lead to the sandbox."""
    monkeypatch.setenv("SALESFORCE_LOGIN_URL", sandbox.salesforce_url)
    monkeypatch.setenv("SALES_CONNECT_URL", sandbox.sales_connect_url)
    return Meltano(sandbox, project)
