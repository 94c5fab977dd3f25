"""Locks that die with their process: a file lock beside SQLite, an advisory lock in PostgreSQL (sync-rules §7.6)."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy import text

from tasksync_engine.errors import Busy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@contextmanager
def hold(engine: Engine, name: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock `name` of a ledger.

    Args:
        engine: The ledger's database.
        name: What is locked, for example `run` or `migrate`.
        wait_seconds: How long to wait for it; 0 gives up at once.

    Raises:
        Busy: Another process holds it.
    """
    held = _hold_postgresql if engine.dialect.name == "postgresql" else _hold_file
    with held(engine, name, wait_seconds):
        yield


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
def _hold_postgresql(engine: Engine, name: str, wait_seconds: float) -> Iterator[None]:
    key = zlib.crc32(f"tasksync.{name}".encode())
    with engine.connect() as connection:
        if wait_seconds:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        elif not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one():
            raise _busy(name)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
