"""Addresses of new ledgers: a SQLite file, and a database in a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tasksync_engine.ledger import Ledger, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ledger.postgresql import Postgresql


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
