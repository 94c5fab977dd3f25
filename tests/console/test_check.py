"""`tasksync check`: what fails a sync, and what is only said."""

from datetime import timedelta

import pytest

from tasksync_engine import tap_stops
from tasksync_engine.ledger import deletions, open_ledger, parked, runs
from tasksync_mappings import Conflict, Pair

from .conftest import ANN, AT, DAN, reminder_id, task_id


@pytest.fixture
def synced(book):
    """A ledger after a sync that went well: one user, one link."""
    book.enrol(ANN)
    book.link(1)
    book.run("to-salesforce")
    book.run("to-salesconnect")
    return book


@pytest.mark.usefixtures("synced")
def test_a_quiet_sync_passes(tasksync):
    """It exits with 0 and says that there is nothing to do."""
    ended = tasksync("check")
    assert (ended.code, ended.out, ended.err) == (0, "Nothing needs a person.\n", "")
    assert tasksync("check", "--json").json == {"ok": True, "findings": []}


def test_a_ledger_without_a_run_fails(book, tasksync):
    """A tap may have made the ledger; nothing was synced for all that."""
    book.enrol(ANN)
    ended = tasksync("check")
    assert ended.code == 1
    assert "meltano run to-salesforce" in ended.out


@pytest.mark.parametrize("direction", ["to-salesforce", "to-salesconnect"])
def test_a_stopped_run_fails_until_the_next_one_goes_well(synced, tasksync, direction):
    """The check repeats the run's own message, every time."""
    synced.run(direction, outcome=runs.STOPPED, complete=False, message="Salesforce refuses the login.")
    for _ in range(2):
        ended = tasksync("check")
        assert ended.code == 1
        assert f"FAIL  The last run {direction}" in ended.out
        assert "Salesforce refuses the login." in ended.out
    synced.run(direction)
    assert tasksync("check").code == 0


def test_a_stopped_run_without_words_points_at_its_log(synced, tasksync):
    """A bug's words stay in the log."""
    synced.run(outcome=runs.STOPPED, complete=False, message=None)
    assert "The log of that run says why." in tasksync("check").out


def test_a_dry_run_neither_fails_nor_mends(synced, tasksync):
    """Only runs that write count."""
    synced.run(outcome=runs.STOPPED, complete=False, dry_run=True)
    assert tasksync("check").code == 0
    synced.run(outcome=runs.STOPPED, complete=False)
    synced.run(dry_run=True)
    assert tasksync("check").code == 1


@pytest.mark.parametrize(
    ("side", "remedy"),
    [
        ("reminder", "TARGET_SALESFORCE_TASKS_ALLOW_MASS_DELETE=true meltano run to-salesforce"),
        ("task", "TARGET_SALESCONNECT_ALLOW_MASS_DELETE=true meltano run to-salesconnect"),
    ],
)
def test_a_held_brake_fails_until_it_is_released(synced, tasksync, side, remedy):
    """Each check says how to allow the deletions."""
    for number in range(7):
        synced.delete(number, deletions.HELD, side)
    for _ in range(2):
        ended = tasksync("check")
        assert ended.code == 1
        assert "holds 7 deletions" in ended.out
        assert "and 2 more" in ended.out
        assert remedy in ended.out
    ids = [reminder_id(number) if side == "reminder" else task_id(number) for number in range(7)]
    synced.write(deletions.drop, side, ids)
    assert tasksync("check").code == 0


def test_deletions_on_their_way_do_not_fail(synced, tasksync):
    """Pending, parked and done ones are not the brake's."""
    for number, state in enumerate((deletions.PENDING, deletions.PARKED, deletions.DONE)):
        synced.delete(number, state)
    assert tasksync("check").code == 0


def test_a_parked_change_fails_one_check_and_is_then_only_mentioned(synced, tasksync):
    """Until it is parked anew."""
    synced.park()
    first, second = tasksync("check"), tasksync("check")
    assert (first.code, second.code) == (1, 0)
    assert "FAIL  The change of 1 reminder is parked with ENTITY_IS_LOCKED (Access/Validation): rem_1." in first.out
    assert "tasksync retry" in first.out
    assert "note  The change of 1 reminder is parked with ENTITY_IS_LOCKED" in second.out
    synced.park()
    assert tasksync("check").code == 1


def test_a_new_parked_change_fails_beside_a_reported_one(synced, tasksync):
    """Each is told apart by whether it was reported."""
    synced.park(1)
    tasksync("check")
    synced.park(2)
    ended = tasksync("check", "--json")
    assert ended.code == 1
    told = {finding["kind"]: finding for finding in ended.json["findings"]}
    assert "rem_2" in told["parked"]["what"]
    assert "rem_1" in told["reported"]["what"]
    assert (told["parked"]["fails"], told["reported"]["fails"]) == (True, False)


def test_json_output_counts_as_a_report(synced, tasksync):
    """A parked change fails one check, whichever way it is printed."""
    synced.park()
    assert [tasksync("check", "--json").code, tasksync("check", "--json").code] == [1, 0]


