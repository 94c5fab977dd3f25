"""A ledger is copied, backed up and restored; what was synced in between is decided anew, and nothing is doubled."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text

from tasksync_engine.errors import Busy, LedgerError
from tasksync_engine.ledger import links, lock, open_ledger, parked, runs
from tasksync_engine.ledger.moving import backup, copy, renew, restore
from tasksync_engine.ledger.schema import metadata
from tasksync_engine.ledger.store import now
from tests.sync.pipelines import Meltano
from tests.sync.steps import quiet
from tests.sync.team import Team


@pytest.fixture
def team(sandbox):
    """Ann and Bob."""
    return Team(sandbox)


@pytest.fixture
def meltano(sandbox, address, tmp_path):
    """Both pipelines, with a new ledger in either database."""
    return Meltano(sandbox, tmp_path, ledger_url=address)


@pytest.fixture
def used(team, meltano):
    """A ledger with something in most of its tables, after a sync."""
    first, second = team.remind("A ☎", details="old\0"), team.remind("B")
    team.task("C", Description="🙈")
    meltano.sync()
    team.edit_reminder(first, details="mine")
    team.edit_task(team.task_of(first)["Id"], Description="theirs")
    team.delete_reminder(second)
    team.refuse("salesforce", "ENTITY_IS_LOCKED", where={"Subject": "D"})
    team.remind("D")
    meltano.sync()
    team.heal()
    return meltano


def rows(url):
    """All of a ledger but its id."""
    with open_ledger(url) as ledger, ledger.reading() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(table)) if row[0] != "ledger_id"), key=repr
            )
            for table in metadata.sorted_tables
        }


def linked(url):
    """The reminders in open links."""
    with open_ledger(url) as ledger:
        return {record_id for piece in ledger.linked_ids("reminder") for record_id in piece}


def id_of(url):
    """A ledger's id."""
    with open_ledger(url) as ledger:
        return ledger.id


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request, tmp_path):
    """Where a copy can go."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'copy' / 'ledger.db'}"
    return request.getfixturevalue("postgresql").new_address()


def test_a_copy_holds_all_and_goes_on_as_the_ledger(team, used, elsewhere):
    """From either database to either; the bookmarks stay true, and the next run writes and reads nothing again."""
    before, known = rows(used.ledger_url), id_of(used.ledger_url)
    assert {name for name, found in before.items() if found} >= {"links", "parked", "conflicts", "history", "runs"}
    with open_ledger(used.ledger_url) as ledger:
        copied = copy(ledger, elsewhere)
    assert rows(elsewhere) == before
    assert copied.rows["links"] == len(before["links"])
    assert id_of(elsewhere) == known
    assert id_of(used.ledger_url) != known
    used.ledger_url = elsewhere
    team.later(7200)
    team.sandbox.forget_calls()
    quiet(team, used)
    assert team.sandbox.calls("salesforce")["total"] + team.sandbox.calls("sales_connect")["total"] <= 12
    team.remind("E")
    used.sync()
    with open_ledger(elsewhere) as ledger, ledger.reading() as connection:
        assert runs.latest(connection)[0]["id"] > copied.rows["runs"]
        assert links.count_open(connection) == len(team.tasks())


def test_a_copy_as_a_backup_leaves_the_ledger_in_its_place(team, used, elsewhere):
    """The ledger keeps its id and its bookmarks; the copy has another id."""
    known = id_of(used.ledger_url)
    with open_ledger(used.ledger_url) as ledger:
        copy(ledger, elsewhere, as_backup=True)
    assert id_of(used.ledger_url) == known
    assert id_of(elsewhere) != known
    quiet(team, used)


def test_a_ledger_in_use_is_no_target(used, elsewhere):
    """It stays as it is, and so does the source."""
    with open_ledger(used.ledger_url) as ledger:
        copy(ledger, elsewhere, as_backup=True)
        before, known = rows(elsewhere), ledger.id
        with pytest.raises(LedgerError, match="holds a ledger that is in use"):
            copy(ledger, elsewhere)
        with pytest.raises(LedgerError, match="That is this very ledger"):
            copy(ledger, used.ledger_url)
    assert rows(elsewhere) == before
    assert id_of(used.ledger_url) == known


def test_a_copy_that_fails_leaves_nothing_behind(opened, postgresql, tmp_path):
    """What SQLite takes and PostgreSQL does not, an overlong id for example, is told; both stay as they were."""
    long = parked.Parked("reminder", "x" * 300, "INVALID_RECORD", "Other", "", {}, now())
    if opened.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL does not take it in the first place")
    with opened.transaction() as connection:
        parked.park(connection, [long])
    known, target = opened.id, postgresql.new_address()
    with pytest.raises(LedgerError, match="value too long"):
        copy(opened, target)
    assert id_of(f"sqlite:///{tmp_path / 'ledger.db'}") == known
    assert not any(found for name, found in rows(target).items() if name != "alembic_version")


def test_a_copy_that_differs_is_no_copy(opened, tmp_path):
    """Every row is compared before it counts: here the target's database changes what it is given."""
    with opened.transaction() as connection:
        runs.start(connection, "to-salesforce", now(), dry_run=False)
    known, target = opened.id, f"sqlite:///{tmp_path / 'target.db'}"
    with open_ledger(target) as other, other.transaction() as connection:
        connection.execute(text("CREATE TRIGGER meddle AFTER INSERT ON runs BEGIN UPDATE runs SET api_calls = 7; END"))
    with pytest.raises(LedgerError, match="The table runs did not arrive as it was"):
        copy(opened, target)
    assert not rows(target)["runs"]
    assert opened.id == known


