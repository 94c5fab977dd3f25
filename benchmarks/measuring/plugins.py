"""Our plugins as processes of this project's own environment, one at a time or as a pipe."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring.usage import Usage, start

if TYPE_CHECKING:
    from measuring.services import Services

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv/bin"
PIPES = (("tap-salesconnect", "target-salesforce-tasks"), ("tap-salesforce-tasks", "target-salesconnect"))
TO_SALESFORCE, TO_SALES_CONNECT = PIPES


class Plugins:
    """The four plugins against some services.

    Attributes:
        settings: further settings of every plugin, such as `ledger_url`.
    """

    def __init__(self, services: Services, place: str = "plugins", **settings: Any) -> None:  # noqa: ANN401 - JSON
        self._services = services
        self._folder = services.folder / place
        self._folder.mkdir(exist_ok=True)
        self.settings = settings

    def read(self, tap: str, out: Path, state: Any = None, **settings: Any) -> Usage:  # noqa: ANN401 - JSON
        """Run a tap whose output goes to a file."""
        with out.open("wb") as written:
            running = start(self._tap(tap, state, settings), self._folder / f"{tap}.log", stdout=written.fileno())
            return running.end()

    def write(self, target: str, given: Path, **settings: Any) -> tuple[Usage, Any]:  # noqa: ANN401 - JSON
        """Run a target on a file; returns the last state that it emitted, too."""
        states = self._folder / f"{target}.states"
        with given.open("rb") as lines, states.open("wb") as written:
            line = [str(BIN / target), "--config", self._config(target, settings)]
            log = self._folder / f"{target}.log"
            usage = start(line, log, stdin=lines.fileno(), stdout=written.fileno()).end()
        return usage, _last(states)

    def pipe(self, tap: str, target: str, state: Any = None, **settings: Any) -> tuple[dict[str, Usage], Any]:  # noqa: ANN401 - JSON
        """Run `tap | target`; returns what each cost, and the last state."""
        states = self._folder / f"{target}.states"
        read, write = os.pipe()
        with states.open("wb") as written:
            reading = start(self._tap(tap, state, settings), self._folder / f"{tap}.log", stdout=write)
            line = [str(BIN / target), "--config", self._config(target, settings)]
            writing = start(line, self._folder / f"{target}.log", stdin=read, stdout=written.fileno())
            os.close(read)
            os.close(write)
            used = {tap: reading.end(), target: writing.end()}
        return used, _last(states)

    def _tap(self, tap: str, state: Any, settings: dict[str, Any]) -> list[str]:  # noqa: ANN401 - JSON
        line = [str(BIN / tap), "--config", self._config(tap, settings)]
        line += ["--catalog", str(ROOT / "catalogs" / f"{tap}.json")]
        if state is not None:
            path = self._folder / f"{tap}.state.json"
            path.write_text(json.dumps(state), encoding="utf-8")
            line += ["--state", str(path)]
        return line

    def _config(self, plugin: str, further: dict[str, Any]) -> str:
        urls = self._services.urls
        if plugin.endswith("salesconnect"):
            own = {"api_url": urls["sales_connect"], "token": "sandbox"}
        else:
            own = {"login_url": urls["salesforce"], "client_id": "sandbox", "client_secret": "sandbox"}
        path = self._folder / f"{plugin}.json"
        given = {"loopback_only": True, **own, **self.settings, **further}
        path.write_text(json.dumps({key: value for key, value in given.items() if value is not None}), encoding="utf-8")
        return str(path)


def floor(services: Services, script: str, *arguments: str) -> Usage:
    """Run one of the bare scripts in `floors/`."""
    line = [str(BIN / "python"), str(ROOT / "benchmarks/floors" / script), *arguments]
    log = services.folder / f"{shlex.quote(script)}.log"
    return start(line, log).end()


def _last(states: Path) -> Any:  # noqa: ANN401 - JSON
    lines = states.read_text(encoding="utf-8").splitlines()
    return json.loads(lines[-1]) if lines else None
