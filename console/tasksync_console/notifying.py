"""`tasksync check --notify`: tells people outside, once for each change of what is the matter."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from tasksync_clients import hook
from tasksync_console.findings import PARKED, REPORTED
from tasksync_console.words import clean, many

if TYPE_CHECKING:
    from tasksync_console.checking import Verdict
    from tasksync_console.findings import Finding
    from tasksync_engine.ledger import Ledger

TOLD = "notified"
"""The ledger's key for what the hook was last told."""
_FINE = ""


def notify(ledger: Ledger, verdict: Verdict, url: str, environment: str) -> bool:
    """Tell a hook where something else needs a person than it was told last, or where nothing does any more.

    Args:
        ledger: The ledger, which remembers what was told.
        verdict: What the check found.
        url: The hook; may hold a secret, and is neither kept nor told.
        environment: The Meltano environment.

    Returns:
        Whether it was told.

    Raises:
        ClientError: It did not take the notice, and is told again by the next check.
        LedgerError: The ledger cannot be written.
    """
    hook.check_url(url)
    digest = _digest(verdict)
    if (ledger.get(TOLD) or _FINE) == digest:
        return False
    hook.post(url, notice(verdict, environment))
    ledger.put(TOLD, digest)
    return True


def notice(verdict: Verdict, environment: str) -> dict[str, Any]:
    """What the hook gets: kinds, codes, counts and ids; `text` is what chat systems show.

    No message of a service is in it, nor anything of a record but its id.
    """
    told = [
        {"kind": one.kind, "code": one.code, "fails": one.fails, "count": one.count, "ids": list(one.ids)}
        for one in verdict.findings
    ]
    waiting = _waiting(verdict)
    words = "; ".join(f"{one.code or one.kind} ({one.count})" for one in waiting)
    what = f"{many(len(waiting), 'finding')} for a person: {words}" if waiting else "nothing needs a person any more"
    text = clean(f"tasksync {environment}: {what}. `tasksync check` and `tasksync status` say more.")
    return {"ok": not waiting, "environment": environment, "text": text, "findings": told}


def _waiting(verdict: Verdict) -> list[Finding]:
    """What needs a person: also parked changes that an earlier check has told, which may not have reached the hook."""
    return [one for one in verdict.findings if one.fails or one.kind == REPORTED]


def _digest(verdict: Verdict) -> str:
    """Short text that changes with what needs a person, but not by being reported; empty where nothing does."""
    numbers: Counter[tuple[str, str | None]] = Counter()
    ids: set[str] = set()
    for one in _waiting(verdict):
        numbers[PARKED if one.kind == REPORTED else one.kind, one.code] += one.count
        ids.update(one.ids)
    told = sorted(map(str, numbers.items())), sorted(ids)
    return hashlib.sha256(repr(told).encode()).hexdigest() if numbers else _FINE
