"""Hypothesis plays people, time and accidents on both services; whatever it does, the sync rules hold at rest."""

from __future__ import annotations

import logging
import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sync.machine import SyncMachine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import SandboxHandle

LONG = os.environ.get("TASKSYNC_PROFILE") == "long"
EXAMPLES, STEPS = (2000, 30) if LONG else (300, 12)
POLICIES = ("newest", "salesforce", "salesconnect")

profile = settings(
    max_examples=int(os.environ.get("TASKSYNC_EXAMPLES", EXAMPLES)) // len(POLICIES),
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    print_blob=True,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    # Each example talks HTTP to two services and moves files: slow by Hypothesis's measure, and large by its nature.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    """The plugins' log lines cost a tenth of the time, and nobody reads those of thousands of runs."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.timeout(0)  # a failure is shrunk, and the long profile is long
@pytest.mark.usefixtures("quiet_logs")
@pytest.mark.parametrize("policy", POLICIES)
def test_the_rules_hold_whatever_happens(
    policy: str, running_sandbox: SandboxHandle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After any history of edits, deletions and accidents both sides come to rest in agreement, nothing lost."""
    tally: Counter[str] = Counter()

    def machine() -> SyncMachine:
        return SyncMachine(running_sandbox, tmp_path, tally, policy)

    machine._hypothesis_internal_use_seed = None if LONG else POLICIES.index(policy)  # noqa: SLF001
    try:
        run_state_machine_as_test(machine, settings=profile)
    finally:
        with capsys.disabled():
            print(f"\n{policy}: {_told(tally)}")  # noqa: T201 - what was run is part of the result


def _told(tally: Counter[str]) -> str:
    first = [f"{tally.pop('examples')} examples, {tally.pop('steps')} steps"]
    return ", ".join(first + [f"{number} {what}" for what, number in sorted(tally.items())])