@pytest.mark.parametrize(
    ("code", "retry_at"),
    [("UNABLE_TO_LOCK_ROW", AT + timedelta(minutes=5)), (parked.ROSTER, None), (parked.GONE, None)],
)
def test_what_goes_on_by_itself_does_not_fail(synced, tasksync, code, retry_at):
    """Changes that are tried again, or that wait for a user or a tombstone, need no person."""
    synced.park(code=code, retry_at=retry_at)
    assert tasksync("check").code == 0


def test_an_invalid_record_fails_without_the_advice_to_retry(synced, tasksync):
    """Trying it again would change nothing."""
    synced.park(code=parked.INVALID_RECORD, category="Other", message="The reminder is not what its API promises.")
    ended = tasksync("check")
    assert ended.code == 1
    assert "tasksync retry" not in ended.out


def test_the_same_code_is_told_once_per_side(synced, tasksync):
    """A thousand parked records are a few lines, with the first ids."""
    for number in range(1000, 1007):
        synced.park(number)
    synced.park(side="task", record_id=task_id(9))
    out = tasksync("check").out
    assert "The change of 7 reminders is parked with ENTITY_IS_LOCKED" in out
    assert "and 2 more" in out
    assert f"The change of 1 task is parked with ENTITY_IS_LOCKED (Access/Validation): {task_id(9)}." in out


def test_conflicts_of_the_last_runs_only_warn(synced, tasksync):
    """Those of earlier runs are not repeated."""
    run = synced.run("to-salesforce")
    synced.conflict(run, 1, Conflict("due_date", None, Pair("2026-01-01", "2026-02-01"), "task"))
    ended = tasksync("check")
    assert ended.code == 0
    assert "note  The last run to-salesforce met 1 conflict" in ended.out
    synced.run("to-salesforce")
    assert "conflict" not in tasksync("check").out


def test_users_left_out_only_warn(synced, tasksync):
    """They are named by id and reason."""
    synced.enrol(DAN)
    ended = tasksync("check")
    assert ended.code == 0
    assert "note  1 user with task sync on left out, as no active Salesforce user has this email: u4." in ended.out


def test_an_empty_roster_only_warns(book, tasksync):
    """Nobody having task sync on is the default of Sales Connect."""
    book.run()
    ended = tasksync("check")
    assert ended.code == 0
    assert "No user has task sync on." in ended.out


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ({"outcome": runs.INCOMPLETE, "complete": False}, "ended before its input was complete"),
        ({"outcome": None}, "has not ended"),
    ],
)
def test_a_run_without_an_end_only_warns(synced, tasksync, ending, words):
    """What failed there fails Meltano's own run; the next run continues."""
    synced.run("to-salesconnect", **ending)
    ended = tasksync("check")
    assert ended.code == 0
    assert words in ended.out


def test_what_the_tap_said_is_told(synced, tasksync):
    """Of the run that broke off: its target learned no more than that its input had ended."""
    with open_ledger(synced.url) as ledger:
        tap_stops.note(ledger, "tap-salesforce-tasks", "Salesforce refused the token: log in anew.")
    assert tasksync("check").out == "Nothing needs a person.\n"
    synced.run("to-salesconnect", outcome=runs.INCOMPLETE, complete=False)
    out = tasksync("check").out
    assert "wait. tap-salesforce-tasks said: Salesforce refused the token: log in anew.\n" in out
    synced.run("to-salesforce", outcome=runs.INCOMPLETE, complete=False)
    assert "tap-salesconnect said" not in tasksync("check").out


def test_what_a_tap_said_in_an_earlier_run_is_not_told():
    """Nor what is no note."""
    noted = f"{AT.isoformat()} It stopped."
    assert tap_stops.said_in(noted, AT + timedelta(seconds=5)) == "It stopped."
    assert tap_stops.said_in(noted, AT + timedelta(minutes=5)) is None
    assert tap_stops.said_in(None, AT) is None


@pytest.mark.usefixtures("synced")
def test_a_job_that_failed_before_its_own_check_fails_this_one(tasksync):
    """Whatever else is found, it is told: no run may have begun at all."""
    ended = tasksync("check", "--job-failed", "3")
    assert ended.code == 1
    assert ended.out.startswith("FAIL  The job ended with 3 before its own check.\n")
    assert tasksync("check", "--job-failed", "0").code == tasksync("check").code == 0


def test_what_fails_comes_first(synced, tasksync):
    """A person reads from the top."""
    synced.enrol(DAN)
    synced.park()
    synced.run(outcome=runs.STOPPED, complete=False)
    marks = [line[:4] for line in tasksync("check").out.splitlines() if not line.startswith(" ")]
    assert marks == ["FAIL", "FAIL", "note"]


def test_nothing_of_a_record_or_a_person_gets_into_the_log(synced, tasksync):
    """Meltano logs what the check prints: no names, texts, addresses or server's words."""
    secret = "SECRET"
    synced.enrol(DAN)
    synced.link(2, secret)
    synced.park(2, message=secret, payload={"id": "rem_2", "name": secret, "details": secret}, user_id="u1")
    synced.delete(2, deletions.HELD, name=secret)
    run = synced.run()
    synced.conflict(run, 2, Conflict("details", Pair(secret, secret), Pair(secret, secret), "task"))
    for words in (["check"], ["check", "--json"]):
        out = tasksync(*words).out
        assert secret not in out
        assert "@example.com" not in out
