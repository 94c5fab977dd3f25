"""Runs a tap and takes its output apart."""

import io
import json
import logging
import subprocess
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from singer_sdk.plugin_base import _ConfigInput


class Output:
    """What a tap wrote.

    Attributes:
        messages: all, in order.
        records: by stream.
        states: the values of the STATE messages.
        exit_code: 0 unless the tap ended the run itself.
    """

    def __init__(self, text, exit_code=0):
        self.messages = [json.loads(line) for line in text.splitlines()]
        self.exit_code = exit_code
        self.records = defaultdict(list)
        for message in self.messages:
            if message["type"] == "RECORD":
                self.records[message["stream"]].append(message["record"])
        self.states = [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self):
        """The last STATE."""
        return self.states[-1]

    def bookmark(self, stream):
        """That of the last STATE."""
        return self.state["bookmarks"][stream]

    def ids(self, stream):
        """The ids of the records, sorted, each once."""
        return sorted({record.get("id") or record["Id"] for record in self.records[stream]})

    def complete(self, stream):
        """The mark in each STATE that carries one for the stream."""
        return [state["bookmarks"][stream]["complete"] for state in self.states if stream in state["bookmarks"]]


def run(tap_type, config, state=None, *, streams=None):
    """Run a tap in this process; `streams` limits it to these."""
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    exit_code = 0
    with redirect_stdout(written):
        tap = tap_type(config=dict(config), state=json.loads(json.dumps(state)) if state else None)
        for name, stream in tap.streams.items():
            stream.selected = streams is None or name in streams
        try:
            tap.sync_all()
        except SystemExit as end:
            exit_code = end.code
        finally:
            tap.resources.close()
    written.seek(0)
    return Output(written.read(), exit_code)


CATALOGS = Path(__file__).parents[2] / "catalogs"


def command(tap_type, folder: Path, config, state=None, *, catalog=False):
    """The command line that runs the installed plugin, with the committed catalog where that is wanted."""
    (folder / "config.json").write_text(json.dumps(config))
    line = [str(Path(sys.executable).with_name(tap_type.name)), "--config", str(folder / "config.json")]
    if state is not None:
        (folder / "state.json").write_text(json.dumps(state))
        line += ["--state", str(folder / "state.json")]
    if catalog:
        line += ["--catalog", str(CATALOGS / f"{tap_type.name}.json")]
    return line


def run_command(tap_type, folder: Path, config, state=None, *, catalog=False):
    """Run the installed plugin; returns the finished process."""
    line = command(tap_type, folder, config, state, catalog=catalog)
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603  our own command


def problem(tap_type, config, caplog, capsysbinary):
    """What the tap's command tells of a problem, run in this process; also makes sure that no marked stream began."""
    with pytest.raises(SystemExit) as end:
        tap_type.invoke(config=_ConfigInput(dict(config)))
    assert end.value.code == 1
    written = Output(capsysbinary.readouterr().out.decode())
    assert not written.records["reminders"]
    assert not written.records["tasks"]
    told = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.exc_info for record in told if record.exc_info] == []
    return "\n".join(record.getMessage() for record in told)


def complaints(process):
    """The lines on standard error that are not the SDK's usual information."""
    return [line for line in process.stderr.splitlines() if "| INFO " not in line]


def start_command(tap_type, folder: Path, config, **pipes):
    """Start the installed plugin, a context that waits for its end; `pipes` as for `subprocess.Popen`."""
    return subprocess.Popen(command(tap_type, folder, config), text=True, **pipes)  # noqa: S603  our own command
