"""Histories that once broke a rule, each told step by step; most were found by the state machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sync.machine_runs import TO_SALESCONNECT, TO_SALESFORCE, Mishap, Runs, Script
from tests.sync.machine_world import ANN, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import SandboxHandle

KILLED_AFTER_UPDATE = ("after update", 1)
KILLED_AFTER_DELETE = ("after delete", 1)
BEYOND_THE_OVERLAP = 900


class Story:
    """One pair, linked by a first sync, and what happens to it.

    Attributes:
        world: both services.
        runs: both directions.
        reminder_id: the reminder.
        task_id: its task.
    """

    def __init__(self, sandbox: SandboxHandle, folder: Path) -> None:
        self.world = World(sandbox)
        self.world.begin("{{activity_subject}}")
        self.runs = Runs(sandbox, folder, {})
        self.reminder_id = self.world.create_reminder({"name": "A", "assignee_id": "u_ann", "due_date": "2030-01-01"})
        self.sync()
        self.task_id = next(
            row["Id"] for row in self.world.tasks().values() if row.get("Sales_Connect_Id__c") == self.reminder_id
        )

    @property
    def reminder(self) -> dict[str, Any]:
        """As it is now."""
        return self.world.reminders()[self.reminder_id]

    @property
    def task(self) -> dict[str, Any]:
        """As it is now."""
        return self.world.tasks()[self.task_id]

    def due(self, side: str, day: str) -> None:
        """A person changes the due date, a second after whatever happened last."""
        self.world.advance(1)
        record_id, column = (self.reminder_id, "due_date") if side == "reminder" else (self.task_id, "ActivityDate")
        self.world.edit(side, record_id, {column: day})

    def dies(self, direction: str, step: tuple[str, int]) -> None:
        """A run is killed at a step."""
        self.world.advance(1)
        script = Script(kill_at=step)
        self.runs.run(direction, Mishap(script))
        assert script.dead

    def sync(self, times: int = 1) -> None:
        """Both directions, without accident."""
        for _ in range(times):
            self.world.advance(1)
            assert self.runs.run(TO_SALESFORCE)
            assert self.runs.run(TO_SALESCONNECT)

    @property
    def dues(self) -> tuple[Any, Any]:
        """Both sides' due dates."""
        return self.reminder["due_date"], self.task.get("ActivityDate")


@pytest.fixture
def story(sandbox: SandboxHandle, tmp_path: Path) -> Iterator[Story]:
    """A linked pair."""
    told = Story(sandbox, tmp_path)
    yield told
    told.world.close()


@pytest.mark.parametrize("policy", ["newest", "salesforce", "salesconnect"])
@pytest.mark.parametrize("side", ["reminder", "task"])
def test_an_edit_after_a_killed_run_is_no_conflict_with_what_that_run_wrote(
    story: Story, side: str, policy: str
) -> None:
    """What a killed run wrote is no edit of the other side: the source's next edit goes over (§7.4)."""
    story.runs.settings = {"conflict_policy": policy}
    story.due(side, "2030-01-02")
    story.dies(TO_SALESFORCE if side == "reminder" else TO_SALESCONNECT, KILLED_AFTER_UPDATE)
    story.due(side, "2030-01-03")
    story.sync(2)
    assert story.dues == ("2030-01-03", "2030-01-03")
    assert story.runs.conflicts == []


@pytest.mark.parametrize("side", ["reminder", "task"])
def test_an_edit_set_back_after_a_killed_run_goes_over(story: Story, side: str) -> None:
    """The source's value is the base's again, and yet it is an edit: the killed run had written (§7.4)."""
    story.due(side, "2030-01-02")
    story.dies(TO_SALESFORCE if side == "reminder" else TO_SALESCONNECT, KILLED_AFTER_UPDATE)
    story.due(side, "2030-01-01")
    story.sync(2)
    assert story.dues == ("2030-01-01", "2030-01-01")


