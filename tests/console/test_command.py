"""The command as it is installed."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasksync_console.words import DIRECTIONS, JOBS
from tasksync_engine.engine import DIRECTIONS as ENGINE_DIRECTIONS

from .conftest import ANN, DAN

SCRIPT = str(Path(sys.executable).with_name("tasksync"))
COMMANDS = ["status", "check", "links", "explain", "conflicts", "parked", "retry", "ledger"]
ASK_MODULES = """
import sys
sys.argv = ["tasksync", "check"]
from tasksync_console.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0, end.code
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def start(book, *words, **more):
    """Run a program with the ledger's address in its environment."""
    env = {**os.environ, "TASKSYNC_LEDGER_URL": book.url, **more.pop("env", {})}
    return subprocess.run(words, capture_output=True, check=False, timeout=60, env=env, **more)  # noqa: S603  our own command


def test_the_installed_script_works(book):
    """It exits with the check's code and writes errors to standard error."""
    book.enrol(ANN)
    book.run()
    ended = start(book, SCRIPT, "check", text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Nothing needs a person.\n", "")


def test_check_loads_nothing_that_only_other_commands_need(book):
    """It ends every sync: no Typer, no Singer SDK, no Alembic, no HTTP client, no mapping file."""
    book.enrol(ANN)
    book.run()
    ended = start(book, sys.executable, "-c", ASK_MODULES, text=True)
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stdout.splitlines()[-1].split())
    assert "sqlalchemy" in loaded
    assert loaded.isdisjoint({"typer", "click", "pydantic", "rich", "singer_sdk", "alembic", "requests", "starlette"})
    assert loaded.isdisjoint({"jwt", "yaml", "jsonschema"})


def test_a_terminal_without_unicode_gets_question_marks(book):
    """Not a crash."""
    book.link(1, "Ärger ☎")
    ended = start(book, SCRIPT, "links", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert ended.returncode == 0
    assert b"?rger ?" in ended.stdout


@pytest.mark.parametrize("words", [["links", "--json"], ["check"], ["check", "--json"]])
def test_a_reader_that_goes_away_is_no_crash(book, words):
    """`tasksync links | head -1` shows no traceback."""
    for number in range(3):
        book.link(number, "x" * 50)
    env = {**os.environ, "TASKSYNC_LEDGER_URL": book.url}
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        ended = subprocess.run(  # noqa: S603  our own command
            [SCRIPT, *words], stdout=closed, stderr=subprocess.PIPE, check=False, timeout=60, env=env
        )
    assert ended.stderr == b""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(tasksync, command):
    """A sentence that says what it does."""
    ended = tasksync(command, "--help")
    assert ended.code == 0
    assert ended.out.strip()
    assert command in tasksync("--help").out


@pytest.mark.parametrize("words", [["nonsense"], ["links", "--state", "odd"], ["links", "--limit", "0"], ["explain"]])
def test_a_mistyped_command_is_told(book, tasksync, words):
    """With the usual exit code 2, and nothing on standard output."""
    book.enrol(DAN)
    ended = tasksync(*words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_the_ledgers_own_id_and_path_are_printed(book, tasksync):
    """The id is the one that the taps' states carry; both are one line."""
    ended = tasksync("ledger", "id")
    assert (ended.code, len(ended.out.strip())) == (0, 36)
    assert f"sqlite:///{tasksync('ledger', 'path').out.strip()}" == book.url


def test_a_damaged_ledger_is_told_in_a_line(book, tasksync, tmp_path):
    """It cannot be read: an error, not a traceback."""
    book.run()
    with (tmp_path / "ledger.db").open("r+b") as file:
        file.seek(0, io.SEEK_END)
        end = file.tell()
        file.seek(100)
        file.write(b"\xff" * (end - 100))
    ended = tasksync("check")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) <= 2


def test_directions_are_the_engines():
    """The console writes their names down once more, as the engine's module is slow to load."""
    assert {side: direction for direction, side in DIRECTIONS.items()} == ENGINE_DIRECTIONS
    assert {ENGINE_DIRECTIONS["task"], ENGINE_DIRECTIONS["reminder"]} == set(JOBS.values())
