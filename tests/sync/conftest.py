"""A team, and both pipelines over one ledger."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.sync.pipelines import Meltano
from tests.sync.sharded import Sharded
from tests.sync.team import Team

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import SandboxHandle
    from tests.ledger.postgresql import Postgresql


@pytest.fixture
def team(sandbox: SandboxHandle) -> Team:
    """The team of `Team`'s docstring."""
    return Team(sandbox)


@pytest.fixture
def meltano(sandbox: SandboxHandle, tmp_path: Path) -> Meltano:
    """Both pipelines, with a new ledger."""
    return Meltano(sandbox, tmp_path)


@pytest.fixture
def ledger(meltano: Meltano) -> Callable[..., list[dict[str, Any]]]:
    """Reads the ledger's tables as anybody with SQL would."""

    def rows(sql: str, *values: Any) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(meltano.ledger_path)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    return rows


@pytest.fixture
def without_link_field(team: Team, meltano: Meltano, tmp_path: Path) -> None:
    """The org has no link field, and the connector a Salesforce user of its own."""
    team.become_ann()
    team.lose_link_field()
    meltano.without_link_field(tmp_path)


@pytest.fixture
def sharded(sandbox: SandboxHandle, tmp_path: Path, postgresql: Postgresql, team: Team) -> Sharded:  # noqa: ARG001 - the team is there before the plan is made
    """Ann in shard 1, Bob in shard 2; Dan, who is left out, in shard 1."""
    made = Sharded(sandbox, tmp_path, postgresql.new_address())
    assert [shard.name for shard in made.plan(2, u1="1", u2="2", u4="1")] == ["1", "2"]
    return made
