"""Two processes at one ledger: a run that writes, a person's command, and a server that ends connections."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from tap_salesconnect.tap import TapSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_console.retrying import retry
from tasksync_engine.destinations import SalesforceDestination
from tasksync_engine.errors import LedgerError
from tasksync_engine.ledger import links, open_ledger, parked, runs
from tasksync_engine.ledger.parked import Parked
from tasksync_engine.ledger.store import now
from tests.sync.pipelines import Meltano
from tests.sync.team import Team

LOCKS = text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 "
    "AND objid::int8 = (hashtext(current_schema()::text)::int8 & x'ffffffff'::int8)"
)


@pytest.fixture
def team(sandbox):
    """Ann and Bob."""
    return Team(sandbox)


@pytest.fixture
def meltano(sandbox, postgresql, tmp_path):
    """Both pipelines, with a new ledger in PostgreSQL."""
    return Meltano(sandbox, tmp_path, ledger_url=postgresql.new_address())


def _parked(number: int) -> Parked:
    return Parked("reminder", f"rem_{number}", "ENTITY_IS_LOCKED", "Access/Validation", "locked", {}, now())


def test_a_retry_waits_its_turn_while_a_run_writes(opened, address):
    """It reads and then writes; a run that settles in between neither fails it nor is failed by it."""
    failures: list[Exception] = []
    rounds = 60

    def run() -> None:
        try:
            with open_ledger(address) as ledger:
                for number in range(rounds):
                    with ledger.transaction() as connection:
                        parked.park(connection, [_parked(number)])
        except LedgerError as error:
            failures.append(error)

    running = threading.Thread(target=run)
    running.start()
    try:
        while running.is_alive():
            retry(opened, None)
    finally:
        running.join()
    assert failures == []
    assert len(retry(opened, None).due) == rounds


def test_who_only_reads_waits_for_no_writer(opened, address):
    """A tap looks into the ledger while its target settles."""
    with open_ledger(address) as other, opened.transaction() as connection:
        parked.park(connection, [_parked(1)])
        assert list(other.linked_ids("task")) == []
        with other.reading() as reading:
            assert parked.everything(reading) == []


class _Ended(SalesforceDestination):
    """The server ends the connection that holds the run's lock, right before or after the tasks are made."""

    ledger_url: str
    when: str

    def create(self, creates):
        if self.when == "before":
            self.end_connection()
        made = super().create(creates)
        if self.when == "after":
            self.end_connection()
        return made

    def end_connection(self) -> None:
        with open_ledger(self.ledger_url) as ledger, ledger.transaction() as connection:
            (pid,) = connection.execute(LOCKS).scalars()
            assert connection.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid}).scalar_one()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_that_loses_its_lock_stops_and_settles_nothing(team, meltano, when):
    """Another run may hold the lock by then; the next one finds what was made, and doubles nothing."""
    team.remind("A")
    team.remind("B")

    class Target(TargetSalesforceTasks):
        def connector(self):
            client = SalesforceClient(SalesforceSettings.from_config(self.config))

            def connect(fields):
                destination = _Ended(client, fields)
                destination.ledger_url, destination.when = meltano.ledger_url, when
                return destination

            return connect

    lines = meltano.read("to-salesforce", TapSalesconnect, meltano.sales_connect, {"people"})
    with pytest.raises(LedgerError, match=r"cannot be used|another run may have begun"):
        meltano.write("to-salesforce", Target, meltano.salesforce, lines)
    with open_ledger(meltano.ledger_url) as ledger, ledger.reading() as connection:
        assert links.count_open(connection) == 0
        (ended,) = runs.latest(connection)
        assert (ended["outcome"], ended["complete"]) == (runs.STOPPED, False)
    meltano.sync()
    assert sorted(task["Subject"] for task in team.tasks()) == ["A", "B"]
    with open_ledger(meltano.ledger_url) as ledger, ledger.reading() as connection:
        assert links.count_open(connection) == 2


def test_a_lost_lock_is_not_got_back_by_connecting_again(postgresql):
    """Whatever a run still tries after the first refusal is refused too."""
    with open_ledger(postgresql.new_address()) as ledger, ledger.running():
        with ledger.engine.connect() as other, other.begin():
            other.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": other.scalar(LOCKS)})
        with pytest.raises(LedgerError, match="cannot be used"):
            ledger.put("key", "value")
        with pytest.raises(LedgerError, match="another run may have begun"):
            ledger.put("key", "value")
        ledger.let_go()
        assert ledger.get("key") is None


def test_ledgers_in_two_schemas_are_locked_apart(postgresql):
    """An advisory lock is the whole database's; a run of one ledger does not hold up another one's."""
    with (
        open_ledger(postgresql.new_address()) as first,
        open_ledger(postgresql.new_address()) as second,
        first.running(),
        second.running(),
    ):
        assert first.id != second.id