def test_nothing_is_copied_while_a_run_goes_on(opened, address, elsewhere):
    """It would miss what the run settles."""
    with open_ledger(address) as running, running.running(), pytest.raises(Busy):
        copy(opened, elsewhere)


def test_a_copy_in_a_file_is_its_owners_alone(used, tmp_path):
    """Whether copied, backed up, restored or migrated: 0600, and written ahead."""
    place = tmp_path / "files"
    with open_ledger(used.ledger_url) as ledger:
        copy(ledger, f"sqlite:///{place / 'copy.db'}", as_backup=True)
        backup(ledger, place / "backup.db")
    restore(f"sqlite:///{place / 'restored.db'}", place / "backup.db")
    restore(f"sqlite:///{place / 'restored.db'}", place / "backup.db")
    kept = [path for path in place.iterdir() if path.suffix != ".lock"]
    assert len(kept) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
    for path in kept:
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.fixture
def in_file(sandbox, tmp_path):
    """Both pipelines, with a new ledger in a file."""
    return Meltano(sandbox, tmp_path)


def test_whichever_of_ledger_and_copy_goes_on_nothing_is_lost(team, in_file, tmp_path):
    """The old ledger is used again after all: it voids the bookmarks, reads everything and catches up."""
    team.remind()
    in_file.sync()
    old, elsewhere = in_file.ledger_url, f"sqlite:///{tmp_path / 'copy.db'}"
    with open_ledger(old) as ledger:
        copy(ledger, elsewhere)
    in_file.ledger_url = elsewhere
    reminder = team.remind("Synced over the copy")
    in_file.sync()
    team.later(7200)
    in_file.sync()  # the bookmarks leave that reminder behind
    in_file.ledger_url = old
    in_file.sync()
    in_file.sync()
    assert len([task for task in team.tasks() if task["Subject"] == "Synced over the copy"]) == 1
    assert reminder in linked(old)
    quiet(team, in_file)


def test_after_a_restore_nothing_is_doubled_or_lost(team, in_file, tmp_path):
    """Made, edited, deleted and undeleted since the backup, synced or not: each is decided once more."""
    kept = tmp_path / "backup.db"
    names = ("edited", "deleted", "named", "undelivered")
    reminders = {name: team.remind(name, details="old") for name in names}
    in_file.sync()
    tasks = {name: team.task_of(reminder)["Id"] for name, reminder in reminders.items()}
    with open_ledger(in_file.ledger_url) as ledger:
        backup(ledger, kept)
    team.edit_reminder(reminders["edited"], details="new", priority="high")
    team.edit_reminder(reminders["named"], name="renamed")
    team.delete_task(tasks["deleted"])
    pushed, imported = team.remind("pushed"), team.task("imported")
    gone = team.remind("made and deleted")
    in_file.sync()
    team.delete_reminder(gone)
    in_file.sync()
    team.later(7200)
    in_file.sync()  # the bookmarks leave all this behind
    team.edit_task(tasks["undelivered"], Description="not yet synced")
    restore(in_file.ledger_url, kept)
    in_file.sync()
    in_file.sync()
    quiet(team, in_file)
    subjects = sorted(task["Subject"] for task in team.tasks())
    assert subjects == ["edited", "imported", "pushed", "renamed", "undelivered"]
    assert sorted(reminder["name"] for reminder in team.reminders()) == subjects
    assert team.task_of(reminders["edited"])["Description"] == "new"
    assert team.reminder(reminders["undelivered"])["details"] == "not yet synced"
    assert {pushed, team.reminder_of(imported)["id"]} <= linked(in_file.ledger_url)


