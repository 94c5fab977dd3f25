"""`tasksync retry`: a person asks for parked changes to be tried again (sync-rules §7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_console.records import same_record
from tasksync_console.words import JOBS, clean, many, some
from tasksync_engine.ledger import overview, parked
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.ledger.store import now

if TYPE_CHECKING:
    from tasksync_engine.ledger import Ledger

SHOWN_IDS = 5
NOT_TRIED = frozenset({parked.ROSTER, parked.INVALID_RECORD})
"""Codes of changes that another try would not bring on."""


@dataclass(frozen=True, slots=True)
class Retry:
    """What was asked for.

    Attributes:
        due: Record ids whose change the next run tries again.
        waiting: Record ids whose change goes through by itself once their users take part.
        useless: Record ids whose change cannot go through as it is: the record itself has to be corrected.
        jobs: The Meltano jobs that will try them.
    """

    due: list[str]
    waiting: list[str]
    useless: list[str]
    jobs: list[str]


def retry(ledger: Ledger, record_id: str | None, sought: Sought = Sought()) -> Retry:  # noqa: B008 - it is frozen
    """Make parked changes due: those that are sought, or those of one reminder or task and of its counterpart.

    Raises:
        LedgerError: The ledger cannot be read or written.
    """
    with ledger.transaction() as connection:
        found, _ = overview.find_parked(connection, sought)
        if record_id is not None:
            wanted = same_record(connection, record_id)
            found = [change for change in found if change.record_id in wanted]
        due = [change for change in found if change.code not in NOT_TRIED]
        for change in due:
            parked.request_retry(connection, now(), change.record_id)
    return Retry(
        due=[change.record_id for change in due],
        waiting=[change.record_id for change in found if change.code == parked.ROSTER],
        useless=[change.record_id for change in found if change.code == parked.INVALID_RECORD],
        jobs=sorted({JOBS[change.side] for change in due}),
    )


def in_words(asked: Retry, record_id: str | None, *, filtered: bool = False) -> str:
    """What a person is told; `filtered`: they had named some changes only."""
    told = []
    if asked.due:
        jobs = " and ".join(f"`meltano run {job}`" for job in asked.jobs)
        told.append(f"{many(len(asked.due), 'parked change')} will be tried again by {jobs}.")
    if asked.waiting:
        told.append(
            f"{many(len(asked.waiting), 'parked change')} waiting for users to take part: "
            f"{some(asked.waiting, SHOWN_IDS)}."
        )
    if asked.useless:
        told.append(
            f"{many(len(asked.useless), 'record')} cannot go through as sent, however often they are tried; correct "
            f"them at their source: {some(asked.useless, SHOWN_IDS)}."
        )
    if told:
        return clean(" ".join(told))
    if filtered:
        return "Nothing of that is parked."
    return "Nothing is parked." if record_id is None else f"Nothing is parked of {clean(record_id)}."
