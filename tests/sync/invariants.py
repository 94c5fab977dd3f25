"""What must hold when both sides are quiet, each sentence qualified by exactly what the rules let relax it.

The numbers are those of the sync rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.sync.machine_model import COLUMNS, FROM, OTHER, SIDES
from tests.sync.machine_values import agree, same, settled, subject, travels
from tests.sync.machine_world import OLD_REMINDER, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sync.machine_model import Edit, Item, Model

TASK_COLUMNS = {"Subject", "Status", "Priority", "ActivityDate", "Description", "OwnerId"}
REMINDER_COLUMNS = {"status", "priority", "due_date", "details", "assignee_id"}
ONLY_ON_CREATE = {
    "Task": {"Sales_Connect_Id__c", "WhoId", "WhatId"},
    "reminder": {"name", "type", "salesforce_task_id", "person"},
}


@dataclass
class Quiet:
    """Both services after everything has come to rest.

    Attributes:
        model: what people did, and what both services hold.
        users: Sales Connect's users.
        conflicts: all that were recorded.
        parked: the ids of records with a parked change.
        template: the subject template.
        policy: the delete policy.
        link_field: whether there is one; without, a pushed reminder names its task (sync-rules §2.5).
    """

    model: Model
    users: Mapping[str, Any]
    conflicts: list[dict[str, Any]]
    template: str
    policy: str
    link_field: bool = True

    def check(self) -> None:
        """Check all items and the write lists."""
        for item in self.model.items.values():
            try:
                self._check_nothing_doubled(item)
                if not item.unclear:
                    self._check(item)
            except AssertionError as error:
                error.add_note(f"{item}\nreminder: {self._row(item, 'reminder')}\ntask: {self._row(item, 'task')}")
                error.add_note(f"conflicts: {self._conflicts(item)}")
                raise
        self._check_no_orphans()
        self._check_written_columns()

    def _row(self, item: Item, side: str) -> str:
        row = self.model.row(item, side)
        return str({name: str(value)[:60] for name, value in row.items() if value is not None}) if row else "none"

    def _check(self, item: Item) -> None:
        alive = [side for side in SIDES if self.model.living(item, side)]
        if item.deleted:
            self._check_deletion(item, alive)
        elif item.kept:
            assert len(alive) < len(SIDES), "a kept record got a new counterpart (§6)"
        elif len(alive) == len(SIDES):
            if all(self.takes_part(item, side) for side in SIDES):
                self._check_pair(item)
                self.model.checkpoint(item, len(self.conflicts))
        elif len(alive) == 1:
            self._check_single(item, alive[0])
        else:
            msg = "the connector deleted what nobody deleted"
            raise AssertionError(msg)

    def takes_part(self, item: Item, side: str) -> bool:
        """Whether a record's user has task sync on and is somebody on the other side (§1)."""
        row = self.model.row(item, side) or {}
        on = {user for user, held in self.users.items() if held["task_sync"]["enabled"] and user in PEOPLE}
        return row["assignee_id"] in on if side == "reminder" else row["OwnerId"] in {PEOPLE[user] for user in on}

    # Nothing doubled, nothing back from the dead, nothing left behind.

    def _check_nothing_doubled(self, item: Item) -> None:
        reminder_id, task_id = item.ids.get("reminder"), item.ids.get("task")
        tasks = [row for row in self.model.tasks.values() if row.get("Sales_Connect_Id__c") == reminder_id]
        assert reminder_id is None or len(tasks) <= 1, f"a reminder got {len(tasks)} tasks"
        if task_id is None:
            return
        naming = [row for row in self.model.reminders.values() if row.get("salesforce_task_id") == task_id]
        assert len(naming) <= 1 + item.undeletes + bool(item.unclear), f"a task got {len(naming)} reminders"
        partners = {row["id"] for row in naming if row["deleted_at"] is None}
        pushed = self.model.reminders.get((self.model.tasks.get(task_id) or {}).get("Sales_Connect_Id__c") or "")
        partners |= {pushed["id"]} if pushed and pushed["deleted_at"] is None else set()
        assert len(partners) <= 1 or item.kept or item.unclear, "a task has two living reminders"

    def _check_no_orphans(self) -> None:
        """Every record belongs to something that a person made."""
        known = {item.ids.get(side) for item in self.model.items.values() for side in SIDES}
        for task in self.model.tasks.values():
            assert task["Id"] in known, f"nobody made this task: {task}"
        tasks = {item.ids.get("task") for item in self.model.items.values()}
        for reminder in self.model.reminders.values():
            named = reminder.get("salesforce_task_id")
            assert reminder["id"] in known or named in tasks, f"nobody made this reminder: {reminder}"

    def _check_single(self, item: Item, side: str) -> None:
        """A record without a counterpart: none was due (§2, §4), or its user takes no part (§1)."""
        row = self.model.living(item, side) or {}
        if not self.takes_part(item, side):
            return
        other = self.model.row(item, OTHER[side])
        undeleted = side == "task" and item.undeletes
        assert other is None or undeleted, f"the connector deleted the {OTHER[side]}, which nobody deleted"
        if side == "reminder":
            enabled_at = _time(self.users[row["assignee_id"]]["task_sync"]["enabled_at"])
            assert _time(row["created_at"]) < enabled_at, "a reminder made after E has no task (§2.2)"
            return
        user = next(user for user, owner in PEOPLE.items() if owner == row["OwnerId"])
        window = _time(self.users[user]["task_sync"]["enabled_at"]) - timedelta(hours=24)
        excluded = row.get("TaskSubtype") in {"Email", "ListEmail", "Cadence"}
        excluded |= row.get("TaskSubtype") == "Call" and bool(row.get("IsClosed"))
        assert _time(row["SystemModstamp"]) < window or excluded, "a task of the first sync has no reminder (§2.1)"

    def _check_deletion(self, item: Item, alive: list[str]) -> None:
        """A deletion goes over, unless the living side's user takes no part, or it was changed and is kept (§6)."""
        assert len(alive) < len(SIDES), "something deleted came back"
        if not alive:
            self._check_loss_is_told(item)
            return
        (side,) = alive
        if OTHER[side] not in item.deleted or not self.takes_part(item, side):
            return
        if self.model.row(item, OTHER[side]) is None and side == "reminder":
            return
        changed = any(edit.side == side and (side, edit.field) != ("task", "name") for edit in item.edits)
        assert self.policy == "keep", f"the deletion did not reach the {side}"
        assert changed or item.ledger_lost or not item.start, f"the {side} was not changed, and yet it was kept"
        item.kept = True

    def _check_loss_is_told(self, item: Item) -> None:
        """Edits that a deletion took with it are a conflict that the deletion won (§6)."""
        for side in SIDES:
            deletion = item.deleted.get(OTHER[side])
            if deletion is None or side in item.deleted or deletion.unseen or item.ledger_lost or not item.start:
                continue
            for edit in (edit for edit in item.edits if edit.side == side):
                net = not same(side, edit.value, item.start.get((side, edit.field)))
                last = edit is item.edits_of(side, edit.field)[-1]
                at_once = edit.runs == deletion.runs and (side, edit.field) != ("task", "name")
                if at_once and net and last and not edit.unseen and self._was_whole(item, edit):
                    told = any(conflict["field"] == "deletion" for conflict in self._conflicts(item))
                    assert told, f"the deletion took {edit} with it, and no conflict says so"

    def _was_whole(self, item: Item, edit: Edit) -> bool:
        """Whether nothing but this side's edits happened to the field, so that the edit was a change to the base."""
        return not item.edits_of(OTHER[edit.side], edit.field)

    # Pairs: agreement, and no edit lost.

    def _check_pair(self, item: Item) -> None:
        reminder, task = self.model.living(item, "reminder") or {}, self.model.living(item, "task") or {}
        self._check_name(item, reminder, task)
        for name, columns in COLUMNS.items():
            if name == "name":
                continue
            held = {"reminder": reminder.get(columns["reminder"]), "task": task.get(columns["task"])}
            if travels(name, held["task"]):
                assert agree(name, held["reminder"], held["task"]), f"the two sides differ in {name}: {_short(held)}"
            for side in SIDES:
                self._check_edit_is_there(item, side, name, held)
                self._check_untouched(item, side, name, held)
        self._check_completions(item)

    def _check_edit_is_there(self, item: Item, side: str, name: str, held: Mapping[str, Any]) -> None:
        """The last edit of a field stands, unless a later one of the other side or a recorded conflict beat it."""
        mine, theirs = item.edits_of(side, name), item.edits_of(OTHER[side], name)
        if not mine:
            return
        last = mine[-1]
        if same(side, held[side], last.value):
            return
        if self._told(item, last) and (theirs or item.ledger_lost):
            return
        assert theirs, (
            f"the {side}'s {name} was edited by nobody but there, and yet it is lost: {_edits(mine)} {_short(held)}"
        )
        went_over = [
            edit for edit in theirs if edit.order > last.order and edit.runs[FROM[side]] > last.runs[FROM[side]]
        ]
        assert went_over or last.unseen or self._was_held_before(item, last), (
            f"the {side}'s {name} is lost, and no conflict says so: {_edits(mine)} {_edits(theirs)} {_short(held)}"
        )

    def _was_held_before(self, item: Item, last: Edit) -> bool:
        """Whether the edit may only have set the field back to its base, which is no change."""
        earlier = [edit for edit in item.edits if edit.field == last.field and edit.order < last.order]
        return (
            not item.start
            or same(last.side, last.value, item.start.get((last.side, last.field)))
            or any(
                same(last.side, edit.value, last.value)
                if edit.side == last.side
                else agree(
                    last.field, *((last.value, edit.value) if last.side == "reminder" else (edit.value, last.value))
                )
                for edit in earlier
            )
        )

    def _check_untouched(self, item: Item, side: str, name: str, held: Mapping[str, Any]) -> None:
        """A side that nobody edited changes only where the other side was edited (§3)."""
        if item.edits_of(side, name) or not item.start or item.edits_of(OTHER[side], name):
            return
        before = item.start[side, name]
        assert same(side, held[side], before) or (item.ledger_lost and self._any_told(item, name)), (
            f"nobody touched {name}, but the {side}'s went from {_short(before)} to {_short(held[side])}"
        )

    def _check_name(self, item: Item, reminder: Mapping[str, Any], task: Mapping[str, Any]) -> None:
        """A name travels to the Subject where the template carries it, and a Subject edit never travels (§3)."""
        names, subjects = item.edits_of("reminder", "name"), item.edits_of("task", "name")
        if names:
            assert reminder["name"] == names[-1].value, "a reminder's name was written over"
        elif item.start:
            assert reminder["name"] == item.start["reminder", "name"], "a Subject edit travelled"
        carried = "{{activity_subject}}" in self.template
        if names and carried and not item.ledger_lost and item.start and not subjects:
            wanted = subject(self.template, reminder)
            back_again = names[-1].value == item.start["reminder", "name"]
            assert settled(task.get("Subject")) == wanted or back_again, "a name edit did not reach the Subject"
        if item.start and not subjects and (not names or not carried):
            assert same("task", task.get("Subject"), item.start["task", "name"]), "a Subject was written over"
        if subjects and not same("task", task.get("Subject"), subjects[-1].value):
            assert names, "a Subject edit is lost though no name changed"
            assert carried, "a Subject was written over though the template does not carry the name"
            assert self._told(item, subjects[-1]) or subjects[-1].unseen or not item.start, (
                "a lost Subject is no conflict"
            )

    def _check_completions(self, item: Item) -> None:
        """Completing advances a campaign: the connector does it once for each completion of the task."""
        reminder = self.model.living(item, "reminder") or {}
        status, ours = reminder["status"], 0
        for write in reversed(self.model.writes["sales_connect"]):
            if write["id"] == reminder["id"] and write["action"] == "update" and "status" in write["fields"]:
                ours += status == "completed" and write["call"].endswith("/batch")
                status = "open" if status == "completed" else "completed"
        conflicts = sum(conflict["field"] == "status" for conflict in self._conflicts(item, ever=True))
        assert ours <= item.completions + conflicts, f"the connector completed a reminder {ours} times"

    # What was written.

    def _check_written_columns(self) -> None:
        """Only mapped fields are ever written, a linked reminder's name and a task's Type never (§3)."""
        for write in self.model.writes["salesforce"]:
            if "/composite/" in write["call"] and write["action"] != "delete":
                more = ONLY_ON_CREATE["Task"] if write["action"] == "create" else {"Sales_Connect_Id__c"}
                assert set(write["fields"]) <= TASK_COLUMNS | more, write
        for write in self.model.writes["sales_connect"]:
            if write["call"].endswith("/batch") and write["action"] != "delete":
                pointer = set() if self.link_field else {"salesforce_task_id"}
                more = ONLY_ON_CREATE["reminder"] if write["action"] == "create" else pointer
                assert set(write["fields"]) <= REMINDER_COLUMNS | more, write

    def check_old_reminder(self) -> None:
        """A reminder from before E never gets a task (§2.2)."""
        pushed = [task for task in self.model.tasks.values() if task.get("Sales_Connect_Id__c") == OLD_REMINDER]
        named = (self.model.reminders.get(OLD_REMINDER) or {}).get("salesforce_task_id")
        assert not pushed, "a reminder from before E got a task"
        assert not named, "a reminder from before E got a task"

    # Conflicts.

    def _conflicts(self, item: Item, *, ever: bool = False) -> list[dict[str, Any]]:
        """Those recorded of an item since it was last in agreement."""
        return [
            conflict
            for conflict in self.conflicts[0 if ever else item.told :]
            if conflict["reminder_id"] == item.ids.get("reminder") or conflict["task_id"] == item.ids.get("task")
        ]

    def _any_told(self, item: Item, name: str) -> bool:
        return any(conflict["field"] == name for conflict in self._conflicts(item))

    def _told(self, item: Item, lost: Edit) -> bool:
        """Whether a conflict says that this value lost."""
        return any(
            conflict["field"] == lost.field and same(lost.side, conflict[f"{lost.side}_value"], lost.value)
            for conflict in self._conflicts(item)
        )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _edits(edits: list[Edit]) -> str:
    return "; ".join(f"{edit.side} #{edit.order} {_short(edit.value)} {edit.runs}" for edit in edits)
