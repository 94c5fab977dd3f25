"""What `tasksync status` knows: the last runs, who takes part, and what is waiting."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasksync_console.conflicts import ConflictRow, conflict_rows
from tasksync_console.findings import Finding, find
from tasksync_console.names import Names
from tasksync_console.words import DIRECTIONS
from tasksync_engine import usage
from tasksync_engine.diagnostics import diagnose
from tasksync_engine.ledger import browsing, deletions, links, overview, parked, roster, runs
from tasksync_engine.ledger.store import now
from tasksync_mappings import other

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from tasksync_engine.ledger.runs import Event
    from tasksync_mappings import Side

ACTIONS = ("create", "update", "delete", "link", "close")
SHOWN = 20
_SKIPPED = "skipped: "


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that the last run did.

    Attributes:
        name: What the task is called; None: the ledger does not know.
        changes: Field → [before, after], for an update.
    """

    name: str | None
    reminder_id: str | None
    task_id: str | None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What the last run did of one kind: how often, and the first of them by name."""

    total: int
    first: list[Done]


@dataclass(frozen=True, slots=True)
class RunReport:
    """The last run of one direction; of a dry run, what it would have done."""

    id: int
    direction: str
    shard: str | None
    dry_run: bool
    outcome: str
    complete: bool
    started_at: datetime
    ended_at: datetime | None
    seconds: float | None
    api_calls: int
    message: str | None
    counts: Mapping[str, int]
    skipped: Mapping[str, int]
    done: Mapping[str, Deeds]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a direction is behind.

    Attributes:
        settled_until: Everything that was changed before then went over or is parked: when the newest run began that
            got to its end.
        behind_seconds: How long ago that was; None: there was no such run.
        waiting: Changes and deletions of the side it reads that still have to go over.
    """

    settled_until: datetime | None
    behind_seconds: float | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Budget:
    """Salesforce's API calls of the last 24 hours, as the newest answer told a run.

    Attributes:
        used: By whomever.
        total: How many the org has.
        told_at: When.
    """

    used: int
    total: int
    told_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedGroup:
    """Parked changes with the same code."""

    category: str
    code: str
    count: int
    needs_person: int
    happening: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deletions of one side's records that were not carried out yet."""

    side: str
    state: str
    count: int
    first: list[Done]


@dataclass(frozen=True, slots=True)
class Person:
    """A user who has task sync on."""

    sales_connect_id: str
    salesforce_id: str | None
    email: str | None
    enabled_at: datetime
    left_out: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """All of it."""

    runs: Mapping[str, RunReport | None]
    reach: Mapping[str, Reach]
    budget: Budget | None
    roster: list[Person]
    links: Mapping[str, int]
    parked: list[ParkedGroup]
    deletions: list[Waiting]
    conflicts: list[ConflictRow]
    findings: list[Finding]


def summarize(connection: Connection) -> Summary:
    """Read it from the ledger in one transaction."""
    latest = {direction: overview.last_run(connection, direction, plans=True) for direction in DIRECTIONS}
    numbers = [run["id"] for run in latest.values() if run is not None]
    return Summary(
        runs={direction: None if run is None else _report(connection, run) for direction, run in latest.items()},
        reach={direction: _reach(connection, direction) for direction in DIRECTIONS},
        budget=_budget(connection),
        roster=[
            Person(who.sales_connect_id, who.salesforce_id, who.email, who.enabled_at, who.left_out)
            for who in roster.participants(connection)
        ],
        links=dict.fromkeys((links.OPEN, links.CLOSED, links.KEPT), 0) | overview.count_links(connection),
        parked=_parked(connection),
        deletions=_deletions(connection),
        conflicts=conflict_rows(
            connection, [row for number in numbers for row in runs.all_conflicts(connection, number)]
        ),
        findings=find(connection),
    )


def _reach(connection: Connection, direction: str) -> Reach:
    run = browsing.last_complete_run(connection, direction)
    since = None if run is None else run["started_at"]
    source: Side = other(DIRECTIONS[direction])
    waiting = overview.count_parked(connection, source)
    waiting += deletions.count(connection, [deletions.PENDING, deletions.HELD], source)
    return Reach(since, None if since is None else max(0.0, (now() - since).total_seconds()), waiting)


def _budget(connection: Connection) -> Budget | None:
    told = overview.remembered(connection, usage.KEY)
    return None if told is None else Budget(*usage.read(told))


def _report(connection: Connection, run: Mapping[str, Any]) -> RunReport:
    counts, skipped = parted(run["counts"] or {})
    done = _planned(connection, run["id"]) if run["dry_run"] else _done(connection, run["id"])
    return RunReport(
        **{key: run[key] for key in RunReport.__dataclass_fields__ if key in run and key != "counts"},
        counts=counts,
        skipped=skipped,
        done=done,
    )


def parted(counts: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """What a run counted, and what it skipped by reason."""
    kept = {key: number for key, number in counts.items() if not key.startswith(_SKIPPED)}
    return kept, {key.removeprefix(_SKIPPED): number for key, number in counts.items() if key.startswith(_SKIPPED)}


def _done(connection: Connection, run_id: int) -> dict[str, Deeds]:
    totals = overview.count_actions(connection, run_id)
    return {
        action: Deeds(
            totals[action],
            _named(
                connection,
                [_event(row) for row in overview.history_of_action(connection, run_id, action, SHOWN)],
            ),
        )
        for action in ACTIONS
        if totals.get(action)
    }


def _planned(connection: Connection, run_id: int) -> dict[str, Deeds]:
    planned = runs.planned(connection, run_id)
    totals = Counter(event.action for event in planned)
    return {
        action: Deeds(
            totals[action],
            _named(connection, [event for event in planned if event.action == action][:SHOWN]),
        )
        for action in ACTIONS
        if totals[action]
    }


def _event(row: Mapping[str, Any]) -> Event:
    return runs.Event(row["action"], row["reminder_id"], row["task_id"], row["detail"] or {})


def _named(connection: Connection, events: list[Event]) -> list[Done]:
    names = Names(connection, [(event.reminder_id, event.task_id) for event in events])
    return [
        Done(
            names.of((event.reminder_id, event.task_id), event.detail.get("values")),
            event.reminder_id,
            event.task_id,
            changes_in(event.detail),
        )
        for event in events
    ]


def changes_in(detail: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What an update wrote: field → (before, after)."""
    fields: Mapping[str, Mapping[str, Any]] = detail.get("fields") or {}
    return {name: (told.get("before"), told["after"]) for name, told in fields.items() if "after" in told}


def _parked(connection: Connection) -> list[ParkedGroup]:
    groups: dict[tuple[str, str], list[parked.Parked]] = {}
    for change in parked.everything(connection):
        groups.setdefault((change.category, change.code), []).append(change)
    found = []
    for (category, code), group in sorted(groups.items()):
        words = diagnose(code, group[0].message, category)
        asking = sum(change.needs_person for change in group)
        found.append(ParkedGroup(category, code, len(group), asking, words.happening, words.remedy))
    return found


def _deletions(connection: Connection) -> list[Waiting]:
    groups: dict[tuple[str, str], list[deletions.Deletion]] = {}
    for deletion in deletions.in_state(connection, [deletions.PENDING, deletions.HELD]):
        groups.setdefault((deletion.side, deletion.state), []).append(deletion)
    found = []
    for (side, state), group in sorted(groups.items()):
        ids = [(item.record_id, None) if side == "reminder" else (None, item.record_id) for item in group[:SHOWN]]
        names = Names(connection, ids)
        found.append(Waiting(side, state, len(group), [Done(names.of(pair), *pair) for pair in ids]))
    return found
