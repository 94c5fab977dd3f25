"""`tasksync check`: the last step of a sync, which decides its exit code."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tasksync_console.address import open_here
from tasksync_console.findings import PARKED, find
from tasksync_console.printing import print_json
from tasksync_console.telling import tell_outside
from tasksync_console.words import clean
from tasksync_engine.ledger import parked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tasksync_console.findings import Finding
    from tasksync_engine.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found."""

    findings: Sequence[Finding]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not any(finding.fails for finding in self.findings)


def check_here(
    notify: str | None = None, prometheus: Path | None = None, *, job_failed: int = 0, as_json: bool = False
) -> bool:
    """Check the project's ledger, print what was found and tell it outside; returns whether nothing failed.

    Args:
        notify: A web hook.
        prometheus: A file for metrics.
        job_failed: The exit code of the job that this check is made up for; 0: of none.
        as_json: Whether to print JSON.

    Raises:
        EngineError: The ledger cannot be found, read or written.
    """
    with open_here() as ledger:
        verdict = check(ledger, job_failed)
        print_verdict(verdict, as_json=as_json)
        tell_outside(ledger, verdict, notify, prometheus)
    return verdict.passed


def check(ledger: Ledger, job_failed: int = 0) -> Verdict:
    """See what a person has to know; parked changes fail one check, and are only mentioned by the later ones.

    Raises:
        LedgerError: The ledger cannot be read or written.
    """
    with ledger.transaction() as connection:
        findings = find(connection, job_failed)
        if any(finding.kind == PARKED for finding in findings):
            parked.mark_reported(connection)
    return Verdict(findings)


def print_verdict(verdict: Verdict, *, as_json: bool) -> None:
    """Print what was found."""
    findings = verdict.findings
    if as_json:
        print_json({"ok": verdict.passed, "findings": [asdict(finding) for finding in findings]})
    else:
        sys.stdout.write("\n".join(map(_line, findings)) + "\n" if findings else "Nothing needs a person.\n")


def _line(finding: Finding) -> str:
    return f"{'FAIL' if finding.fails else 'note'}  {clean(finding.what)}\n      {clean(finding.remedy)}"
