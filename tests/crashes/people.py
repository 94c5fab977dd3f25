"""People at work on both sides: hundreds of creates, edits, completions, deletions and undeletes."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.crashes.things import Sight, Thing
from tests.sync.machine_model import COLUMNS, OTHER, SIDES
from tests.sync.machine_values import as_held
from tests.sync.machine_world import PEOPLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from tests.sync.machine_world import World

USERS = ("u_ann", "u_bob")
CHOICES = {
    "status": {"reminder": ("open", "completed"), "task": ("Not Started", "Completed")},
    "priority": {"reminder": ("normal", "high"), "task": ("Normal", "High")},
    "assignee": {"reminder": USERS, "task": tuple(PEOPLE[user] for user in USERS)},
}
EVERYTHING = ("create", "create", "update", "update", "update", "both", "both", "complete", "delete", "undelete")
"""What people do on an ordinary day, as often as it is named here."""
PAUSES = (1, 2, 5, 90, 900, 7200)
"""Seconds: some are within the taps' overlap, some beyond it."""
TEXTS = ("", " with\nlines", " “quoted” — ünïcode", " 😀" * 3, " 'x' OR Id != null", ", comma; \\ slash")

GONE = re.compile(r'"(ENTITY_IS_DELETED|NOT_FOUND|gone|not_found)"')


class People:
    """Everybody who works on either side.

    Attributes:
        things: all that they made, by number.
        busy: what they did, how often.
    """

    def __init__(self, world: World, random: Random) -> None:
        self.things: dict[int, Thing] = {}
        self.world = world
        self._random = random
        self._serial = 0

    def work(self, what: str, side: str | None, number: int, *, late: int = 0) -> None:
        """Do `number` things of one kind, or of "everything", on one side or (None) on either.

        Args:
            what: create, update, both, complete, delete, undelete, or everything.
            side: reminder or task.
            number: how many.
            late: readers see what is done so many seconds after its stamp.
        """
        self.world.advance(self._random.choice(PAUSES))
        sight = Sight.of(self.world)
        free = [thing for thing in self.things.values() if not thing.untouchable]
        self._random.shuffle(free)
        for _ in range(number):
            kind = self._random.choice(EVERYTHING) if what == "everything" else what
            self._do(kind, side or self._random.choice(SIDES), free, sight, late)

    def _do(self, kind: str, side: str, free: list[Thing], sight: Sight, late: int) -> None:
        if kind == "create":
            self._create(side, late)
            return
        place = next((place for place, thing in enumerate(free) if self._fits(kind, side, thing, sight)), None)
        if place is None:
            self._create(side, late)
            return
        thing = free.pop(place)  # nobody touches it again before the next look
        thing.untouchable = bool(late)
        {
            "update": self._update,
            "both": self._update_both,
            "complete": self._complete,
            "delete": self._delete,
            "undelete": self._undelete,
        }[kind](thing, side, sight, late)

    def _fits(self, kind: str, side: str, thing: Thing, sight: Sight) -> bool:
        if kind == "undelete":
            mine = "reminder" not in thing.deleted or thing.gone
            return bool((thing.deleted or thing.gone) and mine and self._is_past(sight.in_bin(thing.number)))
        both = all(sight.living(thing.number, one) for one in SIDES)
        alive = sight.living(thing.number, side) is not None
        return not thing.gone and alive and (both if kind == "both" else side not in thing.deleted)

    def _is_past(self, deleted: Mapping[str, Any] | None) -> bool:
        """Whether a deleted task's stamp has passed: undeleted at a clock set back behind it, it would not live."""
        return deleted is not None and datetime.fromisoformat(deleted["SystemModstamp"]) <= self.world.now

    # One act each.

    def _create(self, side: str, late: int) -> None:
        number = len(self.things) + 1
        thing = self.things[number] = Thing(number, untouchable=bool(late))
        values = {name: self._value(name, side, number, None) for name in COLUMNS}
        columns = {COLUMNS[name][side]: value for name, value in values.items()}
        if side == "reminder":
            self.world.create_reminder(columns, late)
        else:
            self.world.create_task(columns, late)
        thing.last |= {(side, name): as_held(side, name, value) for name, value in values.items()}
        thing.past.append(f"made as {side}")

    def _update(self, thing: Thing, side: str, sight: Sight, late: int) -> None:
        names = [name for name in COLUMNS if (side, name) != ("task", "name")]
        self._edit(thing, side, self._random.sample(names, self._random.randint(1, 3)), sight, late)

    def _update_both(self, thing: Thing, side: str, sight: Sight, late: int) -> None:
        """Two people change the same field on both sides, neither seeing the other's value; or different ones."""
        name = self._random.choice(("details", "due_date", "status", "priority"))
        other = name if self._random.random() < 0.7 else self._random.choice(("details", "due_date"))
        self._edit(thing, side, [name], sight, late)
        self._edit(thing, OTHER[side], [other], sight, late)

    def _complete(self, thing: Thing, side: str, sight: Sight, late: int) -> None:
        self._edit(thing, side, ["status"], sight, late)

    def _edit(self, thing: Thing, side: str, names: list[str], sight: Sight, late: int) -> None:
        row = sight.living(thing.number, side) or {}
        values = {name: self._value(name, side, thing.number, row.get(COLUMNS[name][side])) for name in names}
        record_id = str(row.get("id") or row.get("Id"))
        columns = {COLUMNS[name][side]: value for name, value in values.items()}
        if _is_gone(lambda: self.world.edit(side, record_id, columns, late)):
            return
        for name, value in values.items():
            thing.edited(side, name, as_held(side, name, value), sight)
        thing.past.append(f"{side}'s {', '.join(names)} edited{' (late)' * bool(late)}")

    def _delete(self, thing: Thing, side: str, sight: Sight, late: int) -> None:
        other = OTHER[side]
        if not late and self._random.random() < 0.2 and sight.living(thing.number, other):
            self._edit(thing, other, ["details"], sight, 0)  # an edit that the deletion takes along, and must tell
            sight = Sight.of(self.world)
        elif not late and self._random.random() < 0.1 and sight.living(thing.number, other):
            self._delete_one(thing, other, sight, late)
        self._delete_one(thing, side, sight, late)

    def _delete_one(self, thing: Thing, side: str, sight: Sight, late: int) -> None:
        row = sight.living(thing.number, side) or {}
        if _is_gone(lambda: self.world.delete(side, str(row.get("id") or row.get("Id")), late)):
            return
        thing.was_deleted(side, sight)
        thing.past.append(f"{side} deleted{' (late)' * bool(late)}")

    def _undelete(self, thing: Thing, side: str, sight: Sight, late: int) -> None:
        del side, late
        self.world.undelete((sight.in_bin(thing.number) or {})["Id"])
        thing.undeleted()
        thing.past.append("task undeleted")

    def _value(self, name: str, side: str, number: int, current: object) -> Any:
        """A value that the field does not hold now."""
        self._serial += 1
        if name in CHOICES:
            return self._random.choice([value for value in CHOICES[name][side] if value != current])
        if name == "due_date":
            return (date(2030, 1, 1) + timedelta(days=self._serial)).isoformat()
        return f"thing {number}: {name} {self._serial}{self._random.choice(TEXTS) if name == 'details' else ''}"


def _is_gone(act: Callable[[], object]) -> bool:
    """Whether a person is told that the record is gone: a killed run's deletion was on its way when they looked."""
    try:
        act()
    except AssertionError as refusal:
        if not GONE.search(str(refusal)):
            raise
        return True
    return False
