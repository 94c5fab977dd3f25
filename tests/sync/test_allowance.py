"""Salesforce's API calls are short: what is urgent goes first, the reserve stays untouched, nothing is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tap_salesconnect.tap import TapSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_clients import AllowanceExhausted
from tasksync_console.findings import find
from tasksync_engine.allowance import Work, is_short, is_urgent, today, what_fits
from tasksync_engine.ledger import open_ledger
from tasksync_engine.records import read_reminder
from tasksync_mappings import Pair, load_mapping
from tests.sync.steps import paired, quiet
from tests.sync.team import salesforce_user

FIELDS = load_mapping(None)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIXED = 1
"""Calls of a run before its first change, once Task was described by an earlier one: the roster's users."""


def allow(team, left: int) -> None:
    """So many calls are left above the reserve of 10 %."""
    team.sandbox.control("salesforce", "POST", "allowance", {"max": 1000, "used": 900 - left})


def used(team) -> int:
    """Calls of the last 24 hours."""
    return team.sandbox.control("salesforce", "POST", "allowance", {})["used"]


def reminder_record(**members):
    """A reminder as the engine looks at it."""
    return read_reminder(
        {"id": "r1", "status": "open", "due_date": None, "updated_at": "2026-11-20T12:00:00Z"} | members
    )


# The decisions.


@pytest.mark.parametrize(
    ("members", "base", "urgent"),
    [
        ({}, {"status": Pair("open", "Not Started")}, False),
        ({"due_date": "2026-11-20"}, {"status": Pair("open", "Not Started")}, True),
        ({"due_date": "2026-11-20"}, None, True),
        ({"due_date": "2026-11-21"}, None, False),
        ({"status": "completed"}, {"status": Pair("open", "Not Started")}, True),
        ({"status": "completed"}, {"status": Pair("completed", "Completed")}, False),
        ({"status": "completed"}, {}, True),
        ({"status": "completed"}, None, False),
        ({"status": "open"}, {"status": Pair("completed", "Completed")}, False),
    ],
)
def test_completions_and_what_is_due_today_are_urgent(members, base, urgent):
    """A completion is a linked reminder that is completed now and was not when both sides last agreed."""
    assert is_urgent(reminder_record(**members), base, FIELDS, "2026-11-20") is urgent


@pytest.mark.parametrize(
    ("zone", "at", "date"),
    [
        ("Europe/Vienna", datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "2026-11-21"),
        ("America/New_York", datetime(2026, 11, 20, 3, tzinfo=UTC), "2026-11-19"),
        (None, datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "2026-11-20"),
        ("Mars/Olympus", datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "2026-11-20"),
        ("../../etc/passwd", datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "2026-11-20"),
        ("Europe", datetime(2026, 11, 20, 23, 30, tzinfo=UTC), "2026-11-20"),
    ],
)
def test_today_is_the_users(zone, at, date):
    """By UTC where their zone is unknown."""
    assert today(at, zone) == date


