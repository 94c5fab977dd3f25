"""Addresses of new ledgers: a SQLite file, and a database in a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasksync_engine.ledger import Ledger, open_ledger

from .postgresql import Postgresql, running_postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """One server for the whole run."""
    try:
        with running_postgresql() as server:
            yield server
    except PermissionError as error:
        pytest.skip(f"PostgreSQL cannot run here: {error}")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger can be: nothing is there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.new_address()


@pytest.fixture
def opened(address: str) -> Iterator[Ledger]:
    """A new ledger, open."""
    with open_ledger(address) as ledger:
        yield ledger
