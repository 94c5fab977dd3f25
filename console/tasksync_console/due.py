"""What is due on a user's own today or tomorrow: one pair, as the Command Center shows it.

Pure: what the ledger and the services told is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_console.differences import Compared, side_by_side
from tasksync_console.names import NAME
from tasksync_engine.allowance import COMPLETED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from tasksync_console.judging import Rules
    from tasksync_console.live import Held
    from tasksync_engine.ledger import Participant
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import Side

DUE, STATUS = "due_date", "status"
TODAY, TOMORROW = "today", "tomorrow"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A user's own today and tomorrow."""

    who: Participant
    today: str
    tomorrow: str

    def day(self, due: str | None) -> str | None:
        """`today` or `tomorrow`; None for any other date."""
        return {self.today: "today", self.tomorrow: "tomorrow"}.get(due or "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One reminder next to its task.

    Attributes:
        day: `today` or `tomorrow`, by its user's calendar.
        done: Whether it is completed, on either side.
        missing: The side whose record a service that was asked did not find, if any.
        fields: Both sides' values, and how they stand to each other.
        parked: Whether a change of either record waits.
    """

    user: str
    day: str
    name: str
    reminder_id: str | None
    task_id: str | None
    done: bool
    missing: Side | None
    fields: Sequence[Compared]
    parked: bool

    @property
    def differs(self) -> bool:
        """Whether the two sides differ in anything, or one of them is gone."""
        return self.missing is not None or any(field.differs for field in self.fields)

    @property
    def by_name(self) -> Mapping[str, Compared]:
        """The fields by their names."""
        return {field.field: field for field in self.fields}


@dataclass(frozen=True, slots=True)
class Pair:
    """What may be due: a link, or a record without one.

    Attributes:
        told: The reminder as the ledger holds it in a parked change, where Sales Connect is not asked.
    """

    link: Link | None
    reminder_id: str | None
    task_id: str | None
    told: Record | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """All that an entry is made of.

    Attributes:
        calendars: Whose entries are shown.
        decided_by: The mapping with the roster, and the policy.
        held: What both services hold.
        waiting: Ids of records with a parked change.
    """

    calendars: Sequence[Calendar]
    decided_by: Rules
    held: Held
    waiting: AbstractSet[str]

    def entry(self, pair: Pair) -> Entry | None:
        """The pair as it is shown; None where it is due on neither day, nobody's who is shown, or gone."""
        reminder, task = self._reminder(pair), self.held.tasks.get(pair.task_id or "")
        fields = side_by_side(pair.link, reminder, task, self.decided_by)
        by_name = {field.field: field for field in fields}
        calendar = self._calendar(pair, reminder, task)
        day = _day(calendar, by_name.get(DUE))
        missing = self._missing(pair, reminder, task)
        if calendar is None or day is None or len(missing) > 1:
            return None
        return Entry(
            user=calendar.who.sales_connect_id,
            day=day,
            name=_name(by_name.get(NAME)) or pair.reminder_id or pair.task_id or "",
            reminder_id=pair.reminder_id,
            task_id=pair.task_id,
            done=self._is_done(by_name.get(STATUS)),
            missing=missing[0] if missing else None,
            fields=fields,
            parked=not self.waiting.isdisjoint({pair.reminder_id or "", pair.task_id or ""}),
        )

    def _reminder(self, pair: Pair) -> Record | None:
        """As Sales Connect holds it; as it was parked, where that cannot be asked."""
        told = pair.told if "reminder" in self.held.troubles else None
        return self.held.reminders.get(pair.reminder_id or "") or told

    def _calendar(self, pair: Pair, reminder: Record | None, task: Record | None) -> Calendar | None:
        """Of the reminder's assignee; where there is none, of the task's owner."""
        assignee = reminder.user if reminder else (pair.link.reminder_user if pair.link else None)
        owner = task.user if task else (pair.link.task_user if pair.link else None)
        by_assignee = (one for one in self.calendars if assignee and one.who.sales_connect_id == assignee)
        by_owner = (one for one in self.calendars if owner and one.who.salesforce_id == owner)
        return next(by_assignee, None) or next(by_owner, None)

    def _missing(self, pair: Pair, reminder: Record | None, task: Record | None) -> list[Side]:
        """The sides that were asked for this pair's record and have none."""
        missing: list[Side] = []
        if pair.reminder_id and reminder is None and "reminder" not in self.held.troubles:
            missing.append("reminder")
        if pair.task_id and task is None and "task" not in self.held.troubles:
            missing.append("task")
        return missing

    def _is_done(self, status: Compared | None) -> bool:
        if status is None:
            return False
        values: Mapping[str, str] = self.decided_by.translation.fields.named(STATUS).values or {}
        return status.reminder == COMPLETED or (status.task is not None and status.task == values.get(COMPLETED))


def in_order(entry: Entry) -> tuple[bool, bool, str]:
    """Today's first, the open ones before those that are done, then by name."""
    return entry.day != TODAY, entry.done, entry.name.casefold()


def _day(calendar: Calendar | None, due: Compared | None) -> str | None:
    if calendar is None or due is None:
        return None
    return calendar.day(due.reminder) or calendar.day(due.task)


def _name(name: Compared | None) -> str | None:
    return (name.reminder or name.task) if name else None
