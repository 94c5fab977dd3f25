"""What could not go through, made ready for the ledger: whole, with the reason and when it is due (sync-rules §7)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tasksync_clients import Recovery
from tasksync_clients.recovery import OTHER, category
from tasksync_engine.ledger.parked import (
    ADOPTED,
    ALLOWANCE,
    CLAIMED,
    DOUBTFUL,
    GONE,
    INVALID_RECORD,
    ROSTER,
    RUNAWAY,
    UNDONE,
    UNSETTLED,
    Parked,
)
from tasksync_engine.ledger.schema import RECORD_ID
from tasksync_engine.ledger.store import now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from tasksync_clients import RowResult
    from tasksync_engine.records import Record
    from tasksync_mappings import Base, Side

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no database stores as text."""
FIRST_BACK_OFF = timedelta(minutes=5)
LONGEST_BACK_OFF = timedelta(hours=6)

MESSAGES: Mapping[str, str] = {
    ROSTER: "The reminder's or the task's user does not take part in task sync now.",
    GONE: "The record on the other side is deleted; its tombstone will close the link, or it will live again.",
    UNDONE: "What a run had made of this change was taken back by `tasksync undo`.",
    CLAIMED: "A task that is linked to another reminder carries this reminder's id in its link field.",
    ALLOWANCE: "Salesforce's API calls are short: what is urgent goes first.",
    RUNAWAY: "The record was written too often within a short time: something answers each write with an edit.",
    ADOPTED: "The record was linked by `tasksync adopt`: the next run compares it with its counterpart.",
    UNSETTLED: "The answer to an earlier create never came, and what it made may not be visible yet.",
    DOUBTFUL: "The answer to an earlier create never came, and a task is there that it may have made.",
}


def retry_time(recovery: Recovery | None, attempts: int, at: datetime) -> datetime | None:
    """When a refused change is due: the very next run at first, then with back-off; None: not by itself (§7.2).

    Args:
        recovery: What the system's table says.
        attempts: How often it was tried, this time included.
        at: Now.
    """
    if recovery not in {Recovery.RETRY_NOW, Recovery.RETRY_LATER}:
        return None
    if attempts <= 1:
        return at
    doublings: int = 2 ** min(attempts - 2, 16)
    return at + min(LONGEST_BACK_OFF, FIRST_BACK_OFF * doublings)


def refused(source: Record, base: Base, result: RowResult, previous: Parked | None) -> Parked:
    """A change that the other side refused.

    Args:
        source: The record as it arrived.
        base: The link's base now; empty for a create.
        result: The row's answer.
        previous: The parked change that was tried again, if it was one.
    """
    code, message = result.code or str(result.status or "UNKNOWN"), result.message or ""
    attempts = previous.attempts + 1 if previous else 1
    return Parked(
        side=source.side,
        record_id=source.id,
        code=code,
        category=category(code, message, result.status),
        message=message,
        payload=source.raw,
        base=base,
        user_id=source.user,
        attempts=attempts,
        parked_at=previous.parked_at if previous else now(),
        retry_at=retry_time(result.recovery, attempts, now()),
    )


def waiting(
    source: Record,
    code: str,
    *,
    base: Base | None = None,
    previous: Parked | None = None,
    message: str | None = None,
) -> Parked:
    """A change that waits for something else than a retry: `code` is one of our own reasons.

    One that waits for what became of an earlier create, or was adopted, is due in the next run.
    """
    return Parked(
        side=source.side,
        record_id=source.id,
        code=code,
        category=OTHER,
        message=message or MESSAGES[code],
        payload=source.raw,
        base=base or {},
        user_id=source.user,
        attempts=previous.attempts + 1 if previous else 1,
        parked_at=previous.parked_at if previous else now(),
        retry_at=now() if code in {ADOPTED, UNSETTLED} else None,
    )


def invalid(side: Side, raw: Mapping[str, Any], reason: str, run_id: int) -> Parked:
    """A record that is not what its API promises; one without an id goes by its content."""
    return Parked(
        side=side,
        record_id=_called(raw),
        code=INVALID_RECORD,
        category=OTHER,
        message=f"The {side} is not what its API promises: {reason}.",
        payload=raw,
        parked_at=now(),
        run_id=run_id,
    )


def _called(raw: Mapping[str, Any]) -> str:
    """What a record that may be anything is found by: its id, if it has one that every database takes."""
    given = raw.get("id") or raw.get("Id")
    if isinstance(given, str) and len(given) <= RECORD_ID and not _NO_TEXT.search(given):
        return given
    told = given if isinstance(given, str) else repr(raw)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def still_waiting(source: Record, base: Base, previous: Parked) -> Parked:
    """A newer version of a change that waits for a person: it takes the older one's place and waits on."""
    return replace(previous, payload=source.raw, base=base, user_id=source.user)


def undone(source: Record, base: Base) -> Parked:
    """A change that a run carried over and a person took back: told already, and due when they ask for it."""
    return replace(waiting(source, UNDONE, base=base), reported=True)


def is_same_version(change: Parked, record: Record) -> bool:
    """Whether what is parked is this version; read in another way, it may have been read with other members."""
    if change.code == UNDONE:
        return change.payload == record.raw  # ... of which only what was undone is kept
    both = change.payload.keys() & record.raw.keys()
    return all(change.payload[member] == record.raw[member] for member in both)
