"""Pages of the ledger: nothing left out, nothing twice, and the thousandth as cheap as the first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasksync_engine.ledger import browsing, links, parked, runs
from tasksync_engine.ledger.browsing import Leaf
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.ledger.parked import Parked
from tasksync_engine.ledger.runs import RecordedConflict
from tasksync_mappings import Conflict, Pair

AT = datetime(2026, 11, 20, 8, 36, tzinfo=UTC)


def task_id(number):
    """The id of the n-th task."""
    return f"00T{number:012d}EAA"


@pytest.fixture
def seven(opened):
    """Seven links, the last of them closed; the odd ones are u1's."""
    with opened.transaction() as connection:
        new = [
            links.NewLink(f"r{number}", task_id(number), {}, f"u{number % 2}", None, "pushed") for number in range(1, 8)
        ]
        links.add(connection, new, AT)
        links.close(connection, [(links.of_records(connection, "reminder", ["r7"])["r7"][0], AT)], AT, state="closed")
    return opened


def numbers(page):
    """Which links a page holds."""
    return [int(link.reminder_id[1:]) for link in page.rows]


def test_leafing_forward_and_back(seven):
    """Older page by older page to the end, and back over the same rows."""
    with seven.reading() as connection:
        first = browsing.links_page(connection, Sought(), Leaf(3))
        second = browsing.links_page(connection, Sought(), Leaf(3, first.older))
        last = browsing.links_page(connection, Sought(), Leaf(3, second.older))
        back = browsing.links_page(connection, Sought(), Leaf(3, last.newer, back=True))
        front = browsing.links_page(connection, Sought(), Leaf(3, back.newer, back=True))
    assert [numbers(page) for page in (first, second, last)] == [[7, 6, 5], [4, 3, 2], [1]]
    assert (numbers(back), numbers(front)) == ([4, 3, 2], [7, 6, 5])
    assert (first.newer, last.older, front.newer) == (None, None, None)


def test_links_are_filtered(seven):
    """By state and by user; a page beyond the last is empty and leads nowhere."""
    with seven.reading() as connection:
        assert numbers(browsing.links_page(connection, Sought(kinds=["closed"]), Leaf(9))) == [7]
        assert numbers(browsing.links_page(connection, Sought(["u1"], ["open"]), Leaf(9))) == [5, 3, 1]
        beyond = browsing.links_page(connection, Sought(), Leaf(9, 1))
    assert (beyond.rows, beyond.newer, beyond.older) == ([], None, None)


def test_conflicts_are_filtered(seven):
    """By field, winner, user and time; the newest first."""
    found = Conflict("details", None, Pair("a", "b"), "task")
    with seven.transaction() as connection:
        runs.write_conflicts(connection, 1, AT, [RecordedConflict("r1", task_id(1), found)])
        later = RecordedConflict("r2", task_id(2), replace(found, field="due_date", winner="reminder"))
        runs.write_conflicts(connection, 2, AT + timedelta(days=1), [later])
    with seven.reading() as connection:

        def over(winner=None, **filters):
            page = browsing.conflicts_page(connection, Sought(**filters), Leaf(9), winner=winner)
            return [row["field"] for row in page.rows]

        assert over() == ["due_date", "details"]
        assert over(kinds=["details"]) == over(winner="task") == over(users=["u1"]) == ["details"]
        assert over(since=AT + timedelta(hours=1)) == ["due_date"]
        assert browsing.conflict_fields(connection) == ["details", "due_date"]
        assert browsing.count_conflicts(connection) == 2


def test_parked_changes_are_counted_and_leafed_through(opened):
    """By category and code, with those that need a person; page by page each record once."""
    usual = Parked("reminder", "r1", "ENTITY_IS_LOCKED", "Access/Validation", "locked", {"id": "r1"}, AT)
    changes = [replace(usual, record_id=f"r{number}") for number in range(5)]
    changes += [replace(usual, side="task", record_id=task_id(1), retry_at=AT)]
    changes += [replace(usual, record_id="r9", code="roster", category="Other")]
    with opened.transaction() as connection:
        parked.park(connection, changes)
        groups = browsing.parked_groups(connection)
        assert [(group.category, group.code, group.count, group.needs_person) for group in groups] == [
            ("Access/Validation", "ENTITY_IS_LOCKED", 6, 5),
            ("Other", "roster", 1, 0),
        ]
        assert [group.needs_person for group in groups] == [
            sum(change.needs_person for change in changes if change.code == group.code) for group in groups
        ]
        seen, after = [], None
        while True:
            page, after = browsing.parked_page(connection, 4, category="Access/Validation", after=after)
            seen += [(change.side, change.record_id) for change in page]
            if after is None:
                break
        assert seen == [("reminder", f"r{number}") for number in range(5)] + [("task", task_id(1))]
        assert browsing.parked_page(connection, 4, category="Other", code="gone") == ([], None)


def test_links_are_found_by_a_date_in_their_base(opened):
    """On either side; the same text in another field is none."""
    bases = [
        {"due_date": Pair("2026-11-20", "2026-11-20")},
        {"due_date": Pair(None, "2026-11-20"), "details": Pair("x", "y")},
        {"due_date": Pair("2026-11-21", None)},
        {"details": Pair("2026-11-20", '"due_date":["2026-11-20"')},
    ]
    with opened.transaction() as connection:
        links.add(
            connection,
            [
                links.NewLink(f"r{number}", task_id(number), base, "u1", None, "pushed")
                for number, base in enumerate(bases)
            ],
            AT,
        )
        found = browsing.links_holding(connection, "due_date", {"2026-11-20"})
        assert [link.reminder_id for link in found] == ["r1", "r0"]
        assert len(browsing.links_holding(connection, "due_date", {"2026-11-20", "2026-11-21"})) == 3
        assert browsing.links_holding(connection, "due_date", set()) == []


def test_the_runs_of_some_days(opened):
    """In order; the last complete run is one that wrote and got to its end."""
    with opened.transaction() as connection:
        first = runs.start(connection, "to-salesforce", AT, dry_run=False)
        runs.end(connection, first, outcome=runs.OK, complete=True)
        plan = runs.start(connection, "to-salesforce", AT + timedelta(days=1), dry_run=True)
        runs.end(connection, plan, outcome=runs.OK, complete=True)
        broken = runs.start(connection, "to-salesforce", AT + timedelta(days=2), dry_run=False)
        assert [run["id"] for run in browsing.runs_since(connection, AT + timedelta(hours=1))] == [plan, broken]
        assert browsing.last_complete_run(connection, "to-salesforce")["id"] == first
        assert browsing.last_complete_run(connection, "to-salesconnect") is None
