"""What a tap of the project would read now: run by Meltano, from its bookmark, which stays where it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

import msgspec

from tasksync_console.words import clean
from tasksync_engine.errors import ConfigError
from tasksync_engine.intake import SYNCED
from tasksync_engine.rehearsing import COMPLETE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tasksync_console.pipelines import Pipeline
    from tasksync_console.project import Project
    from tasksync_engine.rehearsing import Piece

CHUNK = 2000
WHOLE = frozenset({"users", "salesforce_settings"})
"""Streams of Sales Connect that are taken in one piece: the roster needs all users before it matches."""

LAST_WORDS = 3
QUIET = "--log-level=warning"
"""Before Meltano's command: it does not go by its variable when it begins to log."""
DECODER = msgspec.json.Decoder(float_hook=Decimal)
"""Fractions as the targets read them."""


def from_meltano(
    project: Project, pipeline: Pipeline, progress: Callable[[int], None]
) -> Callable[[str], Generator[Piece]]:
    """What reads a pipeline's tap, given the address of the ledger that it shall go by.

    `meltano run` would need a target of Meltano's; `meltano invoke` gives the tap the same settings and catalog, leaves
    what it says to us, and cannot move a bookmark: the state is only looked up, and given to the tap as a file.
    """

    def read(ledger_url: str) -> Generator[Piece]:
        environment = _environment(project, pipeline, ledger_url)
        with TemporaryDirectory(prefix="tasksync-state-") as folder:
            state = Path(folder, "state.json")
            state.write_text(json.dumps(_state(project, pipeline, environment)), encoding="utf-8")
            words = [meltano_command(project), QUIET, "invoke", pipeline.tap, "--state", str(state)]
            with Path(folder, "said").open("w+", encoding="utf-8", errors="replace") as said:
                yield from _run(words, project, environment, said, Lines(progress))

    return read


def _environment(project: Project, pipeline: Pipeline, ledger_url: str) -> dict[str, str]:
    own = f"{pipeline.tap}_LEDGER_URL".upper().replace("-", "_")
    kept = {name: value for name, value in os.environ.items() if name != own}
    return {**kept, "NO_COLOR": "1", "MELTANO_ENVIRONMENT": project.environment, "TASKSYNC_LEDGER_URL": ledger_url}


def meltano_command(project: Project) -> str:
    """Meltano's command: beside this one, in the project's virtual environment, or on the path.

    Raises:
        ConfigError: There is none.
    """
    places = (Path(sys.executable).parent, project.folder / ".venv" / "bin")
    found = shutil.which("meltano", path=os.pathsep.join(map(str, places))) or shutil.which("meltano")
    if found is None:
        message = "Meltano's command was not found, which runs the taps: put `meltano` on the PATH."
        raise ConfigError(message)
    return found


def _state(project: Project, pipeline: Pipeline, environment: dict[str, str]) -> dict[str, Any]:
    """The pipeline's bookmark, as Meltano keeps it; an empty one before its first run.

    Raises:
        ConfigError: Meltano cannot tell it.
    """
    state_id = f"{project.environment}:{pipeline.tap}-to-{pipeline.target}"
    done = subprocess.run(  # noqa: S603 - Meltano's own command, with names of this project's plugins
        [meltano_command(project), QUIET, "state", "get", state_id],
        cwd=project.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    try:
        told = json.loads(done.stdout or "{}") if done.returncode == 0 else None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        message = f"Meltano did not tell the bookmark {state_id}: {_last_words(done.stderr)}"
        raise ConfigError(message)
    return told.get("singer_state") or {}


def _run(
    words: list[str], project: Project, environment: dict[str, str], said: IO[str], lines: Lines
) -> Iterator[Piece]:
    process = subprocess.Popen(  # noqa: S603 - see _state
        words, cwd=project.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
    )
    try:
        for line in process.stdout or ():
            yield from lines.take(line)
        yield from lines.end()
        code = process.wait()
    finally:
        process.kill()
        process.wait()
    if code:
        said.seek(0)
        message = f"{words[3]} stopped: {_last_words(said.read())} Nothing was written."
        raise ConfigError(message)
    if lines.complete:
        yield COMPLETE


def _last_words(text: str) -> str:
    told = [clean(line) for line in text.splitlines() if line.strip()]
    return " ".join(told[-LAST_WORDS:]) or "it did not say why."


@dataclass(slots=True)
class Lines:
    """Singer messages, gathered into pieces.

    Attributes:
        progress: Told how many records a piece has.
        complete: Whether the tap has said that it read everything.
    """

    progress: Callable[[int], None]
    complete: bool = False
    _stream: str = ""
    _gathered: list[dict[str, Any]] = field(default_factory=list)

    def take(self, line: bytes) -> Iterator[Piece]:
        """Take a line; gives what is whole by now."""
        try:
            message = DECODER.decode(line)
        except msgspec.DecodeError:
            message = None
        if not isinstance(message, dict):
            return  # what a wrapper prints on the tap's output is no message
        if message.get("type") == "RECORD":
            yield from self._record(str(message.get("stream")), message.get("record"))
        elif message.get("type") == "STATE":
            yield from self.end()
            bookmarks = (message.get("value") or {}).get("bookmarks") or {}
            self.complete = any((bookmarks.get(name) or {}).get("complete") is True for name in SYNCED.values())

    def _record(self, stream: str, record: Any) -> Iterator[Piece]:  # noqa: ANN401 - any JSON
        if not isinstance(record, dict):
            return
        if stream != self._stream or (len(self._gathered) >= CHUNK and stream not in WHOLE):
            yield from self.end()
            self._stream = stream
        self._gathered.append(record)

    def end(self) -> Iterator[Piece]:
        """Give what was gathered so far."""
        if self._gathered:
            self.progress(len(self._gathered))
            yield self._stream, self._gathered
        self._gathered = []
