"""The ledger of a dry run: everything may be written to it, and nothing is kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


class Pretence:
    """A copy of the database (SQLite), or one transaction that is rolled back (elsewhere).

    SQLite has one writer at a time: a transaction as long as the run would keep the tap in front of it from noting
    whose ledger it is.
    """

    def __init__(self, engine: Engine) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._connection: Connection | None = None
        if engine.dialect.name == "sqlite":
            self._folder = TemporaryDirectory(prefix="tasksync-plan-")
            self._engine = self._copy(str(engine.url.database), Path(self._folder.name) / "ledger.db")
        else:
            self._engine = engine
            self._connection = engine.connect()
            self._connection.begin()

    @staticmethod
    def _copy(source: str, target: Path) -> Engine:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
            original.backup(copy)
        engine = sqlalchemy.create_engine(f"sqlite:///{target}")
        event.listen(engine, "connect", _no_sync)
        return engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction within it."""
        if self._connection is not None:
            with self._connection.begin_nested():
                yield self._connection
        else:
            with self._engine.begin() as connection:
                yield connection

    def end(self) -> None:
        """Undo everything."""
        if self._connection is not None:
            self._connection.rollback()
            self._connection.close()
        if self._folder is not None:
            self._engine.dispose()
            self._folder.cleanup()


def _no_sync(connection: sqlite3.Connection, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's event signature
    connection.execute("PRAGMA synchronous = OFF")
