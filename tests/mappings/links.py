"""A link small enough for a table: one reminder, one task, their base, and what a merge makes of the three."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_mappings import (
    UNSET,
    Base,
    Conflict,
    ConflictPolicy,
    Decision,
    Field,
    Kind,
    Pair,
    Side,
    Times,
    Translation,
    Users,
    load_mapping,
    merge,
    other,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EXTRAS = (
    Field("outcome", "call_outcome", "CallDisposition", Kind.TEXT, max_length=255),
    Field("follow_up", "follow_up_on", "Follow_Up__c", Kind.DATE),
    Field("stage", "stage", "Stage__c", Kind.PICKLIST, {"cold": "Cold", "warm": "Warm", "hot": "Hot"}, "cold"),
)
FIELDS = replace(load_mapping(), fields=(*load_mapping().fields, *EXTRAS))
USERS = Users(
    to_task={"u1": "005A", "u2": "005B", "u3": "005C"},
    to_reminder={"005A": "u1", "005B": "u2", "005C": "u3"},
)
TRANSLATION = Translation(FIELDS, USERS)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIDES: tuple[Side, Side] = ("reminder", "task")
NEWER = {
    "reminder": Times(reminder=NOON + timedelta(seconds=1), task=NOON),
    "task": Times(reminder=NOON, task=NOON + timedelta(seconds=1)),
    "tie": Times(reminder=NOON, task=NOON),
    # Sales Connect stamps milliseconds and Salesforce whole seconds: within one second nobody can be told to be newer.
    "tie within a second": Times(reminder=NOON + timedelta(milliseconds=999), task=NOON),
}


@dataclass(frozen=True)
class Link:
    """What lies in the two stores and in the ledger."""

    reminder: dict[str, Any]
    task: dict[str, Any]
    base: Base

    def record(self, side: Side) -> dict[str, Any]:
        """One side's record, in its own column names."""
        return self.reminder if side == "reminder" else self.task

    def holds(self, name: str) -> tuple[Any, Any, Pair | None]:
        """One field of all three: the reminder's value, the task's, the base."""
        field = FIELDS.named(name)
        return self.reminder.get(field.reminder), self.task.get(field.task), self.base.get(name)

    def holding(self, name: str, reminder: Any, task: Any, base: Pair | None) -> Link:
        """This link with one field of all three replaced; without a base where that is None."""
        field = FIELDS.named(name)
        bases = {key: pair for key, pair in self.base.items() if key != name}
        return Link(
            {**self.reminder, field.reminder: reminder},
            {**self.task, field.task: task},
            bases if base is None else {**bases, name: base},
        )


@dataclass(frozen=True)
class Step:
    """One merge carried out: the link afterwards, and the actions that it took."""

    link: Link
    decisions: dict[str, Decision]
    writes: dict[str, Any]
    conflicts: list[Conflict]

    @property
    def quiet(self) -> bool:
        """Whether it wrote nothing and recorded nothing."""
        return not self.writes and not self.conflicts


def in_step() -> Link:
    """A link whose two sides agree in every field, and whose base says so."""
    reminder = {
        "type": "call",
        "name": "Ring Ada",
        "status": "open",
        "priority": "normal",
        "due_date": "2026-11-20",
        "details": "about the offer",
        "assignee_id": "u1",
        "call_outcome": "Interested",
        "follow_up_on": "2026-12-01",
        "stage": "cold",
        "campaign": {"name": "Autumn", "day": 3, "step": 2},
    }
    put = TRANSLATION.put(reminder)
    task = {field.task: put[field.name] for field in FIELDS.fields}
    base = {field.name: Pair(reminder[field.reminder], task[field.task]) for field in FIELDS.fields}
    return Link(reminder, task, base)


def without_base() -> Link:
    """An adopted pair: both records live and agree, and nothing is known of their past."""
    return replace(in_step(), base={})


def step(  # noqa: PLR0913 - what a merge may look at, each with the value that most tests mean
    link: Link,
    source: Side,
    *,
    translation: Translation = TRANSLATION,
    newer: str = "tie",
    policy: ConflictPolicy = ConflictPolicy.NEWEST,
    salesforce: Callable[[Any], Any] = lambda value: value,
) -> Step:
    """Merge one direction and carry out what it says; `salesforce` is what Salesforce makes of a written value."""
    destination = other(source)
    decisions = list(
        merge(translation, source, link.base, link.record(source), link.record(destination), NEWER[newer], policy)
    )
    record, base, writes = dict(link.record(destination)), dict(link.base), {}
    for decision in decisions:
        if decision.write is not UNSET:
            column = translation.fields.named(decision.field).column(destination)
            writes[column] = decision.write
            record[column] = salesforce(decision.write) if destination == "task" else decision.write
        if decision.base is not None:
            base[decision.field] = decision.base
    after = Link(record, link.task, base) if destination == "reminder" else Link(link.reminder, record, base)
    conflicts = [decision.conflict for decision in decisions if decision.conflict]
    return Step(after, {decision.field: decision for decision in decisions}, writes, conflicts)


def settled(link: Link, **how: Any) -> bool:
    """Whether neither direction would write or record anything more, however often it ran."""
    for source in (*SIDES, *SIDES):
        done = step(link, source, **how)
        if not done.quiet:
            return False
        link = done.link
    return True
