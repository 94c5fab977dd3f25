"""A linked pair side by side: where its two records differ, and what the next runs make of that (sync-rules §5).

Pure: the records are given, and who wins is `merge`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tasksync_console.judging import forecast
from tasksync_mappings import DOES_NOT_TRAVEL, Kind, Rule
from tasksync_mappings.fields import same

if TYPE_CHECKING:
    from tasksync_console.judging import Forecast, Rules
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import Field


class Standing(StrEnum):
    """How two values stand to each other."""

    SAME = "same"
    TO_TASK = "to task"
    TO_REMINDER = "to reminder"
    CONFLICT = "conflict"
    STAYS = "stays"
    UNKNOWN = "unknown"


WORDS = {
    Standing.SAME: "the same on both sides",
    Standing.TO_TASK: "changed in Sales Connect: goes to Salesforce with the next run",
    Standing.TO_REMINDER: "changed in Salesforce: goes to Sales Connect with the next run",
    Standing.CONFLICT: "changed on both sides: the next run decides by the conflict policy",
    Standing.STAYS: "differs and stays so: this value has no counterpart on the other side",
    Standing.UNKNOWN: "one side, or both, only as the ledger last knew it",
}
NAME_STAYS = "differs and stays so: an edited Subject does not travel, and the subject template may change a name"


@dataclass(frozen=True, slots=True)
class Compared:
    """One field of a pair.

    Attributes:
        field: Its canonical name.
        reminder: What the reminder holds.
        task: What the task holds.
        standing: How the two stand to each other.
        words: The same in words.
    """

    field: str
    reminder: Any
    task: Any
    standing: Standing
    words: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same in each other's terms."""
        return self.standing not in {Standing.SAME, Standing.UNKNOWN}

    def words_when(self, parked: bool) -> str:  # noqa: FBT001 - a template's word
        """The words; where a change of the pair is parked, that it does not go with the next run."""
        here = {Standing.TO_TASK: "Sales Connect", Standing.TO_REMINDER: "Salesforce"}.get(self.standing)
        return f"changed in {here}; its change is parked" if parked and here else self.words


def side_by_side(link: Link | None, reminder: Record | None, task: Record | None, rules: Rules) -> list[Compared]:
    """Every field that is known of a pair; of a record that nobody could tell of, as the ledger last knew it.

    Args:
        link: The pair's open link, if there is one.
        reminder: The living reminder, if it is known.
        task: The living task, if it is known.
        rules: What is decided by.
    """
    fields = rules.translation.fields
    if reminder is not None and task is not None and link is not None:
        coming = {one.field: one for one in forecast(link, reminder, task, rules)}
        put = rules.translation.put(reminder.raw)
        return [_compared(field, reminder, task, put[field.name], coming.get(field.name)) for field in fields.fields]
    base = link.base if link else {}
    if reminder is None and task is None and not base:
        return []
    found = []
    for field in fields.fields:
        held = base.get(field.name)
        here = reminder.raw.get(field.reminder) if reminder else (held.reminder if held else None)
        there = task.raw.get(field.task) if task else (held.task if held else None)
        found.append(Compared(field.name, here, there, Standing.UNKNOWN, WORDS[Standing.UNKNOWN]))
    return found


def _compared(field: Field, reminder: Record, task: Record, put: Any, coming: Forecast | None) -> Compared:  # noqa: ANN401 - a field's value is any JSON
    """One field of a pair both of whose records live; `put`: the reminder's value in the task's terms."""
    here, there = reminder.raw.get(field.reminder), task.raw.get(field.task)
    if put is not DOES_NOT_TRAVEL and same(field, "task", put, there):
        return Compared(field.name, here, there, Standing.SAME, WORDS[Standing.SAME])
    standing = _standing(coming)
    words = NAME_STAYS if field.kind is Kind.SUBJECT and standing is Standing.STAYS else WORDS[standing]
    return Compared(field.name, here, there, standing, words)


def _standing(coming: Forecast | None) -> Standing:
    """What the next runs do about two values that differ."""
    if coming is not None and coming.rule == Rule.CONFLICT:
        return Standing.CONFLICT
    if coming is None or coming.to is None:
        return Standing.STAYS
    return Standing.TO_TASK if coming.to == "task" else Standing.TO_REMINDER
