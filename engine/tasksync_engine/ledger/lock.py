"""Locks that die with their process: a file lock beside SQLite, an advisory lock in PostgreSQL (sync-rules §7.6)."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from tasksync_engine.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Engine

LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's word for a wait that took too long."""
_KEY = "CAST(:key AS integer), hashtext(coalesce(current_schema(), '')::text)"
"""Advisory locks are a database's, but ledgers lie in schemas."""


@contextmanager
def hold(
    engine: Engine, name: str, *, wait_seconds: float = 0, shared_with: str | None = None
) -> Iterator[Connection | None]:
    """Hold the lock `name` of a ledger.

    In PostgreSQL the lock is a connection's, and dies with it: what must not happen without the lock goes over that
    connection, which this yields. A file's lock is the process's, and this yields nothing.

    Args:
        engine: The ledger's database.
        name: What is locked, for example `run` or `migrate`.
        wait_seconds: How long to wait for it; 0 gives up at once.
        shared_with: Another lock, which this one needs with others side by side; who holds that one alone excludes
            them. PostgreSQL only.

    Raises:
        Busy: Another process holds it.
    """
    if engine.dialect.name == "postgresql":
        wanted = [(name, False)] if shared_with is None else [(shared_with, True), (name, False)]
        with _hold_postgresql(engine, wanted, wait_seconds) as connection:
            yield connection
    else:
        with _hold_file(engine, name, wait_seconds):
            yield None


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
def _hold_postgresql(engine: Engine, wanted: Sequence[tuple[str, bool]], wait_seconds: float) -> Iterator[Connection]:
    """Without a transaction: one that lasts as long as a run would end, and the lock with it, by an idle timeout."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        try:
            for name, shared in wanted:
                if not _take(connection, _number(name), wait_seconds, shared=shared):
                    raise _busy(name)
            connection.commit()
            connection.execution_options(isolation_level=engine.dialect.default_isolation_level)
            yield connection
        finally:
            _release(connection)


def _number(name: str) -> int:
    return zlib.crc32(f"tasksync.{name}".encode()) - 2**31


def held_among(connection: Connection, names: Collection[str]) -> frozenset[str]:
    """Which of these locks of a ledger in PostgreSQL anybody holds now."""
    numbers = {_number(name) % 2**32: name for name in names}
    query = text(
        "SELECT CAST(classid AS bigint) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND CAST(objid AS bigint) = CAST(hashtext(coalesce(current_schema(), '')::text) AS bigint) & 4294967295"
    )
    return frozenset(numbers[number] for number in connection.execute(query).scalars() if number in numbers)


def _release(connection: Connection) -> None:
    """Let go of the connection's locks; where it is lost or cannot say so, they go with it."""
    try:
        connection.rollback()
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SELECT pg_advisory_unlock_all()"))
    except (SQLAlchemyError, connection.dialect.loaded_dbapi.Error):
        connection.invalidate()


def _take(connection: Connection, key: int, wait_seconds: float, *, shared: bool) -> bool:
    """Whether the session has the advisory lock now, or got it in this time."""
    kind = "lock_shared" if shared else "lock"
    if not wait_seconds:
        taken = connection.execute(text(f"SELECT pg_try_advisory_{kind}({_KEY})"), {"key": key})
        return bool(taken.scalar_one())
    wait = f"{round(wait_seconds * 1000)}ms"
    connection.execute(text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": wait})
    try:
        connection.execute(text(f"SELECT pg_advisory_{kind}({_KEY})"), {"key": key})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    finally:
        connection.execute(text("RESET lock_timeout"))
    return True
