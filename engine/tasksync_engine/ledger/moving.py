"""A ledger copied, backed up and restored.

No two ledgers share an id, for a bookmark is true of one ledger only (sync-rules §2.4). Of a ledger and its copy, the
one that goes on keeps the id; the other one gets a new id, so that it voids the bookmarks should it ever be used:
everything is then read again, and what the ledger does not know is decided anew.
"""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, delete, func, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from tasksync_engine.errors import LedgerError
from tasksync_engine.ledger import database, lock, store
from tasksync_engine.ledger.schema import links, meta, metadata, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine, Table

    from tasksync_engine.ledger.store import Ledger

ROWS = 1000
DIGEST = 2**256
FIRST_BYTES = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied.

    Attributes:
        address: Where to, without the password.
        rows: By table.
    """

    address: str
    rows: dict[str, int]


def copy(source: Ledger, url: str, *, as_backup: bool = False) -> Copied:
    """Copy a ledger whole into an empty database, in one transaction there, and compare what arrived.

    Args:
        source: The ledger; no run may be going on.
        url: Any SQLAlchemy URL of a database without tables, or of a ledger that was never used.
        as_backup: Whether `source` goes on as the ledger; else the copy does.

    Raises:
        Busy: A run is going on.
        LedgerError: The target is not empty, or one of the two cannot be used; the target is as it was before.
    """
    target = database.connect(url)
    try:
        if target.url == source.engine.url:
            message = "That is this very ledger: name another database."
            raise LedgerError(message)
        with source.running(), lock.hold(target, store.RUN):
            database.migrated(target)
            return Copied(target.url.render_as_string(hide_password=True), _copied(source, target, as_backup=as_backup))
    except SQLAlchemyError as error:
        raise LedgerError(database.explain(error, target.url)) from error
    finally:
        target.dispose()


def _copied(source: Ledger, target: Engine, *, as_backup: bool) -> dict[str, int]:
    fresh = str(uuid.uuid4())
    # The inner transaction is committed first: should the outer one then fail, there is one ledger, with a new id.
    with target.execution_options(**database.WRITING).begin() as writing, source.transaction() as reading:
        if reading.dialect.name == "postgresql":
            reading.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        _refuse_used(writing, target)
        rows = {table.name: _copy_table(table, reading, writing) for table in metadata.sorted_tables}
        _compare(reading, writing)
        _name(writing if as_backup else reading, fresh)
    if not as_backup:
        source.id = fresh
    return rows


def copy_rows(source: Ledger, target: Ledger) -> None:
    """Copy a ledger into another one as it is, its id included; nothing must have been written to that one.

    Raises:
        LedgerError: One of the two refused.
    """
    with target.transaction() as writing, source.transaction() as reading:
        writing.execute(delete(meta))
        for table in metadata.sorted_tables:
            _copy_table(table, reading, writing)
    target.id = source.id


def _refuse_used(writing: Connection, target: Engine) -> None:
    used = [table.name for table in metadata.sorted_tables if table is not meta and _count(writing, table)]
    known = set(writing.execute(select(meta.c.key)).scalars())
    if used or known - {store.LEDGER_ID}:
        message = (
            f"The database {target.url.render_as_string(hide_password=True)} holds a ledger that is in use: name an "
            "empty one. Nothing was copied."
        )
        raise LedgerError(message)
    writing.execute(delete(meta))


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _rows(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    ordered = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS)
    for part in connection.execute(ordered).mappings().partitions():
        yield [dict(row) for row in part]


def _copy_table(table: Table, reading: Connection, writing: Connection) -> int:
    total = 0
    for part in _rows(reading, table):
        writing.execute(insert(table), part)
        total += len(part)
    (key,) = table.primary_key.columns if len(table.primary_key.columns) == 1 else (None,)
    if total and writing.dialect.name == "postgresql" and key is not None and isinstance(key.type, Integer):
        last = select(func.max(key)).scalar_subquery()
        writing.execute(select(func.setval(func.pg_get_serial_sequence(table.name, key.name), last)))
    return total


def _compare(reading: Connection, writing: Connection) -> None:
    for table in metadata.sorted_tables:
        if _digest(reading, table) != _digest(writing, table):
            message = f"The table {table.name} did not arrive as it was: nothing was copied."
            raise LedgerError(message)


def _digest(connection: Connection, table: Table) -> tuple[int, int]:
    """How many rows, and what they hold, in whatever order the database sorts them."""
    count = total = 0
    for part in _rows(connection, table):
        count += len(part)
        for row in part:
            content = repr([row[column.name] for column in table.columns]).encode("utf-8", "backslashreplace")
            total += int.from_bytes(hashlib.sha256(content).digest())
    return count, total % DIGEST


def _name(connection: Connection, ledger_id: str) -> None:
    connection.execute(update(meta).where(meta.c.key == store.LEDGER_ID).values(value=ledger_id))


def renew(ledger: Ledger) -> None:
    """Give a ledger a new id: what was restored by other means, a database's dump for example, needs one.

    Raises:
        Busy: A run is going on.
    """
    with ledger.running():
        ledger.id = str(uuid.uuid4())
        with ledger.transaction() as connection:
            _name(connection, ledger.id)


def backup(ledger: Ledger, path: Path) -> None:
    """Write a ledger into a new file, readable by its owner alone; runs may go on meanwhile with SQLite.

    Raises:
        Busy: A run is going on, and the ledger is not in SQLite.
        LedgerError: The file exists or cannot be written, or the ledger cannot be read.
    """
    if path.exists():
        message = f"The file {path} exists already: name a new one."
        raise LedgerError(message)
    if ledger.engine.dialect.name != "sqlite":
        copy(ledger, f"sqlite:///{path.absolute()}", as_backup=True)
        return
    database.create_file(path)
    copy_file(Path(str(ledger.engine.url.database)), path)
    with store.open_ledger(f"sqlite:///{path.absolute()}") as copied:
        renew(copied)


def copy_file(source: Path, target: Path) -> None:
    """Copy a ledger's file as it is, its id included; others may be writing to it meanwhile.

    Raises:
        LedgerError: One of the two cannot be used.
    """
    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target, timeout=30)) as copied:
            original.backup(copied)
    except sqlite3.Error as error:
        message = f"{source} could not be copied to {target}: {error}."
        raise LedgerError(message) from error


def restore(url: str, path: Path) -> Path | None:
    """Put a backup in the place of a ledger in SQLite.

    Args:
        url: The ledger's address; there need not be one yet.
        path: The backup; it stays as it is.

    Returns:
        Where the ledger that was there is kept now, if there was one.

    Raises:
        Busy: A run is going on.
        LedgerError: The file is no ledger, is another org's or tenant's, or the ledger is not in SQLite.
    """
    _check_file(path)
    engine = database.connect(url)
    try:
        if engine.dialect.name != "sqlite":
            message = (
                "Only a ledger in SQLite is restored in its place. Copy the backup into an empty database instead: "
                f"TASKSYNC_LEDGER_URL=sqlite:///{path.absolute()} tasksync ledger copy URL."
            )
            raise LedgerError(message)
        place = Path(str(engine.url.database))
        with lock.hold(engine, store.RUN):
            return _restored(engine, place, path)
    finally:
        engine.dispose()


def _restored(engine: Engine, place: Path, path: Path) -> Path | None:
    stamp = store.now().strftime("%Y%m%dT%H%M%S%f")
    kept, fresh = (place.with_name(f"{place.name}.{what}-{stamp}") for what in ("before-restore", "restoring"))
    try:
        database.create_file(fresh)
        copy_file(path, fresh)
        with store.open_ledger(f"sqlite:///{fresh}") as restored:
            _refuse_foreign(engine, restored)
            renew(restored)
        used = _is_used(engine)
        if used:
            database.create_file(kept)
            copy_file(place, kept)
        copy_file(fresh, place)
        return kept if used else None
    finally:
        for left in place.parent.glob(f"{fresh.name}*"):
            left.unlink()


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            is_database = file.read(len(FIRST_BYTES)) == FIRST_BYTES
    except OSError as error:
        message = f"The backup {path} cannot be read: {error.strerror}."
        raise LedgerError(message) from error
    if not is_database:
        message = f"The file {path} is no backup of a ledger."
        raise LedgerError(message)


def _is_used(engine: Engine) -> bool:
    """Whether the ledger in place holds anything that somebody may miss."""
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, runs.name):
            return False
        return bool(_count(connection, runs) or _count(connection, links))


def _refuse_foreign(engine: Engine, restored: Ledger) -> None:
    if not _is_used(engine):
        return
    with engine.connect() as connection:
        owners = dict(connection.execute(select(meta.c.key, meta.c.value)).tuples().all())
    for key, whose in store.OWNERS.items():
        here, there = owners.get(key), restored.get(key)
        if here and there and here != there:
            message = f"The backup belongs to {whose} {there}, this ledger to {here}. Nothing was restored."
            raise LedgerError(message)
