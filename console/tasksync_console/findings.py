"""What a person should know about, or has to do something about: for `check` and `status`.

The texts go into Meltano's log when `check` runs in a job, so they hold ids and codes and no record's contents.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_console.words import DIRECTIONS, JOBS, SERVICES, TAPS, TARGETS, many, some
from tasksync_engine import tap_stops
from tasksync_engine.diagnostics import diagnose
from tasksync_engine.ledger import deletions, overview, parked, roster, runs, shards

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from tasksync_engine.ledger.parked import Parked
    from tasksync_mappings import Side

SHOWN_IDS = 5
PARKED, REPORTED = "parked", "reported"
"""Parked changes that need a person: new ones, and those that an earlier check has told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about.

    Attributes:
        kind: `job`, `no_run`, `stopped`, `brake`, `parked`, `reported`, `deferred`, `incomplete`, `running`,
            `conflicts`, `left_out` or `nobody`.
        what: What is the matter.
        remedy: What to do about it.
        fails: Whether `check` exits non-zero for it.
        count: How many runs, changes, deletions, conflicts or users it is about.
        ids: The first of their ids.
        code: Of parked changes, what they are parked with.
    """

    kind: str
    what: str
    remedy: str
    fails: bool = False
    count: int = 1
    ids: tuple[str, ...] = ()
    code: str | None = None


def find(connection: Connection, job_failed: int = 0) -> list[Finding]:
    """All findings, those that fail a check first.

    Args:
        connection: The ledger.
        job_failed: The exit code of the job that this check is made up for; 0: of none.
    """
    found = [
        *_job(job_failed),
        *_runs(connection),
        *_held(connection),
        *_parked(waiting := parked.everything(connection)),
        *_deferred(waiting),
        *_conflicts(connection),
        *_roster(connection),
    ]
    return sorted(found, key=lambda finding: not finding.fails)


def _job(code: int) -> Iterator[Finding]:
    if code:
        what = f"The job ended with {code} before its own check."
        yield Finding("job", what, "What is said below may be why; else its log says it.", fails=True)


def _runs(connection: Connection) -> Iterator[Finding]:
    latest = [run for direction in DIRECTIONS for run in overview.last_runs(connection, direction)]
    if not latest:
        yield Finding("no_run", "Nothing was synced yet.", "Run `meltano run to-salesforce` first.", fails=True)
    ran = {run["shard"] for run in latest}
    for shard in shards.names(connection) if ran - {None} else ():
        if shard not in ran:
            since = " since the last run for all users" if overview.has_run_whole(connection, DIRECTIONS) else ""
            what = f"Shard {shard} has not run{since}, though others have: nothing is carried over for its users."
            yield Finding("no_run", what, f"Run `tasksync shards run {shard}`.", fails=True)
    for run in latest:
        direction, shard = run["direction"], run["shard"]
        named = f"The last run {direction}{f' of shard {shard}' if shard else ''} (run {run['id']})"
        again = f"tasksync shards run {shard}" if shard else f"meltano run {direction}"
        if run["outcome"] == runs.STOPPED:
            why = run["message"] or "The log of that run says why."
            remedy = f"Mend that, then `{again}`."
            yield Finding("stopped", f"{named} stopped: {why}", remedy, fails=True)
        elif run["outcome"] == runs.INCOMPLETE:
            what = f"{named} ended before its input was complete: deletions and parked changes wait."
            tap = TAPS[DIRECTIONS[direction]]
            why = tap_stops.said_in(overview.remembered(connection, tap_stops.key(tap, shard)), run["started_at"])
            if why:
                yield Finding("incomplete", f"{what} {tap} said: {why}", f"Mend that, then `{again}`.")
            else:
                yield Finding("incomplete", what, f"Look at the tap's log, then `{again}`.")
        elif run["outcome"] == runs.RUNNING:
            what = f"{named} has not ended: it is still going on, or was killed."
            yield Finding("running", what, "Nothing: the next run continues where a killed one was.")


def _held(connection: Connection) -> Iterator[Finding]:
    held: dict[Side, list[str]] = defaultdict(list)
    for deletion in deletions.in_state(connection, [deletions.HELD]):
        held[deletion.side].append(deletion.record_id)
    for side, ids in held.items():
        yield Finding(
            "brake",
            f"The brake holds {many(len(ids), 'deletion')} from {SERVICES[side]}: {some(ids, SHOWN_IDS)}.",
            f"If they are meant, allow them for one run: {TARGETS[side]}_ALLOW_MASS_DELETE=true meltano run "
            f"{JOBS[side]}. If not, restore the {side}s in {SERVICES[side]}: the next run then drops their deletions.",
            fails=True,
            count=len(ids),
            ids=tuple(ids[:SHOWN_IDS]),
        )


def _parked(changes: Sequence[Parked]) -> Iterator[Finding]:
    groups: dict[tuple[bool, Side, str, str], list[Parked]] = defaultdict(list)
    for change in changes:
        if change.needs_person:
            groups[not change.reported, change.side, change.code, change.category].append(change)
    for (fails, side, code, category), group in sorted(groups.items(), key=lambda item: item[0], reverse=True):
        words = diagnose(code, group[0].message, category)
        ids = [change.record_id for change in group]
        changed = f"The change of {many(len(group), side)} is parked with {code} ({category}): {some(ids, SHOWN_IDS)}."
        again = "Then `tasksync retry` (or `tasksync retry ID`); `tasksync parked` shows them all."
        if code == parked.INVALID_RECORD:
            again = "`tasksync parked` shows them all."
        kind = PARKED if fails else REPORTED
        first = tuple(ids[:SHOWN_IDS])
        yield Finding(kind, f"{changed} {words.happening}", f"{words.remedy} {again}", fails, len(ids), first, code)


def _deferred(changes: Sequence[Parked]) -> Iterator[Finding]:
    number = sum(change.code == parked.ALLOWANCE for change in changes)
    if number:
        words = diagnose(parked.ALLOWANCE)
        yield Finding("deferred", f"{many(number, 'change')} kept back: {words.happening}", words.remedy, count=number)


def _conflicts(connection: Connection) -> Iterator[Finding]:
    for direction in DIRECTIONS:
        ran = overview.last_runs(connection, direction)
        number = sum(len(runs.all_conflicts(connection, run["id"])) for run in ran)
        if number:
            which = "runs" if len(ran) > 1 else "run"
            what = f"The last {which} {direction} met {many(number, 'conflict')} and decided by the policy."
            yield Finding("conflicts", what, "`tasksync conflicts` shows who won and what was lost.", count=number)


def _roster(connection: Connection) -> Iterator[Finding]:
    people = roster.participants(connection)
    if not people:
        remedy = "Turn task sync on for a user in Sales Connect, then `meltano run to-salesforce`."
        yield Finding("nobody", "No user has task sync on.", remedy)
    reasons: dict[str, list[str]] = defaultdict(list)
    for person in people:
        if person.left_out:
            reasons[person.left_out].append(person.sales_connect_id)
    for reason, ids in reasons.items():
        yield Finding(
            "left_out",
            f"{many(len(ids), 'user')} with task sync on left out, as {reason}: {some(ids, SHOWN_IDS)}.",
            "Set the user's salesforce_user_id in Sales Connect, or make the email addresses match one to one.",
            count=len(ids),
            ids=tuple(ids[:SHOWN_IDS]),
        )
