"""Hypothesis plays people, time and accidents on both services, while two shards sync in each other's midst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.sync.machine_profile import play, profile
from tests.sync.machine_shards import ShardedMachine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import SandboxHandle
    from tests.ledger.postgresql import Postgresql


@pytest.mark.timeout(0)  # a failure is shrunk, and the long profile is long
def test_the_rules_hold_for_shards(
    running_sandbox: SandboxHandle, postgresql: Postgresql, record_property: Callable[[str, object], None]
) -> None:
    """After any history both sides come to rest in agreement, nothing lost, whoever's users moved meanwhile."""

    class Machine(ShardedMachine):
        new_ledger = staticmethod(postgresql.new_address)

    fewer = settings(profile, max_examples=-(-profile.max_examples // 6))
    play("newest", running_sandbox, lambda told: record_property("played", told), kind=Machine, how=fewer)