def test_what_a_killed_run_wrote_does_not_keep_a_record_from_being_deleted(story: Story) -> None:
    """Under `keep` only what people changed is kept; a killed run's own write is no change (§6, §7.4)."""
    story.runs.settings = {"delete_conflict_policy": "keep"}
    story.due("reminder", "2030-01-02")
    story.dies(TO_SALESFORCE, KILLED_AFTER_UPDATE)
    story.world.delete("reminder", story.reminder_id)
    story.sync(2)
    assert story.task["IsDeleted"]


def test_a_task_undeleted_after_a_killed_run_stays(story: Story) -> None:
    """A killed run had carried the deletion over: the reminder's tombstone is its own, not a person's (§6, §7.4)."""
    story.world.delete("task", story.task_id)
    story.dies(TO_SALESCONNECT, KILLED_AFTER_DELETE)
    story.world.advance(1)
    story.world.undelete(story.task_id)
    story.sync(3)
    assert not story.task.get("IsDeleted")
    (anew,) = [row for row in story.world.reminders().values() if row["salesforce_task_id"] == story.task_id]
    assert anew["deleted_at"] is None


def test_an_edit_goes_over_to_a_task_that_lives_again_before_its_deletion_was_carried_out(story: Story) -> None:
    """What a killed run had made is edited while its task is deleted: that edit waits for the task (§6, §7.4)."""
    task_id = story.world.create_task({"Subject": "B", "OwnerId": ANN, "ActivityDate": "2030-01-01"})
    story.dies(TO_SALESCONNECT, ("after create", 1))
    (made,) = [row for row in story.world.reminders().values() if row["salesforce_task_id"] == task_id]
    story.world.advance(1)
    story.world.edit("reminder", made["id"], {"due_date": "2030-01-02"})
    story.world.delete("task", task_id)
    for _ in range(2):
        story.world.advance(BEYOND_THE_OVERLAP)
        assert story.runs.run(TO_SALESFORCE)
    story.world.undelete(task_id)
    story.world.advance(1)
    assert story.runs.run(TO_SALESCONNECT)
    story.sync(2)
    assert not story.world.tasks()[task_id].get("IsDeleted")
    assert story.world.tasks()[task_id]["ActivityDate"] == "2030-01-02"
    assert story.world.reminders()[made["id"]]["due_date"] == "2030-01-02"
    assert story.runs.parked() == []


@pytest.mark.parametrize("reminder_is_edited", [False, True])
def test_an_edit_behind_a_create_that_was_repeated_with_other_values_goes_over(
    story: Story, *, reminder_is_edited: bool
) -> None:
    """Which of its tries made the reminder shows in it; the task's next edit is none of them (§7.4)."""
    task_id = story.world.create_task({"Subject": "B", "OwnerId": ANN, "Priority": "High"})
    story.dies(TO_SALESCONNECT, ("before create", 1))
    story.world.advance(1)
    story.world.edit("task", task_id, {"Priority": "Normal"})
    story.dies(TO_SALESCONNECT, ("after create", 1))
    (made,) = [row for row in story.world.reminders().values() if row["salesforce_task_id"] == task_id]
    story.world.advance(1)
    if reminder_is_edited:
        story.world.edit("reminder", made["id"], {"details": "mine"})
    story.world.edit("task", task_id, {"Priority": "High"})
    story.sync(2)
    now = story.world.reminders()[made["id"]], story.world.tasks()[task_id]
    told = [row["field"] for row in story.runs.conflicts]
    assert (now[0]["priority"], now[1]["Priority"]) == ("high", "High")
    assert told == (["priority"] if reminder_is_edited else [])


