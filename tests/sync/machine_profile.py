"""How long the state machine plays: 300 examples of at most 12 steps, or with TASKSYNC_PROFILE=long 2,000 of up to 30.

One test module for each conflict policy, so that they are spread over the workers; each plays a third. One more plays
half of a third without a link field.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.sync.machine import SyncMachine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import SandboxHandle

LONG = os.environ.get("TASKSYNC_PROFILE") == "long"
EXAMPLES, STEPS = (2000, 30) if LONG else (300, 12)
MEMORY = Path("/dev/shm")  # noqa: S108 - no secrets; thousands of short-lived ledgers need not survive a power cut
POLICIES = ("newest", "salesforce", "salesconnect")

profile = settings(
    max_examples=-(-int(os.environ.get("TASKSYNC_EXAMPLES", EXAMPLES)) // len(POLICIES)),
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    print_blob=True,
    report_multiple_bugs=False,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    # Each example talks HTTP to two services and moves files: slow by Hypothesis's measure, and large by its nature.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
smaller = settings(profile, max_examples=-(-profile.max_examples // 2))


def play(  # noqa: PLR0913 - all that examples differ by
    policy: str,
    sandbox: SandboxHandle,
    say: Callable[[str], None],
    *,
    link_field: bool = True,
    kind: type[SyncMachine] = SyncMachine,
    how: settings | None = None,
) -> None:
    """Play the profile's examples under one conflict policy, the same ones on every run unless it is the long profile.

    Args:
        policy: the conflict policy.
        sandbox: the services, for this alone.
        say: is told at the end, well or not, what was played: examples, steps, and how often each thing happened.
        link_field: whether the org has one.
        kind: the state machine.
        how: how many examples; as the profile says unless it is given.
    """
    tally: Counter[str] = Counter()
    folder: Path

    def machine() -> SyncMachine:
        return kind(sandbox, folder, tally, policy, link_field=link_field)

    # Where `hypothesis.seed` puts it; the seed of the long profile is drawn, and shown with a failure.
    machine._hypothesis_internal_use_seed = None if LONG else POLICIES.index(policy)  # type: ignore[attr-defined]  # noqa: SLF001
    # The plugins' log lines cost a tenth of the time, and nobody reads those of thousands of runs.
    logging.disable(logging.CRITICAL)
    try:
        with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as held:
            folder = Path(held)
            run_state_machine_as_test(machine, settings=how or (profile if link_field else smaller))
    finally:
        logging.disable(logging.NOTSET)
        say(_told(policy, tally))


def _told(policy: str, tally: Counter[str]) -> str:
    first = f"{policy}: {tally.pop('examples')} examples, {tally.pop('steps')} steps"
    return ", ".join([first, *(f"{number} {what}" for what, number in sorted(tally.items()))])
