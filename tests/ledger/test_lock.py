"""One run at a time, by a lock that dies with its process (sync-rules §7.6)."""

import subprocess
import sys

import pytest
from sqlalchemy import text

from tasksync_engine.errors import Busy
from tasksync_engine.ledger import lock, open_ledger

HOLDS = """
import sys
from tasksync_engine.ledger import lock, open_ledger
with open_ledger(sys.argv[1]) as ledger, lock.hold(ledger.engine, "run"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_is_held_by_one_and_released(opened, address):
    """The second one is told so; afterwards it has its turn."""
    with open_ledger(address) as second:
        with (
            lock.hold(opened.engine, "run"),
            pytest.raises(Busy, match="holds this ledger's run lock"),
            lock.hold(second.engine, "run"),
        ):
            pass
        with lock.hold(second.engine, "run"):
            pass


def test_a_file_has_one_lock_by_whichever_path(tmp_path):
    """A symbolic link to a ledger leads to its lock as well."""
    path, link = tmp_path / "ledger.db", tmp_path / "elsewhere.db"
    with open_ledger(f"sqlite:///{path}") as first:
        link.symlink_to(path)
        with (
            open_ledger(f"sqlite:///{link}") as second,
            lock.hold(second.engine, "run"),
            pytest.raises(Busy),
            lock.hold(first.engine, "run"),
        ):
            pass


def test_locks_of_other_names_are_others(opened, address):
    """A migration does not wait for a run's lock."""
    with open_ledger(address) as second, lock.hold(opened.engine, "run"), lock.hold(second.engine, "migrate"):
        pass


def test_a_wait_ends(opened, address):
    """Whoever is willing to wait is told too, when the time is over; the connection then waits as ever."""
    with open_ledger(address) as second:
        with (
            lock.hold(opened.engine, "run"),
            pytest.raises(Busy),
            lock.hold(second.engine, "run", wait_seconds=0.05),
        ):
            pass
        with lock.hold(second.engine, "run", wait_seconds=0.05):
            pass
        if second.engine.dialect.name == "postgresql":
            with second.engine.connect() as connection:
                assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "0"


def test_a_lock_dies_with_its_process(address):
    """Killed without a word, it blocks nobody."""
    command = [sys.executable, "-c", HOLDS, address]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
    with process, open_ledger(address) as ledger:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(Busy), lock.hold(ledger.engine, "run"):
            pass
        process.kill()
        process.wait()
        with lock.hold(ledger.engine, "run", wait_seconds=30):
            pass


def test_a_lock_in_postgresql_is_no_open_transaction(postgresql):
    """A server that ends sessions idle in a transaction would take a long run's lock from it."""
    holding = text(
        "SELECT state FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with (
        open_ledger(postgresql.new_address()) as ledger,
        lock.hold(ledger.engine, "run"),
        ledger.engine.connect() as connection,
    ):
        assert list(connection.execute(holding).scalars()) == ["idle"]