def test_a_deletion_that_both_sides_have_forgotten_is_found_after_a_restore(team, in_file, tmp_path):
    """The backup is older than the services' own memory of deletions: linked records are looked up."""
    pairs = [team.remind(name) for name in ("A", "B")]
    in_file.sync()
    tasks = [team.task_of(reminder)["Id"] for reminder in pairs]
    with open_ledger(in_file.ledger_url) as ledger:
        backup(ledger, tmp_path / "backup.db")
    team.delete_reminder(pairs[0])
    team.delete_task(tasks[1])
    in_file.sync()
    team.later(40 * 24 * 3600)
    in_file.sync()  # the gap is behind the bookmarks
    team.sandbox.control("salesforce", "POST", "purge", {"ids": tasks})
    team.sandbox.control("salesforce", "POST", "purge_delete_log")
    restore(in_file.ledger_url, tmp_path / "backup.db")
    in_file.sync()
    in_file.sync()
    assert team.tasks() == team.reminders() == []
    assert linked(in_file.ledger_url) == set()


def test_the_ledger_in_whose_place_a_backup_comes_is_kept(used, tmp_path):
    """Beside it; the backup itself stays as it is, and can be restored again."""
    with open_ledger(used.ledger_url) as ledger:
        backup(ledger, tmp_path / "backup.db")
    place = f"sqlite:///{tmp_path / 'restored.db'}"
    assert restore(place, tmp_path / "backup.db") is None
    before, first = rows(place), id_of(place)
    kept = restore(place, tmp_path / "backup.db")
    assert isinstance(kept, Path)
    assert rows(f"sqlite:///{kept}") == rows(place) == before == rows(f"sqlite:///{tmp_path / 'backup.db'}")
    assert len({first, id_of(place), id_of(f"sqlite:///{tmp_path / 'backup.db'}"), id_of(used.ledger_url)}) == 4


def test_what_is_no_backup_is_refused(opened, postgresql, tmp_path):
    """A file of something else, none at all, another org's, a file that is there already; nothing changes."""
    place = f"sqlite:///{tmp_path / 'place.db'}"
    other = tmp_path / "other.txt"
    other.write_text("no database")
    with pytest.raises(LedgerError, match="is no backup of a ledger"):
        restore(place, other)
    with pytest.raises(LedgerError, match="cannot be read"):
        restore(place, tmp_path / "missing")
    assert not (tmp_path / "place.db").exists()
    with pytest.raises(LedgerError, match="exists already"):
        backup(opened, other)
    opened.claim("org_id", "00D000000000001AAA")
    backup(opened, tmp_path / "backup.db")
    with open_ledger(place) as foreign:
        foreign.claim("org_id", "00D000000000002AAA")
        with foreign.transaction() as connection:
            runs.start(connection, "to-salesforce", now(), dry_run=False)
    with pytest.raises(LedgerError, match="belongs to Salesforce org 00D000000000001AAA"):
        restore(place, tmp_path / "backup.db")
    with pytest.raises(LedgerError, match="Only a ledger in SQLite is restored"):
        restore(postgresql.new_address(), tmp_path / "backup.db")
    with open_ledger(place) as foreign, lock.hold(foreign.engine, "run"), pytest.raises(Busy):
        restore(place, tmp_path / "backup.db")
    assert not list(tmp_path.glob("*restoring*"))


def test_a_backup_is_whole_while_somebody_writes(tmp_path):
    """SQLite copies what was committed when it began; nothing of the transaction under way."""
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.put("before", "1")
        with ledger.running(), ledger.transaction() as connection:
            connection.execute(text("INSERT INTO meta (key, value) VALUES ('under way', '1')"))
            backup(ledger, tmp_path / "backup.db")
    with open_ledger(f"sqlite:///{tmp_path / 'backup.db'}") as copied:
        assert (copied.get("before"), copied.get("under way")) == ("1", None)


def test_a_renewed_ledger_reads_everything_again(team, used):
    """What was restored by a database's own means has the id that the bookmarks know, and must get another one."""
    known = id_of(used.ledger_url)
    with open_ledger(used.ledger_url) as ledger:
        renew(ledger)
    assert id_of(used.ledger_url) != known
    quiet(team, used)
    assert used.states["to-salesforce"]["bookmarks"]["reminders"]["ledger"] == id_of(used.ledger_url)
