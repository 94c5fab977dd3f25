"""What people did, thing by thing: one thing is one reminder and one task that are the same task.

Every name and subject begins with the thing's number, so that whose record it is shows without any link.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sync.machine_model import COLUMNS, OTHER, SIDES
from tests.sync.machine_values import agree as values_agree
from tests.sync.machine_values import same, settled
from tests.sync.machine_world import OLD_REMINDER, OLD_TASK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sync.machine_world import World

Row = dict[str, Any]

NAMED = re.compile(r"thing (\d+)\b")
UNIQUE = {"details", "due_date"}
"""Fields that never hold the same value twice: an edit of one is a change, whatever happened before."""


@dataclass
class Thing:
    """One task of a person, on one side or on both.

    Attributes:
        last: the value that people last gave a field of a side since the last rest, unless the other side's people
            saw it before they changed it.
        shown: what a field of a side held since then.
        start: what it held then; empty for a new thing.
        deleted: sides that people deleted and did not undelete.
        gone: deleted, and found so at a rest.
        untouchable: until the next rest; a change of it is not visible yet.
        told: how many conflicts had been recorded at the last rest.
        past: what happened to it, for people.
    """

    number: int
    last: dict[tuple[str, str], Any] = field(default_factory=dict)
    shown: dict[tuple[str, str], list[Any]] = field(default_factory=lambda: defaultdict(list))
    start: dict[tuple[str, str], Any] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    gone: bool = False
    untouchable: bool = False
    told: int = 0
    past: list[str] = field(default_factory=list)

    def edited(self, side: str, name: str, value: Any, sight: Sight) -> None:
        """A person changed a field; what the other side's people had done there was seen, if it was shown here."""
        here, there = sight.living(self.number, side), sight.living(self.number, OTHER[side])
        self._seen(side, name, here, there)
        self.shown[side, name].append((here or {}).get(COLUMNS[name][side]))
        self.last[side, name] = value

    def was_deleted(self, side: str, sight: Sight) -> None:
        """A person deleted a record, and with it all that it held: that was seen, whoever wrote it."""
        here, there = sight.living(self.number, side), sight.living(self.number, OTHER[side])
        for name in COLUMNS:
            self._seen(side, name, here, there)
            self.last.pop((side, name), None)
        self.deleted.add(side)

    def _seen(self, side: str, name: str, here: Row | None, there: Row | None) -> None:
        theirs = (OTHER[side], name)
        shown = theirs in self.last and holds(OTHER[side], name, there, self.last[theirs])
        if shown and here and there and agree(name, side, here, there):
            del self.last[theirs]

    def undeleted(self) -> None:
        """A person took its task out of the bin: from here on only agreement counts."""
        self.deleted.clear()
        self.last.clear()
        self.start.clear()
        self.gone = False

    def rest(self, sight: Sight, told: int) -> None:
        """Both sides agree: from here on the next edits count."""
        self.last.clear()
        self.shown.clear()
        self.untouchable, self.told = False, told
        self.gone = self.gone or bool(self.deleted)
        self.start = {
            (side, name): (sight.living(self.number, side) or {}).get(columns[side])
            for name, columns in COLUMNS.items()
            for side in SIDES
        }


def agree(name: str, side: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Whether both records hold the same in a field."""
    pair = {side: here, OTHER[side]: there}
    reminder, task = (pair[one].get(COLUMNS[name][one]) for one in SIDES)
    if name == "name":
        return bool(settled(reminder) == settled(task))
    return values_agree(name, reminder, task)


@dataclass
class Sight:
    """What both services hold at one moment, by thing."""

    rows: dict[str, dict[int, list[Row]]]
    strangers: list[Row]

    @classmethod
    def of(cls, world: World) -> Sight:
        """Look at both services, without a call that counts."""
        sight = cls({side: defaultdict(list) for side in SIDES}, [])
        for side, rows in (("reminder", world.reminders()), ("task", world.tasks())):
            for record_id, row in rows.items():
                named = NAMED.match(str(row.get(COLUMNS["name"][side])))
                if named:
                    sight.rows[side][int(named[1])].append(row)
                elif record_id not in {OLD_REMINDER, OLD_TASK}:
                    sight.strangers.append(row)
        return sight

    def all_living(self, number: int, side: str) -> list[Row]:
        """A thing's living records on one side: more than one is one too many."""
        rows = self.rows[side].get(number, ())
        return [row for row in rows if not row.get("IsDeleted") and not row.get("deleted_at")]

    def living(self, number: int, side: str) -> Row | None:
        """A thing's living record on one side."""
        return next(iter(self.all_living(number, side)), None)

    def in_bin(self, number: int) -> Row | None:
        """A thing's latest task, if it is deleted."""
        rows = sorted(self.rows["task"].get(number, ()), key=lambda row: row["SystemModstamp"])
        return rows[-1] if rows and rows[-1].get("IsDeleted") else None

    def ids(self, number: int) -> set[str]:
        """The ids of all records that a thing ever had."""
        rows = [*self.rows["reminder"].get(number, ()), *self.rows["task"].get(number, ())]
        return {str(row.get("id") or row.get("Id")) for row in rows}


def holds(side: str, name: str, row: Row | None, value: Any) -> bool:
    """Whether a record holds this value."""
    return row is not None and same(side, row.get(COLUMNS[name][side]), value)