@pytest.mark.parametrize("by_people", ["the reminder", "both"])
def test_a_create_whose_reminder_was_deleted_is_forgotten_with_it(story: Story, by_people: str) -> None:
    """The reminder that a killed run had made is deleted, and so is its task; undeleted again, that one lives (§6)."""
    story.world.delete("reminder", story.reminder_id)
    story.sync(2)
    story.world.undelete(story.task_id)
    story.dies(TO_SALESCONNECT, ("after create", 1))
    (made,) = [row for row in story.world.reminders().values() if row["salesforce_task_id"] == story.task_id]
    story.world.advance(1)
    story.world.delete("reminder", made["id"])
    if by_people == "both":
        story.world.delete("task", story.task_id)
    story.sync(2)
    assert story.task["IsDeleted"]
    story.world.advance(1)
    story.world.undelete(story.task_id)
    story.sync(2)
    assert not story.task.get("IsDeleted")
    naming = [row for row in story.world.reminders().values() if row["salesforce_task_id"] == story.task_id]
    assert [row["id"] for row in naming if row["deleted_at"] is None] != []


def test_the_same_conflict_at_another_time_is_recorded_again(story: Story) -> None:
    """Each conflict is recorded once, and two that look alike are two (§5)."""
    story.runs.settings = {"conflict_policy": "salesconnect"}
    for _ in range(2):
        story.due("reminder", "2030-01-02")
        story.due("task", "2030-01-03")
        story.sync()
        story.due("task", "2030-01-01")
        story.sync()
        assert story.dues == ("2030-01-01", "2030-01-01")
    assert len(story.runs.conflicts) == 2


def test_a_conflict_decided_again_after_a_killed_run_is_recorded_once(story: Story) -> None:
    """The killed run had recorded it before its write (§5, §7.4)."""
    story.runs.settings = {"conflict_policy": "salesconnect"}
    story.due("reminder", "2030-01-02")
    story.due("task", "2030-01-03")
    story.dies(TO_SALESFORCE, ("before update", 1))
    story.sync(2)
    assert story.dues == ("2030-01-02", "2030-01-02")
    assert len(story.runs.conflicts) == 1


@pytest.mark.parametrize("first", [TO_SALESFORCE, TO_SALESCONNECT])
@pytest.mark.parametrize("side", ["reminder", "task"])
def test_what_a_killed_run_wrote_and_a_person_set_back_is_told(story: Story, side: str, first: str) -> None:
    """Nobody knows whether the killed run's write arrived, so writing it again is a conflict on record (§7.4)."""
    there = "task" if side == "reminder" else "reminder"
    story.due(side, "2030-01-02")
    story.dies(TO_SALESFORCE if side == "reminder" else TO_SALESCONNECT, KILLED_AFTER_UPDATE)
    story.due(there, "2030-01-01")
    story.world.advance(1)
    assert story.runs.run(first)
    story.sync(2)
    assert story.dues == ("2030-01-02", "2030-01-02")
    (told,) = story.runs.conflicts
    assert told[f"{there}_value"] == "2030-01-01"


@pytest.mark.parametrize("first", [TO_SALESFORCE, TO_SALESCONNECT])
@pytest.mark.parametrize("side", ["reminder", "task"])
def test_what_a_killed_run_was_to_write_and_a_person_wrote_as_well_is_told(story: Story, side: str, first: str) -> None:
    """Nobody knows whose value that is, so carrying over that the source was set back is a conflict (§7.4)."""
    there = "task" if side == "reminder" else "reminder"
    story.due(side, "2030-01-02")
    story.dies(TO_SALESFORCE if side == "reminder" else TO_SALESCONNECT, ("before update", 1))
    story.due(side, "2030-01-01")
    story.due(there, "2030-01-02")
    story.world.advance(1)
    assert story.runs.run(first)
    story.sync(2)
    assert story.dues == ("2030-01-01", "2030-01-01")
    (told,) = story.runs.conflicts
    assert told[f"{there}_value"] == "2030-01-02"


def test_an_edit_of_another_field_after_a_killed_run_leaves_both(story: Story) -> None:
    """The source's edit still goes over, and the other side's edit of another field comes back (§7.4)."""
    story.due("reminder", "2030-01-02")
    story.dies(TO_SALESFORCE, ("before update", 1))
    story.world.advance(1)
    story.world.edit("task", story.task_id, {"Priority": "High"})
    story.sync(2)
    assert story.dues == ("2030-01-02", "2030-01-02")
    assert story.reminder["priority"] == "high"
