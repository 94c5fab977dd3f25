"""`tasksync links`, `conflicts` and `parked`."""

from datetime import timedelta

import pytest

from tasksync_engine.ledger import links, parked
from tasksync_mappings import Conflict, Pair

from .conftest import AT, reminder_id, task_id


@pytest.fixture
def three(book):
    """An open, a closed and a kept link."""
    book.link(1, "First")
    book.link(2, "Second", state=links.CLOSED)
    book.link(3, "Third", state=links.KEPT)
    return book


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("words", "numbers"),
    [([], [1]), (["--state", "closed"], [2]), (["--state", "kept"], [3]), (["--state", "all"], [3, 2, 1])],
)
def test_links_are_listed_by_state(tasksync, words, numbers):
    """Open ones unless asked otherwise, the newest first."""
    found = tasksync("links", "--json", *words).json
    assert [link["task_id"] for link in found] == [task_id(number) for number in numbers]
    lines = tasksync("links", *words).out.splitlines()
    assert [line.split()[1] for line in lines[1:]] == [task_id(number) for number in numbers]


def test_people_get_fifty_links_and_programs_all(book, tasksync):
    """Unless a limit says otherwise; what is left out is counted."""
    new = [links.NewLink(reminder_id(n), task_id(n), {}, None, None, "adopted") for n in range(60)]
    book.write(links.add, new, AT)
    lines = tasksync("links").out.splitlines()
    assert len(lines) == 52
    assert lines[-1] == "... and 10 more (--limit N shows more, --json all)"
    assert len(tasksync("links", "--json").json) == 60
    assert len(tasksync("links", "--json", "--limit", "5").json) == 5
    assert len(tasksync("links", "--limit", "60").out.splitlines()) == 61


def test_a_link_without_a_base_has_no_name(book, tasksync):
    """An adopted pair before its first change."""
    book.link(1, None)
    assert tasksync("links", "--json").json[0]["name"] is None
    assert tasksync("links").code == 0


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize(
    ("command", "words"),
    [("links", "There are no such links."), ("conflicts", "There are no conflicts."), ("parked", "Nothing is parked.")],
)
def test_nothing_to_list_is_said(tasksync, command, words):
    """In words for people, and as an empty list for programs; both exit with 0."""
    text, data = tasksync(command), tasksync(command, "--json")
    assert (text.code, text.out) == (0, words + "\n")
    assert (data.code, data.json) == (0, [])


def test_conflicts_are_listed_with_both_values(book, tasksync):
    """The newest first, by name, with the winner."""
    book.link(1, "Call Ann")
    base = Pair("2026-01-01", "2026-01-01")
    book.conflict(1, 1, Conflict("due_date", base, Pair("2026-02-02", None), "task"))
    book.conflict(2, 1, Conflict("name", None, Pair("New", "Old"), "reminder"))
    newest, oldest = tasksync("conflicts", "--json").json
    assert (newest["field"], newest["winner"], newest["base"]) == ("name", "reminder", None)
    assert (oldest["base"], oldest["reminder_value"], oldest["task_value"]) == (list(vars_of(base)), "2026-02-02", None)
    out = tasksync("conflicts").out
    assert f"2026-11-20 08:36:00 UTC  run 2  Call Ann ({reminder_id(1)}, {task_id(1)})\n" in out
    assert "due_date: Sales Connect 2026-02-02, Salesforce (empty); Salesforce's stands" in out
    assert "name: Sales Connect New, Salesforce Old; Sales Connect's stands" in out
    assert "... and 1 more" in tasksync("conflicts", "--limit", "1").out


def vars_of(pair):
    """Both values of a pair."""
    return pair.reminder, pair.task


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({}, "waits until the record changes, or for `tasksync retry rem_1`"),
        ({"retry_at": AT + timedelta(hours=1)}, "due at 2026-11-20 09:36:00 UTC"),
        ({"code": parked.ROSTER}, "waits for the other record or user"),
        ({"code": parked.GONE}, "waits for the other record or user"),
        ({"code": parked.INVALID_RECORD}, "waits until the record changes\n"),
    ],
)
def test_a_parked_change_says_what_it_waits_for(book, tasksync, members, words):
    """And how often it was tried."""
    book.park(**{"attempts": 2, **members})
    out = tasksync("parked").out
    assert "tried 2 times" in out
    assert words in out


def test_a_parked_change_is_told_with_the_services_words_and_ours(book, tasksync):
    """The message is the service's; what it means is ours."""
    book.park(message="line one\nline two")
    out = tasksync("parked").out
    assert "reminder rem_1 Call Ann: ENTITY_IS_LOCKED (Access/Validation)\n" in out
    assert "  message: line one line two\n" in out
    assert "Finish or recall the approval" in out
    (told,) = tasksync("parked", "--json").json
    assert told["message"] == "line one\nline two"
    assert "payload" not in told
