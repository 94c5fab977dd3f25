"""Compares both sides at rest with what people did: what is lost, what is doubled, what was touched unasked."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.crashes.things import UNIQUE, Sight, agree, holds
from tests.sync.machine_model import COLUMNS, OTHER, SIDES
from tests.sync.machine_values import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.crashes.things import Thing

LOST, DOUBLED, UNTIDY = "lost", "doubled", "untidy"


@dataclass(frozen=True)
class Problem:
    """Something that must not be.

    Attributes:
        kind: lost, doubled, or untidy (a run that failed without need, said nothing, or did not come to rest).
        words: what, for people.
        thing: whose.
    """

    kind: str
    words: str
    thing: int | None = None


@dataclass
class AtRest:
    """Both sides, and what the ledger recorded."""

    things: Mapping[int, Thing]
    sight: Sight
    conflicts: Sequence[Mapping[str, Any]]
    parked: Sequence[Any]

    def problems(self) -> Iterator[Problem]:
        """Everything that is amiss."""
        self._by_record: dict[str, list[tuple[int, Mapping[str, Any]]]] = defaultdict(list)
        for place, conflict in enumerate(self.conflicts):
            for column in ("reminder_id", "task_id"):
                self._by_record[conflict[column]].append((place, conflict))
        for row in self.sight.strangers:
            yield Problem(DOUBLED, f"nobody made this record: {row}")
        for change in self.parked:
            yield Problem(UNTIDY, f"still parked at rest: {change.side} {change.record_id}: {change.code}")
        for thing in self.things.values():
            for kind, words in self._of(thing):
                yield Problem(kind, f"thing {thing.number}: {words}; {' | '.join(thing.past)}", thing.number)

    def _of(self, thing: Thing) -> Iterator[tuple[str, str]]:
        living = {side: self.sight.all_living(thing.number, side) for side in SIDES}
        for side, rows in living.items():
            if len(rows) > 1:
                yield DOUBLED, f"{len(rows)} living {side}s"
        if thing.deleted:
            yield from self._deleted(thing, living)
            return
        for side, rows in living.items():
            if not rows:
                yield LOST, f"its {side} is missing"
        if all(living.values()):
            yield from self._pair(thing, {side: rows[0] for side, rows in living.items()})

    def _deleted(self, thing: Thing, living: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str]]:
        """A deletion reaches the other side; edits that it took along are a conflict (sync-rules §6)."""
        for side, rows in living.items():
            if rows:
                yield LOST, f"its deletion: the {side} lives"
        if thing.gone or len(thing.deleted) > 1:
            return
        for (side, name), value in thing.last.items():
            if name in UNIQUE and not self._told(thing, side, ("deletion", name), value):
                yield LOST, f"the {side}'s {name} went with the deletion, and no conflict says so"

    def _pair(self, thing: Thing, held: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for name in COLUMNS:
            if not agree(name, "reminder", held["reminder"], held["task"]):
                yield LOST, f"the sides differ in {name}: {self._shown(name, held)}"
            edits = [side for side in SIDES if (side, name) in thing.last or (side, name) in thing.shown]
            if not edits and thing.start:
                yield from self._untouched(thing, name, held)
        for (side, name), value in thing.last.items():
            if not self._is_accounted_for(thing, side, name, value, held):
                yield LOST, f"the {side}'s {name} {value!r} is lost, and no conflict says so: {self._shown(name, held)}"

    def _is_accounted_for(self, thing: Thing, side: str, name: str, value: Any, held: Mapping[str, Any]) -> bool:
        if holds(side, name, held[side], value) or self._told(thing, side, (name,), value):
            return True
        # Set back to what the base may be is no change, and so the other side's is no conflict.
        earlier = [*thing.shown.get((side, name), ()), thing.start.get((side, name))]
        theirs = bool(thing.shown.get((OTHER[side], name)))
        return theirs and name not in UNIQUE and any(same(side, value, one) for one in earlier)

    def _untouched(self, thing: Thing, name: str, held: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for side in SIDES:
            if not holds(side, name, held[side], thing.start[side, name]):
                yield LOST, f"nobody touched {name}, and yet the {side}'s changed: {self._shown(name, held)}"

    def _told(self, thing: Thing, side: str, names: Iterable[str], value: Any) -> bool:
        """Whether a conflict since the last rest says that this value lost."""
        for record_id in self.sight.ids(thing.number):
            for place, conflict in self._by_record.get(record_id, ()):
                if place < thing.told or conflict["field"] not in names:
                    continue
                if conflict["field"] == "deletion" or same(side, conflict[f"{side}_value"], value):
                    return True
        return False

    @staticmethod
    def _shown(name: str, held: Mapping[str, Any]) -> str:
        return str({side: str(held[side].get(COLUMNS[name][side]))[:60] for side in SIDES})
