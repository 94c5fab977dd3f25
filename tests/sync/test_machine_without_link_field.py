"""Hypothesis plays people, time and accidents on both services, in an org without the link field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sync.machine_profile import play

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import SandboxHandle


@pytest.mark.timeout(0)  # a failure is shrunk, and the long profile is long
def test_the_rules_hold_without_a_link_field(
    running_sandbox: SandboxHandle, record_property: Callable[[str, object], None]
) -> None:
    """After any history both sides come to rest in agreement, nothing lost and nothing doubled.

    Left out is what cannot be told: a ledger lost while pointers are owed or creates unsettled, and a task purged, or
    grown too old for the recycle bin, that an unsettled create had made. A doubtful create is settled by a person.
    """
    play("newest", running_sandbox, lambda told: record_property("played", told), link_field=False)
