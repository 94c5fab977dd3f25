"""One direction as two bare processes, `tap | target`, with the state carried from run to run as Meltano carries it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.sync.machine_runs import TO_SALESCONNECT, TO_SALESFORCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.conftest import SandboxHandle
    from tests.crashes.template import Forked, Template

    Process = subprocess.Popen[bytes] | Forked

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv/bin"
PLUGINS = {
    TO_SALESFORCE: ("tap-salesconnect", "target-salesforce-tasks"),
    TO_SALESCONNECT: ("tap-salesforce-tasks", "target-salesconnect"),
}
PATIENCE_SECONDS = 240


def environment() -> dict[str, str]:
    """What the plugins' processes see: compiled modules may be kept, for most of a short run is its start."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


@dataclass
class Run:
    """Two processes under way.

    Attributes:
        members: "tap" and "target".
        logs: what each says on standard error.
    """

    members: dict[str, Process]
    logs: dict[str, Path]
    started: float = field(default_factory=time.monotonic)

    def kill(self, victim: str) -> bool:
        """Kill "tap", "target" or, as a power cut would, "both"; whether any was still alive to be killed."""
        victims = [self.members[name] for name in (("target", "tap") if victim == "both" else (victim,))]
        for process in victims:
            process.kill()
        for process in victims:
            process.wait(PATIENCE_SECONDS)
        return any((process.returncode or 0) < 0 for process in victims)

    def is_alive(self) -> bool:
        """Whether the target still works."""
        return self.members["target"].poll() is None

    def end(self) -> dict[str, int]:
        """Wait for both; their exit codes."""
        return {name: process.wait(PATIENCE_SECONDS) for name, process in self.members.items()}

    def said(self) -> str:
        """What both said."""
        return "".join(f"--- {name}\n{path.read_text(errors='replace')}" for name, path in self.logs.items())


class Pipes:
    """Both directions over one ledger.

    Attributes:
        ledger_url: the ledger as the plugins are told of it.
        states: the state of each direction.
        usual_seconds: how long a run lasts that nobody disturbs.
        place: where its processes run, for the table.
    """

    place = ""

    def __init__(
        self, sandbox: SandboxHandle, folder: Path, settings: Mapping[str, Any], template: Template | None = None
    ) -> None:
        """Both directions; with a template its processes are forked from it, else started from `.venv/bin`."""
        self._folder, self._template = folder, template
        self.usual_seconds = 1.0 if template else 2.0
        self.ledger_path = folder / "ledger.db"
        self.ledger_url = f"sqlite:///{self.ledger_path}"
        self.states: dict[str, dict[str, Any]] = {}
        shared = {"ledger_url": self.ledger_url, "loopback_only": True, "retry_delay": 0.05}
        sales_connect = {
            "api_url": sandbox.sales_connect_url,
            "oauth_client_id": "sandbox",
            "oauth_client_secret": "sandbox",
        }
        salesforce = {"login_url": sandbox.salesforce_url, "client_id": "sandbox", "client_secret": "sandbox"}
        self._configs = {
            plugin: shared
            | (sales_connect if plugin.endswith("salesconnect") else salesforce)
            | (dict(settings) if plugin.startswith("target") else {})
            for names in PLUGINS.values()
            for plugin in names
        }
        if settings.get("mapping_path"):
            self._configs["tap-salesforce-tasks"] |= {"link_field": ""}

    def start(self, direction: str, **more: Any) -> Run:
        """Begin a run; `more` are further settings of both plugins, for this run alone."""
        tap, target = PLUGINS[direction]
        state = self._folder / f"{direction}.state.json"
        state.write_text(json.dumps(self.states.get(direction, {})), encoding="utf-8")
        catalog = ROOT / "catalogs" / f"{tap}.json"
        logs = {"tap": self._folder / f"{tap}.log", "target": self._folder / f"{target}.log"}
        read, write = os.pipe()
        reading = [tap, *self._config(tap, more), "--state", str(state), "--catalog", str(catalog)]
        writing = [target, *self._config(target, more)]
        with ExitStack() as opened:
            opened.callback(os.close, read)
            nothing = opened.enter_context(Path(os.devnull).open("rb")).fileno()
            out = opened.enter_context((self._folder / f"{direction}.out").open("wb")).fileno()
            said = {name: opened.enter_context(path.open("wb")).fileno() for name, path in logs.items()}
            members = {"tap": self._begin(reading, (nothing, write, said["tap"]))}
            os.close(write)  # the tap alone holds it now: when it dies, the target notices
            members["target"] = self._begin(writing, (read, out, said["target"]))
        return Run(members, logs)

    def end(self, direction: str, run: Run) -> dict[str, int]:
        """Wait for a run's end and keep the last STATE that its target told whole, as Meltano does."""
        codes = run.end()
        for line in (self._folder / f"{direction}.out").read_text(encoding="utf-8").splitlines():
            with suppress(json.JSONDecodeError):
                self.states[direction] = self.states.get(direction, {}) | json.loads(line)
        return codes

    def sync(self) -> Iterator[tuple[dict[str, int], str]]:
        """Both directions in the order of the job: their exit codes, and what they said."""
        for direction in PLUGINS:
            yield self.run(direction)

    def run(self, direction: str) -> tuple[dict[str, int], str]:
        """One run that nobody disturbs: its exit codes, and what it said."""
        run = self.start(direction)
        return self.end(direction, run), run.said()

    def _config(self, plugin: str, more: Mapping[str, Any]) -> Sequence[str]:
        path = self._folder / f"{plugin}.json"
        path.write_text(json.dumps(self._configs[plugin] | more), encoding="utf-8")
        return "--config", str(path)

    def _begin(self, command: Sequence[str], streams: Sequence[int]) -> Process:
        if self._template is not None:
            return self._template.fork(command, streams)
        stdin, stdout, stderr = streams
        return subprocess.Popen(  # noqa: S603 - our own plugins
            [str(BIN / command[0]), *command[1:]],
            cwd=self._folder,
            env=environment(),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
