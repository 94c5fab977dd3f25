"""What people did, so far as the invariants need it: one item is one reminder and one task that are the same task."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.sync.machine_runs import DIRECTIONS, TO_SALESCONNECT, TO_SALESFORCE
from tests.sync.machine_values import agree, subject
from tests.sync.machine_world import PEOPLE, XAN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.sync.machine_world import World

COLUMNS = {
    "name": {"reminder": "name", "task": "Subject"},
    "status": {"reminder": "status", "task": "Status"},
    "priority": {"reminder": "priority", "task": "Priority"},
    "due_date": {"reminder": "due_date", "task": "ActivityDate"},
    "details": {"reminder": "details", "task": "Description"},
    "assignee": {"reminder": "assignee_id", "task": "OwnerId"},
}
SIDES = ("reminder", "task")
OTHER = {"reminder": "task", "task": "reminder"}
FROM = {"reminder": TO_SALESFORCE, "task": TO_SALESCONNECT}


@dataclass
class Edit:
    """One change of one field by a person.

    Attributes:
        order: its place among everything that people did.
        runs: how many runs of each direction had begun before it.
        visible_at: when readers can see it.
        unseen: a write of ours may have met it unseen: it came between our read and our write (sync-rules §9).
    """

    order: int
    side: str
    field: str
    value: Any
    runs: dict[str, int]
    visible_at: datetime
    unseen: bool = False


@dataclass
class Deletion:
    """One deletion by a person."""

    order: int
    runs: dict[str, int]
    unseen: bool = False


@dataclass
class Item:
    """One task of a person, on one side or on both.

    Attributes:
        ids: its reminder and its task, where there are such, the living or the latest.
        edits: since the last agreement that was checked.
        start: what each side held then, by (side, field); empty for an item that is new.
        deleted: the sides that people deleted and did not undelete.
        told: how many conflicts had been recorded then.
        ledger_lost: the ledger was lost since then.
        undeletes: how often people took its task out of the bin.
        completions: how often people set its task to Completed.
        kept: a deletion was not carried over, by the policy `keep`.
        fragile: the ledger was lost with a deletion undelivered (sync-rules §9).
        unclear: something happened that the rules leave open; only "nothing doubled" is asserted.
    """

    name: str
    ids: dict[str, str]
    edits: list[Edit] = field(default_factory=list)
    start: dict[tuple[str, str], Any] = field(default_factory=dict)
    deleted: dict[str, Deletion] = field(default_factory=dict)
    told: int = 0
    ledger_lost: bool = False
    undeletes: int = 0
    completions: int = 0
    kept: bool = False
    fragile: bool = False
    unclear: str = ""

    def edits_of(self, side: str, name: str) -> list[Edit]:
        """The changes of one field on one side, in order."""
        return [edit for edit in self.edits if edit.side == side and edit.field == name]


@dataclass
class Model:
    """All items, and how many runs there were.

    Attributes:
        links: Where no link field tells, the ledger does: by reminder, its task.
    """

    world: World
    links: Callable[[], dict[str, str]] | None = None
    items: dict[str, Item] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DIRECTIONS, 0))
    order: int = 0
    reminders: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def tick(self) -> int:
        """The next place in the order of things."""
        self.order += 1
        return self.order

    def look(self) -> None:
        """See what both services hold now, and which new records belong to which item."""
        for side in SIDES:
            self.look_at(side)
        if self.links is not None:
            self._find_linked(self.links())
        for item in self.items.values():
            self._find_task(item)
            self._find_reminder(item)

    def look_at(self, side: str) -> None:
        """See what one service holds now."""
        if side == "reminder":
            self.reminders = self.world.reminders()
        else:
            self.tasks = self.world.tasks()

    def _find_task(self, item: Item) -> None:
        if "task" not in item.ids:
            named = [row["Id"] for row in self.tasks.values() if row.get("Sales_Connect_Id__c") == item.ids["reminder"]]
            item.ids |= {"task": named[0]} if named else {}

    def _find_linked(self, linked: Mapping[str, str]) -> None:
        """Tasks of pushed reminders by the ledger; and those that a run has made and not settled, where it is plain."""
        lonely = [item for item in self.items.values() if "task" not in item.ids]
        for item in lonely:
            if linked.get(item.ids["reminder"]) in self.tasks:
                item.ids["task"] = linked[item.ids["reminder"]]
        known = {item.ids.get("task") for item in self.items.values()}
        strays = [row for row in self.tasks.values() if row["Id"] not in known and row["CreatedById"] != XAN]
        lonely = [item for item in lonely if "task" not in item.ids and self.row(item, "reminder")]
        for task in strays:
            fitting = [item for item in lonely if self._is_draft(task, item)]
            if len(fitting) == 1 and sum(self._is_draft(row, fitting[0]) for row in strays) == 1:
                fitting[0].ids["task"] = task["Id"]

    def _is_draft(self, task: Mapping[str, Any], item: Item) -> bool:
        """Whether a task holds just what the item's reminder has."""
        reminder = self.row(item, "reminder") or {}
        fields = [name for name in COLUMNS if name != "name"]
        return task.get("Subject") == subject(self.world.template, reminder) and all(
            agree(name, reminder.get(COLUMNS[name]["reminder"]), task.get(COLUMNS[name]["task"])) for name in fields
        )

    def _find_reminder(self, item: Item) -> None:
        task_id = item.ids.get("task")
        if task_id is None or self.living(item, "reminder"):
            return
        naming = [row for row in self.reminders.values() if (row.get("salesforce_task_id") or "")[:15] == task_id[:15]]
        naming.sort(key=lambda row: (row["deleted_at"] is None, row["created_at"]))
        item.ids |= {"reminder": naming[-1]["id"]} if naming else {}

    def row(self, item: Item, side: str) -> Mapping[str, Any] | None:
        """One side's record, deleted or not, as readers last saw it."""
        return (self.reminders if side == "reminder" else self.tasks).get(item.ids.get(side, ""))

    def living(self, item: Item, side: str) -> Mapping[str, Any] | None:
        """One side's record if it lives."""
        row = self.row(item, side)
        return None if row is None or row.get("IsDeleted") or row.get("deleted_at") else row

    def editable(self, item: Item, side: str) -> bool:
        """Whether a person can write this record now."""
        return self.living(item, side) is not None and side not in item.deleted

    def users(self) -> set[str]:
        """The Sales Connect users whose records there are."""
        assignees = {row["assignee_id"] for row in self.reminders.values()}
        owners = {row["OwnerId"] for row in self.tasks.values()}
        return assignees | {user for user, owner in PEOPLE.items() if owner in owners}

    def is_all_linked(self) -> bool:
        """Whether nothing but whole pairs is left."""
        return all(self.living(item, side) for item in self.items.values() for side in SIDES)

    def begin_run(self, direction: str) -> None:
        """A run begins: what readers cannot see yet is in its way."""
        self.runs[direction] += 1
        for item in self.items.values():
            for edit in item.edits:
                edit.unseen |= edit.visible_at > self.world.now

    def note_edit(self, item: Item, side: str, name: str, value: Any, *, late: int = 0, unseen: bool = False) -> None:  # noqa: PLR0913 - what makes an edit
        """A person changed a field to this value, as the service holds it."""
        visible_at = self.world.now + timedelta(seconds=late)
        item.edits.append(Edit(self.tick(), side, name, value, dict(self.runs), visible_at, unseen))
        item.completions += (side, name, value) == ("task", "status", "Completed")
        if item.fragile and side == "task":
            item.unclear = "its task was edited after a deletion that a lost ledger did not deliver"

    def note_deletion(self, item: Item, side: str, *, unseen: bool = False) -> None:
        """A person deleted a record."""
        item.deleted[side] = Deletion(self.tick(), dict(self.runs), unseen)

    def note_undelete(self, item: Item) -> None:
        """A person took a task out of the bin."""
        self.tick()
        item.undeletes += 1
        if item.kept or item.fragile or ({"reminder", "task"} <= item.deleted.keys()):
            item.unclear = "undeleted after both records were deleted, or after its pair was kept apart"
        if self.living(item, "reminder") is None or "reminder" in item.deleted:
            item.edits.clear()
            item.start.clear()
        item.deleted.clear()

    def note_lost_ledger(self, policy: str) -> None:
        """The ledger is gone: which undelivered deletions can still be told (sync-rules §9)."""
        for item in self.items.values():
            item.ledger_lost = True
            if item.kept:
                item.unclear = "kept apart by a ledger that is lost"
            alive = [side for side in SIDES if self.living(item, side) and side not in item.deleted]
            if not item.deleted or not alive:
                continue
            deletion = next(iter(item.deleted.values()))
            item.fragile = True
            edited = any(edit.side == "task" and edit.order > deletion.order for edit in item.edits)
            if policy == "keep" or edited or deletion.runs != self.runs:
                item.unclear = "the ledger was lost with a deletion undelivered"

    def checkpoint(self, item: Item, told: int) -> None:
        """Both sides agreed: from here on the next edits count."""
        item.edits.clear()
        item.start = {
            (side, name): (self.row(item, side) or {}).get(columns[side])
            for name, columns in COLUMNS.items()
            for side in SIDES
        }
        item.told, item.ledger_lost = told, False
