"""`tasksync explain`."""

import pytest

from tasksync_engine.ledger import deletions, links
from tasksync_engine.ledger.runs import Event

from .conftest import ANN, DAN, reminder_id, task_id


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (links.OPEN, "pushed, open"),
        (links.CLOSED, "pushed, closed by a deletion"),
        (links.KEPT, "pushed, closed; neither record gets a new counterpart"),
    ],
)
def test_a_link_is_told_with_its_base(book, tasksync, state, words):
    """Both sides' values, and how the link stands."""
    book.link(1, state=state)
    out = tasksync("explain", reminder_id(1)).out
    assert out.startswith("Call Ann\n")
    assert f"Link 1: reminder {reminder_id(1)}, task {task_id(1)}; {words}\n" in out
    assert ["status", "open", "Not", "Started"] in [line.split() for line in out.splitlines()]


def test_a_pair_linked_anew_shows_both_links(book, tasksync):
    """The newest first; the history of both reminders is the task's."""
    book.link(1, state=links.CLOSED)
    book.write(links.add, [links.NewLink("rem_new", task_id(1), {}, "u1", None, "imported")], ANN.enabled_at)
    run = book.run()
    book.remember(run, Event("delete", reminder_id(1), task_id(1)), Event("create", "rem_new", task_id(1)))
    out = tasksync("explain", task_id(1)).out
    assert out.index("Link 2: reminder rem_new") < out.index("Link 1: reminder rem_1")
    assert out.index("run 1  delete") < out.index("run 1  create")
    assert "It has no base yet" in out
    assert len(tasksync("explain", "rem_new", "--json").json["history"]) == 2


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (deletions.PENDING, "goes over in the next complete run"),
        (deletions.HELD, "held by the brake"),
        (deletions.PARKED, "could not go through"),
        (deletions.DONE, "met no counterpart to delete"),
    ],
)
def test_a_deletion_is_told_with_its_state(book, tasksync, state, words):
    """Of an unlinked record too, by the tombstone's name."""
    book.delete(5, state, "task", Subject="Visit")
    out = tasksync("explain", task_id(5)).out
    assert out.startswith("Visit\n")
    assert "Deleted in Salesforce, 2026-11-20 08:36:00 UTC: the deletion " in out
    assert words in out


def test_a_parked_change_is_told(book, tasksync):
    """By the reminder's id, though it never had a counterpart; JSON has the payload."""
    book.park(4)
    out = tasksync("explain", reminder_id(4)).out
    assert "Parked:\nreminder rem_4 Call Ann: ENTITY_IS_LOCKED (Access/Validation)\n" in out
    (change,) = tasksync("explain", reminder_id(4), "--json").json["parked"]
    assert change["payload"] == {"id": reminder_id(4), "name": "Call Ann"}


def test_a_create_without_an_answer_is_told(book, tasksync):
    """A run that was killed between its write and its note."""
    book.begin(6)
    assert "its answer never came" in tasksync("explain", reminder_id(6)).out


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (ANN, "the reminder's assignee u1 takes part"),
        (type(ANN)("u1", None, ANN.enabled_at, is_on=False), "the reminder's assignee u1 has task sync off"),
        (type(ANN)("u1", None, ANN.enabled_at, DAN.left_out), "the reminder's assignee u1 is left out: no active"),
        (DAN, "the reminder's assignee u1 is not on the roster"),
    ],
)
def test_the_users_of_an_open_link_are_told(book, tasksync, person, words):
    """Whether each of them takes part now."""
    book.enrol(person)
    book.link(1)
    assert words in tasksync("explain", reminder_id(1)).out


def test_an_unknown_record_gets_the_possible_reasons(book, tasksync):
    """With what is known of runs and roster, and exit code 1."""
    book.enrol(ANN, DAN)
    book.run("to-salesforce")
    ended = tasksync("explain", "rem_unknown")
    assert ended.code == 1
    assert "The ledger knows nothing of rem_unknown." in ended.out
    for words in (
        "created after the last run to-salesforce began, 2026-11-20 08:36:00 UTC",
        "there was no run to-salesconnect yet",
        "2 users with task sync on, 1 left out",
        "the first was on 2026-11-20 08:36:00 UTC",
        "main record of a recurring series",
    ):
        assert words in ended.out
    told = tasksync("explain", "rem_unknown", "--json")
    assert (told.code, told.json["known"]) == (1, False)
    assert len(told.json["reasons"]) == 5


def test_an_incomplete_run_is_a_reason(book, tasksync):
    """The record may be in the part that was not read."""
    book.run(outcome="stopped", complete=False)
    assert "the last run to-salesforce (run 1) did not get to its end" in tasksync("explain", "rem_x").out


@pytest.mark.parametrize(("given", "said"), [("003Tm0000000001", True), (task_id(9), False), ("rem_9", False)])
def test_an_id_of_another_object_is_pointed_out(book, tasksync, given, said):
    """A contact's id is no task's."""
    book.run()
    assert ("it is none of a task" in tasksync("explain", given).out) is said


def test_ids_may_have_spaces_around_them(book, tasksync):
    """As they come from a spreadsheet."""
    book.link(1)
    assert tasksync("explain", f" {task_id(1)} ").code == 0
