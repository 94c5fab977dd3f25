"""How far each direction got: bookmarks, what is behind, and the org's API calls, as `tasksync status` tells."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tasksync_console.words import span
from tasksync_engine.ledger import deletions, open_ledger, runs

from .conftest import ANN

IDS = {
    "to-salesforce": ("sandbox:tap-salesconnect-to-target-salesforce-tasks", "reminders"),
    "to-salesconnect": ("sandbox:tap-salesforce-tasks-to-target-salesconnect", "tasks"),
}
UNTIL = "2026-11-20T08:30:00.000Z"


@pytest.fixture
def keep(project):
    """Keeps a state as Meltano does, in the project's system database."""

    def write(direction, *, partial=None, **mark):
        state_id, stream = IDS[direction]
        path = project / ".meltano/meltano.db"
        path.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE IF NOT EXISTS state (state_id, partial_state, completed_state)")
            states = [{"singer_state": {"bookmarks": {stream: one}}} if one else None for one in (partial, mark)]
            row = [json.dumps(state) if state else None for state in states]
            connection.execute("INSERT INTO state VALUES (?, ?, ?)", (state_id, *row))

    return write


def ledger_id(book):
    """The ledger's own id."""
    with open_ledger(book.url) as ledger:
        return ledger.id


def test_the_bookmarks_of_both_directions(book, keep, tasksync):
    """Until when each was read, and whether it goes with this ledger."""
    keep("to-salesforce", replication_key_value=UNTIL, read_at=UNTIL, complete=True, ledger=ledger_id(book))
    keep("to-salesconnect", replication_key_value=UNTIL, read_at=UNTIL, complete=True, ledger="another")
    out = tasksync("status").out
    assert "  Sales Connect: never read to the end\n    bookmark: read up to 2026-11-20 08:30:00 UTC\n" in out
    assert "read up to 2026-11-20 08:30:00 UTC, with another ledger: the next run reads everything again" in out
    told = tasksync("status", "--json").json["bookmarks"]
    assert told["to-salesforce"]["state_id"] == IDS["to-salesforce"][0]
    assert (told["to-salesforce"]["of_this_ledger"], told["to-salesconnect"]["of_this_ledger"]) == (True, False)


def test_a_reading_that_broke_off_counts_on_top(book, keep, tasksync):
    """What its last state says, over that of the last complete one."""
    later = "2026-11-20T08:40:00.000Z"
    about = {"complete": True, "ledger": ledger_id(book)}
    partial = {"replication_key_value": later, "complete": False}
    keep("to-salesforce", partial=partial, replication_key_value=UNTIL, **about)
    assert "read up to 2026-11-20 08:40:00 UTC; the last reading did not get to its end" in tasksync("status").out


@pytest.mark.usefixtures("book", "project")
def test_no_bookmark_yet(tasksync):
    """Said, and no database is made by looking."""
    assert "    bookmark: there is none yet\n" in tasksync("status").out


@pytest.mark.usefixtures("book", "project")
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "MELTANO_STATE_BACKEND_URI=s3://key:secret@bucket/state",
            "another state backend (s3); `meltano state get`",
        ),
        ("MELTANO_DATABASE_URI=postgresql://user:secret@127.0.0.1:1/none", "system database cannot be read here"),
        ("MELTANO_DATABASE_URI=nonsense", "system database cannot be read here"),
    ],
)
def test_bookmarks_that_cannot_be_read_are_told(tasksync, monkeypatch, setting, said):
    """Without the address's secrets, and without failing the rest."""
    monkeypatch.setenv(*setting.split("=", 1))
    ended = tasksync("status")
    assert ended.code == 0
    assert said in ended.out
    assert "secret" not in ended.out + ended.err


def test_a_database_of_something_else_is_told(book, project, tasksync):
    """It has no such table."""
    assert book
    (project / ".meltano").mkdir()
    (project / ".meltano/meltano.db").write_bytes(b"not a database at all, but longer than a header")
    assert "system database cannot be read here" in tasksync("status").out


def test_behind_is_since_the_last_complete_run_began(book, tasksync):
    """A run that stopped, or a plan, settles nothing; what waits of that side is counted."""
    began = datetime.now(UTC) - timedelta(hours=3, minutes=20)
    run = book.write(runs.start, "to-salesforce", began, dry_run=False)
    book.write(runs.end, run, ended_at=began, outcome=runs.OK, complete=True, counts={}, api_calls=0)
    book.run("to-salesforce", outcome=runs.STOPPED, complete=False)
    book.run("to-salesforce", dry_run=True)
    book.park(1)
    book.park(2, "undone")
    book.delete(3, deletions.HELD)
    out = tasksync("status").out
    assert f"  Sales Connect: 3 h 20 min behind (settled until {began:%Y-%m-%d %H:%M:%S} UTC), 2 waiting\n" in out
    assert "  Salesforce: never read to the end\n" in out
    told = tasksync("status", "--json").json["reach"]["to-salesforce"]
    assert 12_000 <= told["behind_seconds"] < 12_060
    assert told["waiting"] == 2


def test_the_orgs_api_calls_are_told(team, meltano, tasksync):
    """As Salesforce's newest answer said it, to whichever direction."""
    team.remind("Call")
    meltano.to_salesforce()
    first = tasksync("status", "--json").json["budget"]
    meltano.to_salesconnect()
    second = tasksync("status", "--json").json["budget"]
    assert 0 < first["used"] < second["used"] <= second["total"]
    assert f"{second['used']:,} of {second['total']:,} used" in tasksync("status").out


def test_nothing_is_said_of_api_calls_that_nobody_told(book, tasksync):
    """A new ledger knows none."""
    book.enrol(ANN)
    assert "API calls of 24 hours" not in tasksync("status").out


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min"), (3_600, "1 h"), (12_001, "3 h 20 min"), (190_000, "2 d 4 h")],
)
def test_a_span_has_two_units_at_most(seconds, said):
    """As many as a person needs."""
    assert span(seconds) == said
