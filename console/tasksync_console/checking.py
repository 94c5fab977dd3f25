"""`tasksync check`: the last step of a sync, which decides its exit code."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from tasksync_console.findings import find
from tasksync_console.printing import print_json
from tasksync_console.words import clean
from tasksync_engine.ledger import parked

if TYPE_CHECKING:
    from tasksync_console.findings import Finding
    from tasksync_engine.ledger import Ledger


def check(ledger: Ledger, *, as_json: bool) -> bool:
    """Tell what a person has to know; parked changes fail one check, and are only mentioned by the later ones.

    Returns:
        Whether nothing failed.

    Raises:
        LedgerError: The ledger cannot be read or written.
    """
    with ledger.transaction() as connection:
        findings = find(connection)
        if any(finding.kind == "parked" for finding in findings):
            parked.mark_reported(connection)
    passed = not any(finding.fails for finding in findings)
    if as_json:
        print_json({"ok": passed, "findings": [asdict(finding) for finding in findings]})
    else:
        sys.stdout.write("\n".join(map(_line, findings)) + "\n" if findings else "Nothing needs a person.\n")
    return passed


def _line(finding: Finding) -> str:
    return f"{'FAIL' if finding.fails else 'note'}  {clean(finding.what)}\n      {clean(finding.remedy)}"
