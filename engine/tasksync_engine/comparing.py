"""Every linked pair compared by the mapping, from both sides as they were read whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger import links
from tasksync_engine.pairing import excluded, too_old
from tasksync_engine.records import InvalidRecord
from tasksync_engine.twins import Candidate, Group, candidate, groups
from tasksync_mappings import UNSET, Kind, Times, merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from tasksync_engine.ledger import Ledger
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.participation import Participation
    from tasksync_engine.records import Reader, Record
    from tasksync_engine.snapshot import Snapshot
    from tasksync_mappings import Base, Side, Translation

SIDES: tuple[Side, Side] = ("reminder", "task")


@dataclass(frozen=True, slots=True)
class Differing:
    """A pair with fields that differ.

    Attributes:
        link: The link.
        name: What the reminder is called.
        fields: By name, [the reminder's, the task's] value.
    """

    link: Link
    name: str | None
    fields: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Twin:
    """A living record that names a counterpart which is linked to another one.

    Attributes:
        side: Its side.
        record_id: The record.
        name: What it is called.
        names: The counterpart that it names.
        linked: The record that the counterpart is linked to.
    """

    side: Side
    record_id: str
    name: str | None
    names: str
    linked: str


@dataclass(slots=True)
class Compared:
    """What a comparison found.

    Attributes:
        pairs: How many pairs were compared, both of whose records live.
        stuck: Drift that no sync would ever carry: each side stands as the link's base has it.
        moved: Pairs in which a side is not as the base has it, so that a sync that reads them carries it.
        twins: Second counterparts of one record.
        twins_by_look: Unlinked records of both sides that look like the same task.
    """

    pairs: int = 0
    stuck: list[Differing] = field(default_factory=list)
    moved: list[Differing] = field(default_factory=list)
    twins: list[Twin] = field(default_factory=list)
    twins_by_look: list[Group] = field(default_factory=list)

    @property
    def doubles(self) -> list[Group]:
        """Those of the twins by look for which a sync would make a third; old ones are left in peace by the rules."""
        return [group for group in self.twins_by_look if group.is_owed]

    def left_to_a_person(self) -> set[str]:
        """The unlinked records that nothing is made for: it would be a third one."""
        found = {twin.record_id for twin in self.twins}
        for group in self.doubles:
            found |= {one.id for one in (*group.reminders, *group.tasks)}
        return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison looks at."""

    snapshot: Snapshot
    ledger: Ledger
    translation: Translation
    participation: Participation
    readers: Mapping[Side, Reader]
    lookback: timedelta

    def compare(self, progress: Callable[[int], None]) -> Compared:
        """Compare every open link's records, and look for twins among what is not linked."""
        found = Compared()
        for part in self._open_links():
            for link, reminder, task in self._living(part):
                found.pairs += 1
                if all(self.participation.takes_part(one.side, one.user) for one in (reminder, task)):
                    self._look_at(link, reminder, task, found)
            progress(len(part))
        unlinked = {side: list(self._unlinked(side, found)) for side in SIDES}
        found.twins_by_look = groups(unlinked["reminder"], unlinked["task"])
        return found

    def _open_links(self) -> Iterator[Sequence[Link]]:
        last = 0
        while True:
            with self.ledger.reading() as connection:
                part = links.open_after(connection, last)
            if not part:
                return
            yield part
            last = part[-1].id

    def _living(self, part: Sequence[Link]) -> Iterator[tuple[Link, Record, Record]]:
        reminders = self.snapshot.of("reminder", [link.reminder_id for link in part])
        tasks = self.snapshot.of("task", [link.task_id for link in part])
        for link in part:
            reminder = self._read("reminder", reminders.get(link.reminder_id))
            task = self._read("task", tasks.get(link.task_id))
            if reminder and task and not (reminder.is_tombstone or task.is_tombstone):
                yield link, reminder, task

    def _read(self, side: Side, raw: Mapping[str, Any] | None) -> Record | None:
        """A record; None where there is none, or one that cannot be read, which the run parks."""
        try:
            return None if raw is None else self.readers[side](raw)
        except InvalidRecord:
            return None

    def _look_at(self, link: Link, reminder: Record, task: Record, found: Compared) -> None:
        if link.ahead is not None:
            return  # a run that was killed: the next one finds out what of it arrived
        carried = self._moves(link.base, reminder, task)
        if carried:
            found.moved.append(self._differing(link, reminder, task, carried))
        stuck = {name for name in self._moves({}, reminder, task) if name in link.base} - carried
        if stuck:
            found.stuck.append(self._differing(link, reminder, task, stuck))

    def _differing(self, link: Link, reminder: Record, task: Record, names: set[str]) -> Differing:
        fields = self.translation.fields
        values = {
            row.name: (reminder.raw.get(row.reminder), task.raw.get(row.task))
            for row in fields.fields
            if row.name in names
        }
        return Differing(link, reminder.raw.get(fields.named("name").reminder), values)

    def _moves(self, base: Base, reminder: Record, task: Record) -> set[str]:
        """The fields that one direction or the other would write, or record as a conflict, with this base."""
        times = Times(reminder.changed_at, task.changed_at)
        found = set()
        for side, incoming, current in (("reminder", reminder, task), ("task", task, reminder)):
            for one in merge(self.translation, side, base, incoming.raw, current.raw, times):  # type: ignore[arg-type]
                kind = self.translation.fields.named(one.field).kind
                if kind is not Kind.SUBJECT and (one.write is not UNSET or one.conflict is not None):
                    found.add(one.field)
        return found

    def _unlinked(self, side: Side, found: Compared) -> Iterator[Candidate]:
        """What may have a twin; on the way, what names a counterpart that has another one already."""
        for raws in self.snapshot.records(side):
            records = [record for raw in raws if (record := self._read(side, raw)) and not record.is_tombstone]
            with self.ledger.reading() as connection:
                known = links.of_records(connection, side, [record.id for record in records])
                there: Side = "task" if side == "reminder" else "reminder"
                named = links.of_records(connection, there, [record.pointer for record in records if record.pointer])
            for record in records:
                if record.id in known:
                    continue
                held = next((link for link in named.get(record.pointer or "", ()) if link.state == links.OPEN), None)
                if held is not None:
                    found.twins.append(self._twin(record, held))
                elif (one := self._candidate(record)) is not None:
                    yield one

    def _twin(self, record: Record, held: Link) -> Twin:
        name = record.raw.get(self.translation.fields.named("name").column(record.side))
        return Twin(record.side, record.id, name, record.pointer or "", held.record_id(record.side))

    def _candidate(self, record: Record) -> Candidate | None:
        if not self.participation.takes_part(record.side, record.user):
            return None
        if record.side == "task" and excluded(record.raw, self.translation):
            return None
        one, person = candidate(record, self.translation), self.participation.user(record.side, record.user)
        if one is None or person is None:
            return None
        return replace(one, is_owed=too_old(record, person, self.lookback) is None)


def without_base(stuck: Differing) -> Link:
    """The link as one that never agreed on these fields: the engine then decides them as for an adopted pair."""
    base = {name: pair for name, pair in stuck.link.base.items() if name not in stuck.fields}
    return replace(stuck.link, base=base)
