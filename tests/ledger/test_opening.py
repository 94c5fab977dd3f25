"""A ledger is made, recognised and refused (sync-rules §2.4)."""

import stat
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tasksync_engine.errors import ForeignLedger, LedgerError
from tasksync_engine.ledger import links, open_ledger
from tasksync_engine.ledger.indexes import metadata
from tasksync_engine.ledger.store import now

OPENS = """
import sys
from tasksync_engine.ledger import open_ledger
print("ready", flush=True)
sys.stdin.readline()
with open_ledger(sys.argv[1]) as ledger:
    print(ledger.id)
"""


def test_the_migrations_lead_to_the_tables_that_the_engine_uses(opened):
    """Alembic finds no difference."""
    with opened.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_only_open_links_are_unique(opened):
    """The indexes are partial in either database: a record may have any number of closed links, and one open one."""
    first, second = (links.NewLink("rem_1", task, {}, None, None, "pushed") for task in ("t1", "t2"))
    with opened.transaction() as connection:
        for state in (links.CLOSED, links.CLOSED, links.KEPT, links.OPEN):
            links.add(connection, [first], now(), state=state)
    with pytest.raises(LedgerError), opened.transaction() as connection:
        links.add(connection, [second], now())


def test_a_ledger_keeps_its_id(address):
    """Another ledger has another one."""
    with open_ledger(address) as ledger:
        first = ledger.id
    with open_ledger(address) as ledger:
        assert ledger.id == first


def test_a_ledger_of_a_newer_version_is_refused(opened, address):
    """In words, and it stays as it is."""
    with opened.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match=r"^This ledger was written by a newer tasksync\. Install that version, or"):
        open_ledger(address)
    with opened.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


def test_somebody_elses_database_is_refused(opened, address):
    """One with other tables, and none of ours, is no ledger."""
    with opened.engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(LedgerError, match="holds other tables and is no ledger"):
        open_ledger(address)


def test_a_ledger_file_is_its_owners_alone(tmp_path):
    """It holds names, notes and email addresses, and so do the files beside it."""
    path = tmp_path / "new" / "ledger.db"
    with open_ledger(f"sqlite:///{path}") as ledger:
        ledger.put("key", "value")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {"ledger.db", "ledger.db-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_a_ledger_file_is_written_ahead_and_through(tmp_path):
    """Readers do not wait for the writer, and what is committed has reached the disk."""
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger, ledger.transaction() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2  # FULL


def test_a_missing_file_is_not_made_for_a_reader(tmp_path):
    """Whoever only looks is told which command makes it."""
    with pytest.raises(LedgerError, match=r"There is no ledger at .* yet"):
        open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("made", [False, True])
def test_processes_that_open_a_new_ledger_at_once_have_the_same(address, made):
    """One makes it, or has made its tables and not named it yet: a tap and its target start together."""
    if made:
        with open_ledger(address) as ledger, ledger.transaction() as connection:
            connection.execute(text("DELETE FROM meta"))
    command = [sys.executable, "-c", OPENS, address]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3
    assert len(set(said)) == 1


def test_the_first_one_to_claim_a_ledger_has_it(opened):
    """The same one may come again; another one is refused, with both names."""
    opened.claim("org_id", "00D000000000001AAA")
    opened.claim("account_id", "acme")
    opened.claim("org_id", "00D000000000001AAA")
    with pytest.raises(ForeignLedger, match=r"belongs to Salesforce org 00D000000000001AAA, .* lead to 00D.*2AAA"):
        opened.claim("org_id", "00D000000000002AAA")
    assert opened.get("org_id") == "00D000000000001AAA"


def test_a_database_that_has_gone_is_told_in_words(opened):
    """One line, without the statement."""
    with opened.engine.begin() as connection:
        connection.execute(text("DROP TABLE meta"))
    with pytest.raises(LedgerError, match="cannot be used") as caught:
        opened.get("org_id")
    assert "SELECT" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