def cost(linked: int, unlinked: int) -> int:
    """A call for each ten."""
    return -(-linked // 10) + -(-unlinked // 10)


@pytest.mark.parametrize(("left", "short"), [(None, False), (5, False), (4, True), (0, True), (-3, True)])
def test_short_is_less_than_the_work_and_what_is_kept_back(left, short):
    """Two calls for the linked, one for the unlinked, two kept back."""
    assert is_short(20, 10, left, cost, kept_back=20) is short


def test_as_much_goes_as_fits_and_what_is_urgent_first():
    """In the order in which it waits, but for what is urgent."""
    work = [Work(reminder_record(id=f"r{n}"), linked=True, urgent=n in {25, 29}) for n in range(30)]
    fit = [one.record.id for one in what_fits(work, 1, cost, 2000)]
    assert fit == ["r25", "r29", *(f"r{n}" for n in range(8))]
    assert what_fits(work, 0, cost, 2000) == []
    assert len(what_fits(work, None, cost, 2000)) == 30
    assert len(what_fits(work, None, cost, 7)) == 7


# The runs.


def bookmark(meltano) -> str:
    """Up to when the reminders are read and settled."""
    return str(meltano.states["to-salesforce"]["bookmarks"]["reminders"]["replication_key_value"])


def noon(team) -> str:
    """The services' clock goes to a noon of Ann's, whatever the time is: her date, which it stays."""
    now = datetime.now(ZoneInfo("Europe/Vienna"))
    then = now.replace(hour=12) + timedelta(days=1)
    team.later((then - now).total_seconds())
    return then.date().isoformat()


@pytest.fixture
def backlog(team, meltano):
    """Four pairs, and a change of each kind waiting; of ids by kind."""
    date = noon(team)
    reminders = {kind: team.remind(kind, details="old") for kind in ("low", "completed", "due", "deleted")}
    meltano.sync()
    team.edit_reminder(reminders["low"], details="new")
    team.edit_reminder(reminders["completed"], status="completed")
    team.edit_reminder(reminders["due"], details="new", due_date=date)
    team.delete_reminder(reminders["deleted"])
    return reminders


def state_of(team):
    """Each living task by its subject: description and status."""
    return {row["Subject"]: (row["Description"], row["Status"]) for row in team.tasks()}


def test_urgent_goes_and_the_rest_waits(team, meltano, backlog, ledger):
    """Completions, what is due today and deletions use the calls that are left; the rest is kept whole and counted."""
    allow(team, FIXED + 5)  # reading and writing what is urgent, reading and deleting what is deleted, and one more
    meltano.to_salesforce()
    assert used(team) <= 900
    tasks = state_of(team)
    assert tasks == {
        "low": ("old", "Not Started"),
        "completed": ("old", "Completed"),
        "due": ("new", "Not Started"),
    }
    (row,) = ledger("SELECT record_id, code, retry_at FROM parked")
    assert row == {"record_id": backlog["low"], "code": "allowance", "retry_at": None}
    (run,) = ledger("SELECT outcome, counts FROM runs ORDER BY id DESC LIMIT 1")
    assert run["outcome"] == "ok"
    assert json.loads(run["counts"])["deferred"] == 1
    allow(team, 500)
    meltano.sync()
    assert state_of(team)["low"] == ("new", "Not Started")
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


@pytest.mark.usefixtures("backlog")
def test_the_rest_goes_last_in_the_same_run_where_calls_are_left(team, meltano, ledger):
    """Behind the deletions; nothing is deferred then."""
    allow(team, FIXED + 7)
    meltano.to_salesforce()
    writes = [(write["action"], write["id"]) for write in team.sandbox.writes("salesforce")][4:]
    assert [action for action, _ in writes] == ["update", "update", "delete", "update"]
    assert state_of(team)["low"] == ("new", "Not Started")
    assert ledger("SELECT * FROM parked") == []
    (run,) = ledger("SELECT counts FROM runs ORDER BY id DESC LIMIT 1")
    assert not json.loads(run["counts"]).get("deferred")


def test_what_is_urgent_in_a_later_batch_goes_before_the_rest_of_an_earlier_one(team, meltano, ledger):
    """Three batches; the calls suffice for one of them, and it is the last that needs it."""
    first, second, urgent = (team.remind(name, details="old") for name in ("first", "second", "urgent"))
    meltano.sync()
    team.edit_reminder(first, details="new")
    team.edit_reminder(second, details="new")
    team.edit_reminder(urgent, status="completed")
    lines = meltano.read("to-salesforce", TapSalesconnect, meltano.sales_connect, {"people"}).splitlines(keepends=True)
    state = next(line for line in lines if b'"STATE"' in line)
    in_batches = [
        part for line in lines for part in ([line, state] if b'"RECORD"' in line and b'"reminders"' in line else [line])
    ]
    allow(team, FIXED + 3)
    meltano.write("to-salesforce", TargetSalesforceTasks, meltano.salesforce, b"".join(in_batches))
    assert {name: status for name, (_, status) in state_of(team).items()} == {
        "first": "Not Started",
        "second": "Not Started",
        "urgent": "Completed",
    }
    assert {row["record_id"] for row in ledger("SELECT record_id FROM parked WHERE code = 'allowance'")} == {
        first,
        second,
    }


def test_a_newer_version_takes_the_place_of_what_waits(team, meltano, backlog, ledger):
    """And where it has become urgent, it goes at once."""
    allow(team, FIXED + 5)
    meltano.to_salesforce()
    team.edit_reminder(backlog["low"], details="newer")
    allow(team, FIXED + 2)
    meltano.to_salesforce()
    (row,) = ledger("SELECT code, payload FROM parked")
    assert (row["code"], "newer" in row["payload"]) == ("allowance", True)
    team.edit_reminder(backlog["low"], status="completed")
    allow(team, FIXED + 3)
    meltano.to_salesforce()
    assert state_of(team)["low"] == ("newer", "Completed")
    assert ledger("SELECT * FROM parked") == []


@pytest.mark.usefixtures("backlog")
def test_at_the_reserve_the_run_stops_and_says_what_is_known(team, meltano, ledger):
    """Nothing is written, the bookmark stays, the numbers and their time are told; the next run continues."""
    before, tasks = bookmark(meltano), state_of(team)
    allow(team, 0)
    with pytest.raises(AllowanceExhausted, match=r"of 1,000 calls .* 100 are left to others .*percent 10"):
        meltano.to_salesforce()
    assert used(team) == 901  # the one that told
    assert (bookmark(meltano), state_of(team)) == (before, tasks)
    (run,) = ledger("SELECT outcome, message FROM runs ORDER BY id DESC LIMIT 1")
    assert run["outcome"] == "stopped"
    assert "24 hours after it was made" in run["message"]
    allow(team, 500)
    meltano.sync()
    assert sorted(state_of(team)) == ["completed", "due", "low"]
    quiet(team, meltano)


@pytest.mark.usefixtures("backlog")
def test_urgent_work_that_the_calls_do_not_suffice_for_stops_the_run(team, meltano):
    """What was done stays done, the deletion waits in the ledger, and the reserve is untouched."""
    allow(team, FIXED + 2)
    with pytest.raises(AllowanceExhausted):
        meltano.to_salesforce()
    assert used(team) == 900
    assert state_of(team)["completed"][1] == "Completed"
    assert "deleted" in state_of(team)
    allow(team, 500)
    meltano.sync()
    assert "deleted" not in state_of(team)
    quiet(team, meltano)


def test_used_up_by_others_is_told_with_its_numbers(team, meltano):
    """Without a reserve, Salesforce itself refuses; the message says how many calls were used, and of how many."""
    meltano.salesforce["api_reserve_percent"] = 0
    paired(team, meltano)
    team.remind("More")
    team.sandbox.control("salesforce", "POST", "allowance", {"max": 1000, "used": 1000})
    with pytest.raises(AllowanceExhausted, match="1,000 of 1,000 calls of the last 24 hours were used"):
        meltano.to_salesforce()
    allow(team, 500)
    meltano.sync()
    assert len(team.tasks()) == 2


def test_the_tap_stops_before_the_reserve_too(team, meltano):
    """With exit code 1 and its bookmark; the next run reads on."""
    _, task = paired(team, meltano)
    team.edit_task(task, Description="from Salesforce")
    allow(team, 0)
    with pytest.raises(SystemExit) as end:
        meltano.to_salesconnect()
    assert end.value.code == 1
    assert used(team) == 901
    allow(team, 500)
    meltano.sync()
    assert [row["details"] for row in team.reminders()] == ["from Salesforce"]


@pytest.mark.parametrize("parallel", [1, 8])
def test_many_writes_at_once_never_touch_the_reserve(team, meltano, parallel):
    """However many requests may be under way."""
    meltano.salesforce["parallel_requests"] = parallel
    date = noon(team)
    for number in range(1000):
        team.remind(f"Call {number}", due_date=date)
    allow(team, FIXED + 6)  # describing Task takes one, looking up takes some of them, and the writes would take five
    with pytest.raises(AllowanceExhausted):
        meltano.to_salesforce()
    assert used(team) == 900
    allow(team, 500)
    meltano.sync()
    assert len(team.tasks()) == 1000
    quiet(team, meltano)


def test_where_no_answer_has_told_yet_one_is_asked_for(team, meltano):
    """Everybody's Salesforce user is known, and Task was described: without a look the first batch would go blindly."""
    users = [{"id": f"u{number}", "salesforce_user_id": salesforce_user(number)} for number in (1, 2)]
    team.sandbox.load(sales_connect={"users": users})
    team.switch("u4", on=False)
    reminders = [team.remind(f"Call {number}", details="old") for number in range(205)]
    meltano.sync()
    for reminder in reminders[:-1]:
        team.edit_reminder(reminder, details="new")
    team.edit_reminder(reminders[-1], status="completed")
    allow(team, 4)
    meltano.to_salesforce()
    assert used(team) <= 900
    assert [row["Subject"] for row in team.tasks() if row["Status"] == "Completed"] == ["Call 204"]
    assert not any(row["Description"] == "new" for row in team.tasks())
    allow(team, 500)
    meltano.sync()
    assert sum(row["Description"] == "new" for row in team.tasks()) == 204
    quiet(team, meltano)


def test_deferring_does_not_make_an_old_reminder_owed(team, meltano, ledger):
    """A reminder from before E gets no task, whenever it is decided; a new one does, whatever E becomes."""
    meltano.sync()
    stamp = team.stamp(team.enabled_at - timedelta(days=3))
    old = {"id": "rem_old", "type": "call", "name": "Old", "assignee_id": "u1", "status": "open", "priority": "normal",
           "created_at": stamp, "updated_at": team.stamp(datetime.now(UTC))}  # fmt: skip
    team.sandbox.load(sales_connect={"reminders": [old]})
    team.remind("New")
    allow(team, FIXED + 2)  # describing Task takes one
    meltano.to_salesforce()
    assert {row["record_id"]: row["owed"] for row in ledger("SELECT record_id, owed FROM parked")}["rem_old"] == 0
    assert team.tasks() == []
    team.later(3600)
    team.switch("u1", on=False)
    team.switch("u1", on=True)
    allow(team, 500)
    meltano.to_salesforce()
    assert [row["Subject"] for row in team.tasks()] == ["New"]
    assert ledger("SELECT * FROM parked") == []


def test_due_today_is_by_the_users_time_zone(team, meltano):
    """Ann lives in Vienna: at half past eleven in the evening by UTC her tomorrow has begun."""
    reminder = team.remind("Early", details="old")
    late = team.remind("Late", details="old")
    meltano.sync()
    midnight = datetime.now(UTC).replace(hour=23, minute=30) + timedelta(days=1)
    team.later((midnight - datetime.now(UTC)).total_seconds())
    team.edit_reminder(reminder, due_date=(midnight + timedelta(days=1)).date().isoformat())
    team.edit_reminder(late, due_date=midnight.date().isoformat())
    allow(team, FIXED + 3)
    meltano.to_salesforce()
    dates = {row["Subject"]: row["ActivityDate"] for row in team.tasks()}
    assert dates == {"Early": (midnight + timedelta(days=1)).date().isoformat(), "Late": None}


@pytest.mark.usefixtures("backlog")
def test_what_waits_is_told_and_needs_no_person(team, meltano):
    """`check` mentions it and does not fail for it."""
    allow(team, FIXED + 5)
    meltano.to_salesforce()
    with open_ledger(meltano.ledger_url) as ledger, ledger.transaction() as connection:
        findings = find(connection)
    assert [finding.fails for finding in findings if finding.kind == "deferred"] == [False]
    assert not any(finding.kind in {"parked", "reported"} for finding in findings)


def test_sales_connect_has_no_allowance(team, meltano):
    """Reminders are written as ever: only the reading of tasks counts against Salesforce's calls."""
    _, task = paired(team, meltano)
    team.edit_task(task, Description="new")
    allow(team, 8)
    meltano.to_salesconnect()
    assert [row["details"] for row in team.reminders()] == ["new"]
