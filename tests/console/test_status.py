"""`tasksync status`: sections, limits, and JSON."""

import pytest

from tasksync_engine.ledger import deletions, runs
from tasksync_engine.ledger.runs import Event

from .conftest import ANN, DAN, reminder_id, task_id


def created(number, name="Call Ann"):
    """A row of the history."""
    return Event("create", reminder_id(number), task_id(number), {"to": "task", "values": {"Subject": name}})


@pytest.mark.usefixtures("book")
def test_a_new_ledger_says_what_to_do_first(tasksync):
    """No run of either direction yet: that is said, with the command."""
    ended = tasksync("status")
    assert ended.code == 0
    assert "Last run to-salesforce: none yet" in ended.out
    assert "Run `meltano run to-salesforce`." in ended.out
    assert ended.out.splitlines()[0].endswith("(sandbox), 0 open links")


def test_a_run_is_told_with_its_counts(book, tasksync):
    """In a fixed order; skipped records by reason, zeros left out."""
    book.enrol(ANN)
    counts = {
        "skipped: user is off": 3,
        "parked": 1,
        "created": 2,
        "read": 9,
        "conflicts": 0,
        "skipped: logged activity": 1,
    }
    book.run(counts=counts, api_calls=1, seconds=2.04)
    out = tasksync("status").out
    assert "started 2026-11-20 08:36:00 UTC, 2.0 s, 1 API call\n" in out
    assert "  read 9, created 2, parked 1\n" in out
    assert "  skipped: 1 (logged activity), 3 (user is off)\n" in out
    assert "Nothing needs a person." in out


def test_a_stopped_run_is_told_with_its_message(book, tasksync):
    """And stands under what needs a person."""
    book.run(outcome=runs.STOPPED, complete=False, message="Salesforce refuses the login.")
    out = tasksync("status").out
    assert "(run 1): stopped" in out
    assert "  Salesforce refuses the login.\n" in out
    assert "The last run to-salesforce (run 1) stopped: Salesforce refuses the login." in out


def test_a_run_that_goes_on_is_told(book, tasksync):
    """It has no duration yet."""
    book.run(outcome=None)
    assert "(run 1): running\n  started 2026-11-20 08:36:00 UTC, 0 API calls\n" in tasksync("status").out


def test_twenty_names_per_action_are_listed(book, tasksync):
    """Then the number of the others; names come from the links where there are any."""
    run = book.run()
    book.link(0, "The link's name")
    book.remember(run, *[created(number, f"Name {number}") for number in range(25)])
    out = tasksync("status").out
    assert "  created in Salesforce: 25\n    The link's name\n    Name 1\n" in out
    assert "    Name 19\n    ... and 5 more\n" in out
    assert "Name 20" not in out


def test_a_run_without_deeds_lists_none_of_an_earlier_one(book, tasksync):
    """Only the last run's history is shown."""
    book.remember(book.run(), created(1))
    book.run()
    assert "Call Ann" not in tasksync("status").out


def test_each_kind_of_deed_has_its_words(book, tasksync):
    """Deletions by the tombstone's name; a task whose name nobody knows by its id."""
    run = book.run("to-salesconnect")
    book.delete(2, deletions.DONE, "task", Subject="Old visit")
    book.link(3, "Half a pair", state="closed")
    book.remember(
        run,
        Event("delete", reminder_id(2), task_id(2), {"to": "reminder"}),
        Event("link", reminder_id(3), task_id(3), {"origin": "adopted"}),
        Event("close", None, task_id(4), {"to": "reminder"}),
    )
    out = tasksync("status").out
    assert "  deleted in Sales Connect: 1\n    Old visit\n" in out
    assert "  linked with a reminder that was found in Sales Connect: 1\n    Half a pair\n" in out
    assert f"  links closed: already gone in Sales Connect: 1\n    {task_id(4)}\n" in out


def test_parked_changes_are_grouped_by_code(book, tasksync):
    """With what is happening and what to do."""
    book.park(1)
    book.park(2)
    book.park(3, "roster", category="Other")
    out = tasksync("status").out
    assert "Parked: 3\n  Access/Validation, ENTITY_IS_LOCKED: 2\n    The task, or a record" in out
    assert "  Other, roster: 1\n" in out


def test_deletions_are_told_by_side_and_state(book, tasksync):
    """Held and pending ones, by name where it is known."""
    book.link(1, "Call Ann")
    book.delete(1, deletions.HELD)
    book.delete(2, deletions.PENDING, "task", Subject="Visit")
    out = tasksync("status").out
    assert "Deletions from Sales Connect held by the brake: 1\n  Call Ann\n" in out
    assert "Deletions from Salesforce pending: 1\n  Visit\n" in out


def test_a_long_roster_is_cut(book, tasksync):
    """Twenty users of each kind."""
    book.enrol(*[type(ANN)(f"on{n}", f"005Tm{n:010d}AAA", ANN.enabled_at) for n in range(30)], *[DAN])
    out = tasksync("status").out
    assert "Roster: 30 on, 1 left out" in out
    assert "  ... and 10 more\n" in out


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[red]markup[/red] :smile: {x}", "[red]markup[/red] :smile: {x}"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred [0m"),
        ("two\nlines\r\n\tand more", "two lines and more"),
        ("\ud800 alone", "alone"),
        ("\u202egnissim", "gnissim"),
        ("☎ Ärger 👩‍🚀", "☎ Ärger 👩‍🚀"),
        ("x" * 600, "x" * 59 + "…"),
    ],
)
def test_foreign_text_cannot_steer_the_terminal(book, tasksync, name, shown):
    """Names are printed on one line, as they are, without what a terminal would obey."""
    book.remember(book.run(), created(1, name))
    assert f"    {shown}\n" in tasksync("status").out


def test_json_has_all_of_it(book, tasksync):
    """Runs, roster, links, parked, deletions, conflicts and findings; texts as they are."""
    book.enrol(ANN, DAN)
    book.link(1)
    book.park()
    book.delete(1, deletions.HELD)
    book.remember(book.run(counts={"read": 1, "skipped: user is off": 2}), created(1, "\ud800"))
    told = tasksync("status", "--json").json
    sections = {"ledger", "runs", "roster", "links", "parked", "deletions", "conflicts", "findings"}
    assert set(told) == sections | {"reach", "budget", "bookmarks"}
    run = told["runs"]["to-salesforce"]
    assert (run["counts"], run["skipped"], run["outcome"]) == ({"read": 1}, {"user is off": 2}, "ok")
    assert (run["started_at"], run["api_calls"]) == ("2026-11-20T08:36:00.000Z", 3)
    assert run["done"]["create"]["total"] == 1
    assert told["runs"]["to-salesconnect"] is None
    assert told["links"] == {"open": 1, "closed": 0, "kept": 0}
    assert [who["left_out"] is None for who in told["roster"]] == [True, False]
    assert told["parked"][0]["needs_person"] == 1
    assert [finding["kind"] for finding in told["findings"] if finding["fails"]] == ["brake", "parked"]


def test_status_does_not_count_as_a_report(book, tasksync):
    """Looking is not checking: `check` still fails afterwards."""
    book.enrol(ANN)
    book.run()
    book.park()
    tasksync("status")
    assert tasksync("check").code == 1
