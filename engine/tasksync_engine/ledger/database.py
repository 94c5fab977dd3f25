"""The ledger's database: connecting to it, bringing its tables up to date, and telling its errors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tasksync_engine.errors import LedgerError
from tasksync_engine.ledger import lock, migrate

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

MIGRATION_WAIT_SECONDS = 60.0
WRITING = {"tasksync_writing": True}
"""Marks the transactions that may write."""


def migrated(engine: Engine) -> None:
    """Bring a ledger's tables up to this version, under the migration lock.

    Raises:
        LedgerError: It is newer than this version, or is not a ledger.
    """
    if not migrate.is_current(engine):
        with lock.hold(engine, "migrate", wait_seconds=MIGRATION_WAIT_SECONDS):
            migrate.upgrade(engine.execution_options(**WRITING))


def connect(url: str, *, create: bool = True) -> Engine:
    """The database at an address, with what every ledger's connections need; nothing in it is looked at yet.

    Raises:
        LedgerError: It is no address, or there is no such file and none is to be created.
    """
    try:
        address = sqlalchemy.make_url(url)
        if address.get_backend_name() == "postgresql" and "+" not in address.drivername:
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() == "sqlite":
            return _sqlite_engine(address, create=create)
        return sqlalchemy.create_engine(address, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        message = (
            "TASKSYNC_LEDGER_URL (setting ledger_url) is not a database address that SQLAlchemy knows. "
            "Write, for example, sqlite:////var/lib/tasksync/production.db or postgresql://user@host/tasksync."
        )
        raise LedgerError(message) from error
    except ImportError as error:
        message = f"The ledger's database driver is not installed: {error.name}. Install tasksync-engine[postgresql]."
        raise LedgerError(message) from error


def _sqlite_engine(address: sqlalchemy.URL, *, create: bool) -> Engine:
    if not address.database or address.database == ":memory:":
        message = "The ledger must outlive the run: name a file, for example sqlite:////var/lib/tasksync/production.db."
        raise LedgerError(message)
    path = Path(address.database)
    if not path.exists():
        if not create:
            message = f"There is no ledger at {path} yet: run `meltano run to-salesforce` first."
            raise LedgerError(message)
        create_file(path)
    engine = sqlalchemy.create_engine(address, connect_args={"timeout": 30})
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def create_file(path: Path) -> None:
    """Readable by its owner alone: the ledger holds names, notes and email addresses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        message = (
            f"The ledger {path} cannot be created: {error.strerror}. Check the folder, or set TASKSYNC_LEDGER_URL."
        )
        raise LedgerError(message) from error


def _on_sqlite_connect(connection: Any, record: Any) -> None:  # noqa: ANN401, ARG001 - SQLAlchemy's event signature
    connection.isolation_level = None  # SQLAlchemy's own advice for real transactions and savepoints on SQLite
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 30000")


def _on_sqlite_begin(connection: Connection) -> None:
    # A transaction that reads first and writes later is refused at once, without any wait, where another process wrote
    # in between. So one that may write takes its turn at its beginning.
    writing = connection.get_execution_options().keys() >= WRITING.keys()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def explain(error: Exception, address: sqlalchemy.URL) -> str:
    """One line about a database error, without statements, parameters or the password."""
    where = address.render_as_string(hide_password=True)
    cause = getattr(error, "orig", None) or error
    reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    return f"The ledger {where} cannot be used: {reason}. Check TASKSYNC_LEDGER_URL and the database behind it."
