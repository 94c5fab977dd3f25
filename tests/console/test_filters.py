"""Whose, which kind, how old: the filters of `links`, `parked`, `conflicts` and `retry`."""

from datetime import UTC, datetime, timedelta

import pytest

from tasksync_engine.ledger import links, parked
from tasksync_mappings import Conflict, Pair

from .conftest import ANN, AT, DAN, reminder_id, task_id

BOB = "u2", "005Tm0000000002AAA"


@pytest.fixture
def busy(book):
    """Ann's and Bob's links, parked changes and conflicts: the first is Ann's and old, the second Bob's and new."""
    now = datetime.now(UTC)  # not when this file was imported: with many tests that may be long ago
    book.enrol(ANN, type(ANN)(BOB[0], BOB[1], AT, email="Bob@example.com"), DAN)
    book.write(links.add, [links.NewLink(reminder_id(1), task_id(1), {}, "u1", ANN.salesforce_id, "pushed")], AT)
    book.write(links.add, [links.NewLink(reminder_id(2), task_id(2), {}, *BOB, "pushed")], now)
    book.park(1, user_id="u1")
    book.park(2, "UNABLE_TO_LOCK_ROW", category="Intermittent", user_id=BOB[1], parked_at=now)
    for number, field in ((1, "status"), (2, "due_date")):
        run = book.run()
        book.conflict(run, number, Conflict(field, None, Pair("a", "b"), "task"))
    return book


def numbers(command, told):
    """The numbers of the tasks or reminders that a command listed."""
    key = {"parked": "record_id"}.get(command, "reminder_id")
    return sorted(int(row[key].removeprefix("rem_")) for row in told)


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("command", ["links", "parked", "conflicts"])
@pytest.mark.parametrize(
    ("user", "number"),
    [("ann@example.com", 1), ("ANN@example.com", 1), ("u2", 2), (BOB[1], 2), (BOB[1][:15], 2), ("bob@example.com", 2)],
)
def test_a_users_rows(tasksync, command, user, number):
    """By email in any case, and by the id of either side with 15 or 18 characters."""
    assert numbers(command, tasksync(command, "--json", "--user", user).json) == [number]


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("command", ["links", "parked"])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--since", "1h"], [2]),
        (["--older-than", "5m"], [1]),
        (["--since", "2026-01-01"], [1, 2]),
        (["--since", AT.isoformat(), "--older-than", (AT + timedelta(seconds=1)).isoformat()], [1]),
        (["--since", "0m"], []),
    ],
)
def test_age(tasksync, command, words, found):
    """Spans before now, dates and times; `--since` includes its moment."""
    assert numbers(command, tasksync(command, "--json", *words).json) == found


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--category", "intermittent"], [2]),
        (["--category", "ENTITY_IS_LOCKED"], [1]),
        (["--category", "Intermittent", "--category", "access/validation"], [1, 2]),
        (["--category", "Intermittent", "--user", "u1"], []),
    ],
)
def test_parked_by_category_or_code(tasksync, words, found):
    """In any case; several are alternatives, different filters narrow."""
    assert numbers("parked", tasksync("parked", "--json", *words).json) == found


@pytest.mark.usefixtures("busy")
def test_conflicts_by_field(tasksync):
    """What the field is called in the mapping."""
    assert numbers("conflicts", tasksync("conflicts", "--json", "--field", "due_date").json) == [2]


@pytest.mark.usefixtures("busy")
def test_what_is_left_out_by_a_limit_counts_what_is_sought_alone(tasksync):
    """Not what the filter took away."""
    assert "more" not in tasksync("links", "--user", "u1", "--limit", "1").out
    assert "... and 1 more" in tasksync("links", "--limit", "1").out


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("command", "said"),
    [("links", "There are no such links."), ("parked", "Nothing of that is parked."),
     ("conflicts", "There are no such conflicts.")],
)  # fmt: skip
def test_nothing_found_is_said(tasksync, command, said):
    """And is no mistake: exit code 0."""
    ended = tasksync(command, "--user", "u4")
    assert (ended.code, ended.out) == (0, f"{said}\n")


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--user", "nobody@example.com"], "knows no user 'nobody@example.com'"),
        (["--since", "yesterday"], "--since takes a span like 30m"),
        (["--older-than", "9999999d"], "--older-than takes a span"),
    ],
)
def test_a_filter_that_means_nothing_is_told(tasksync, words, said):
    """In words, with exit code 1."""
    ended = tasksync("parked", *words)
    assert (ended.code, ended.out) == (1, "")
    assert said in ended.err


def test_an_email_of_two_users_asks_for_the_id(busy, tasksync):
    """Nobody is guessed."""
    busy.enrol(type(ANN)("u9", None, AT, email="Ann@Example.com"))
    ended = tasksync("links", "--user", "ann@example.com")
    assert ended.code == 1
    assert "one of u1, u9" in ended.err


@pytest.mark.parametrize(
    ("words", "due"),
    [
        (["--all"], [1, 2]),
        ([], [1, 2]),
        (["--category", "Access/Validation"], [1]),
        (["--user", "bob@example.com"], [2]),
        (["--older-than", "0m", "--category", "INTERMITTENT"], [2]),
    ],
)
def test_those_that_are_sought_are_retried(busy, tasksync, words, due):
    """And the others are left as they are."""
    assert tasksync("retry", *words).code == 0
    changed = [change.record_id for change in busy.write(parked.everything) if change.retry_at is not None]
    assert sorted(changed) == [reminder_id(number) for number in due]


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("words", [["rem_1", "--all"], ["rem_1", "--user", "u1"], ["--all", "--category", "Other"]])
def test_an_id_and_all_and_filters_exclude_each_other(tasksync, words):
    """A slip must not retry more than was meant."""
    ended = tasksync("retry", *words)
    assert ended.code == 2
    assert "--all" in ended.err
