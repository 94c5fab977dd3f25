"""Locks that die with their process: a file lock beside SQLite, an advisory lock in PostgreSQL (sync-rules §7.6)."""

from __future__ import annotations

import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from tasksync_engine.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's word for a wait that took too long."""
_KEY = "CAST(:key AS integer), hashtext(coalesce(current_schema(), '')::text)"
"""Advisory locks are a database's, but ledgers lie in schemas."""


@contextmanager
def hold(engine: Engine, name: str, *, wait_seconds: float = 0) -> Iterator[Connection | None]:
    """Hold the lock `name` of a ledger.

    In PostgreSQL the lock is a connection's, and dies with it: what must not happen without the lock goes over that
    connection, which this yields. A file's lock is the process's, and this yields nothing.

    Args:
        engine: The ledger's database.
        name: What is locked, for example `run` or `migrate`.
        wait_seconds: How long to wait for it; 0 gives up at once.

    Raises:
        Busy: Another process holds it.
    """
    held = _hold_postgresql if engine.dialect.name == "postgresql" else _hold_file
    with held(engine, name, wait_seconds) as connection:
        yield connection


def _busy(name: str) -> Busy:
    return Busy(
        f"Another tasksync process holds this ledger's {name} lock: two runs at once are not possible. "
        "Wait for it to end; the lock goes with its process.",
    )


@contextmanager
def _hold_file(engine: Engine, name: str, wait_seconds: float) -> Iterator[None]:
    database = Path(engine.url.database or "ledger.db").resolve()
    lock = FileLock(database.with_name(f"{database.name}.{name}.lock"), timeout=wait_seconds, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise _busy(name) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _hold_postgresql(engine: Engine, name: str, wait_seconds: float) -> Iterator[Connection]:
    """Without a transaction: one that lasts as long as a run would end, and the lock with it, by an idle timeout."""
    key = zlib.crc32(f"tasksync.{name}".encode()) - 2**31
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        if not _take(connection, key, wait_seconds):
            raise _busy(name)
        connection.commit()
        connection.execution_options(isolation_level=engine.dialect.default_isolation_level)
        try:
            yield connection
        finally:
            _release(connection, key)


def _release(connection: Connection, key: int) -> None:
    """Let go of the lock; where the connection is lost, the lock went with it."""
    with suppress(SQLAlchemyError):
        connection.rollback()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(f"SELECT pg_advisory_unlock({_KEY})"), {"key": key})
        return
    connection.invalidate()


def _take(connection: Connection, key: int, wait_seconds: float) -> bool:
    """Whether the session has the advisory lock now, or got it in this time."""
    if not wait_seconds:
        return bool(connection.execute(text(f"SELECT pg_try_advisory_lock({_KEY})"), {"key": key}).scalar_one())
    wait = f"{round(wait_seconds * 1000)}ms"
    connection.execute(text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": wait})
    try:
        connection.execute(text(f"SELECT pg_advisory_lock({_KEY})"), {"key": key})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    finally:
        connection.execute(text("RESET lock_timeout"))
    return True
