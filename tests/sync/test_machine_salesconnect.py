"""Hypothesis plays people, time and accidents on both services, where Sales Connect wins a conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.machine_profile import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import SandboxHandle


@pytest.mark.timeout(0)  # a failure is shrunk, and the long profile is long
def test_the_rules_hold_whatever_happens(
    running_sandbox: SandboxHandle, record_property: Callable[[str, object], None]
) -> None:
    """After any history of edits, deletions and accidents both sides come to rest in agreement, nothing lost."""
    play("salesconnect", running_sandbox, lambda told: record_property("played", told))
