"""One direction as `meltano run` runs it: three processes, of which any may be killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.crashes.faults import READ_SOURCE
from tests.crashes.kills import KILLS as BARE_KILLS
from tests.crashes.pipe import PATIENCE_SECONDS, PLUGINS, environment
from tests.project.copies import OURS, Project, copy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conftest import SandboxHandle

MELTANO = "meltano"
KILLS = tuple(
    replace(kill, victims=(kill.victims[0],) if kill.where == READ_SOURCE else ("meltano", "meltano", "target", "both"))
    for kill in BARE_KILLS
    if kill.name in {"killed at any moment", "killed just after a write", "killed while the source is read"}
)
"""Those that hurt most, and Meltano itself is a victim."""
_PAUSE_SECONDS = 0.05


def install(folder: Path) -> Project:
    """A copy of the project with its plugins installed."""
    project = Project(copy(folder))
    project.meltano("install")
    return project


@dataclass
class MeltanoRun:
    """Meltano and its plugins under way."""

    process: subprocess.Popen[bytes]
    plugins: Mapping[str, str]
    log: Path
    started: float = field(default_factory=time.monotonic)
    orphans: set[int] = field(default_factory=set)

    def kill(self, victim: str) -> bool:
        """Kill "meltano", "tap", "target", or "both": Meltano with all that it started; whether it was there."""
        family = descendants(self.process.pid)
        self.orphans |= family
        if victim == MELTANO:
            doomed = {self.process.pid}
        elif victim == "both":
            doomed = {self.process.pid} | family
        else:
            doomed = {pid for pid in family if self.plugins[victim] in command_of(pid)}
        alive = self.is_alive()
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return alive and bool(doomed)

    def is_alive(self) -> bool:
        """Whether Meltano still works."""
        return self.process.poll() is None

    def end(self) -> dict[str, int]:
        """Wait for Meltano, and for the plugins that it left behind; its exit code."""
        code = self.process.wait(PATIENCE_SECONDS)
        until = time.monotonic() + PATIENCE_SECONDS
        while any(command_of(pid) for pid in self.orphans) and time.monotonic() < until:
            time.sleep(_PAUSE_SECONDS)
        return {MELTANO: code}

    def said(self) -> str:
        """What all of them said."""
        return self.log.read_text(errors="replace")


class MeltanoRuns:
    """Both directions over one ledger, with Meltano's own state; attributes as of `Pipes`."""

    place = " under meltano run"

    def __init__(self, project: Project, sandbox: SandboxHandle, folder: Path, settings: Mapping[str, Any]) -> None:
        self.usual_seconds = 6.0
        self._project = project
        self._log = folder / "meltano.log"
        self.ledger_path = folder / "ledger.db"
        self.ledger_url = f"sqlite:///{self.ledger_path}"
        self._variables = {
            "SALESFORCE_LOGIN_URL": sandbox.salesforce_url,
            "SALES_CONNECT_URL": sandbox.sales_connect_url,
            "TASKSYNC_LEDGER_URL": self.ledger_url,
            "MELTANO_DATABASE_URI": f"sqlite:///{folder}/meltano.db",
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        for _, target in PLUGINS.values():
            prefix = target.replace("-", "_").upper()
            self._variables |= {f"{prefix}_{name.upper()}": str(value) for name, value in settings.items()}

    def start(self, job: str, **more: Any) -> MeltanoRun:
        """Begin a job; with `--force`, for a killed run has left its mark in Meltano's database."""
        del more  # what a bare pipe is told for one run alone
        with self._log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own Meltano
                [".venv/bin/meltano", "run", "--force", job],
                cwd=self._project.folder,
                env={key: value for key, value in environment().items() if not key.startswith(OURS)} | self._variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        tap, target = PLUGINS.get(job, ("", ""))
        return MeltanoRun(process, {"tap": tap, "target": target}, self._log)

    def end(self, job: str, run: MeltanoRun) -> dict[str, int]:
        """Wait for the end of a run; Meltano keeps its state itself."""
        del job
        return run.end()

    def run(self, job: str) -> tuple[dict[str, int], str]:
        """One run that nobody disturbs: its exit code, and what it said."""
        run = self.start(job)
        return run.end(), run.said()

    def sync(self) -> Iterator[tuple[dict[str, int], str]]:
        """The job of both directions, and its check."""
        yield self.run("sync")


def descendants(pid: int) -> set[int]:
    """The ids of all processes that a process started, and that these started."""
    children: dict[int, set[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, set()).add(int(path.parent.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        more = children.get(waiting.pop(), set()) - found
        found |= more
        waiting += more
    return found


def command_of(pid: int) -> str:
    """A process's command line; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
