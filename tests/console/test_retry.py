"""`tasksync retry`."""

import pytest

from tasksync_engine.ledger import parked

from .conftest import reminder_id, task_id


@pytest.fixture
def due(book):
    """Which reminders' changes are due."""

    def numbers():
        return [change.record_id for change in book.write(parked.everything) if change.retry_at is not None]

    return numbers


def test_all_parked_changes_are_made_due(book, tasksync, due):
    """And the jobs that will try them are named."""
    book.park(1)
    book.park(2)
    book.park(side="task", record_id=task_id(3))
    ended = tasksync("retry")
    assert ended.code == 0
    assert ended.out == (
        "3 parked changes will be tried again by `meltano run to-salesconnect` and `meltano run to-salesforce`.\n"
    )
    assert len(due()) == 3


@pytest.mark.parametrize("given", [reminder_id(1), task_id(1), task_id(1)[:15]])
def test_one_is_made_due_by_any_id_of_its_pair(book, tasksync, due, given):
    """The reminder's, or the task's with 15 or 18 characters."""
    book.link(1)
    book.park(1)
    book.park(2)
    assert tasksync("retry", given).out == "1 parked change will be tried again by `meltano run to-salesforce`.\n"
    assert due() == [reminder_id(1)]


@pytest.mark.parametrize(("words", "code"), [(["retry"], 0), (["retry", "rem_7"], 1)])
def test_nothing_to_retry_is_said(book, tasksync, due, words, code):
    """Of one record that is an error: the person meant something."""
    book.link(7)
    ended = tasksync(*words)
    assert (ended.code, ended.out) == (code, f"Nothing is parked{' of rem_7' if code else ''}.\n")
    assert due() == []


def test_what_retrying_cannot_help_is_left_as_it_is(book, tasksync, due):
    """An invalid record keeps waiting for a correction; a user's change goes by itself once they take part."""
    book.park(1)
    book.park(2, parked.INVALID_RECORD)
    book.park(3, parked.ROSTER)
    told = tasksync("retry", "--json").json
    assert told == {
        "due": [reminder_id(1)],
        "waiting": [reminder_id(3)],
        "useless": [reminder_id(2)],
        "jobs": ["to-salesforce"],
    }
    assert due() == [reminder_id(1)]
    alone = tasksync("retry", reminder_id(2))
    assert alone.code == 1
    assert "1 record cannot go through as sent" in alone.out
