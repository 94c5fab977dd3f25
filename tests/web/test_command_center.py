"""Command Center: what is due today and tomorrow by each user's calendar, on both sides as they are now."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tasksync_engine.ledger import open_ledger
from tests.project.copies import free_ports
from tests.sync.team import salesforce_user
from tests.web.stage import served

from .conftest import Browser

pytestmark = pytest.mark.usefixtures("one_date")
VIENNA = ZoneInfo("Europe/Vienna")


def due(days, zone=VIENNA):
    """The date so many days from now, there."""
    return (datetime.now(UTC).astimezone(zone).date() + timedelta(days=days)).isoformat()


def move(team, user, zone):
    """A user moves to another time zone."""
    (row,) = [row for row in team.sandbox.ask("GET", "/v1/users").json()["data"] if row["id"] == user]
    team.sandbox.load(sales_connect={"users": [{**row, "time_zone": zone}]})


def test_a_pair_that_agrees(browser, team, meltano):
    """Both sides' values next to each other; what is due on other days is not shown."""
    team.remind("Today's", due_date=due(0))
    team.remind("Tomorrow's", due_date=due(1), priority="high")
    team.remind("Yesterday's", due_date=due(-1))
    team.remind("Next week's", due_date=due(7))
    team.remind("Whenever")
    meltano.sync()
    text = browser.read("/command-center")
    assert "Today's Today open · normal Not Started · Normal The same" in text
    assert "Tomorrow's Tomorrow open · high Not Started · High The same" in text
    assert text.index("Today's") < text.index("Tomorrow's")
    assert not [name for name in ("Yesterday's", "Next week's", "Whenever") if name in text]
    assert "bob@example.com Europe/Vienna" in text
    assert "Nothing is due today or tomorrow." in text


def test_differences_are_marked_and_explained(browser, team, meltano):
    """Which side was changed, and what the next run makes of it."""
    names = ("Mine", "Theirs", "Both", "Odd", "Moved")
    ids = {name: team.remind(name, due_date=due(0), details="old") for name in names}
    meltano.sync()
    tasks = {name: team.task_of(ids[name])["Id"] for name in names}
    team.edit_reminder(ids["Mine"], priority="high")
    team.edit_task(tasks["Theirs"], Description="new")
    team.edit_reminder(ids["Both"], details="a")
    team.edit_task(tasks["Both"], Description="b")
    team.edit_task(tasks["Odd"], Status="In Progress", Subject="Another subject")
    team.edit_reminder(ids["Moved"], due_date=due(1))
    text = browser.read("/command-center")
    assert "Mine Today open · high Not Started · Normal priority changed in Sales Connect: goes to Salesforce" in text
    assert (
        "details changed in Salesforce: goes to Sales Connect with the next run Sales Connect: old Salesforce: new"
        in text
    )
    assert "details changed on both sides: the next run decides by the conflict policy" in text
    assert "status differs and stays so: this value has no counterpart" in text
    assert "name differs and stays so: an edited Subject does not travel" in text
    assert "Moved Tomorrow open · normal Not Started · Normal due date changed in Sales Connect" in text
    assert browser.get("/command-center").text.count('class="value differs"') == 4
    only = browser.read("/command-center?show=different")
    assert all(name in only for name in names)
    meltano.sync()
    after = browser.read("/command-center?show=different")
    assert "Odd" in after
    assert not [name for name in ("Mine", "Theirs", "Both", "Moved") if f" {name} Today" in after]


def test_the_day_is_each_users_own(browser, team, meltano):
    """What is today for one may be tomorrow, or over, for another."""
    early, late = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 25 hours apart: never the same date
    move(team, "u1", early)
    move(team, "u2", late)
    for zone in (early, late):
        team.remind(f"Of {zone} for Ann", due_date=due(0, ZoneInfo(zone)))
        team.remind(f"Of {zone} for Bob", due_date=due(0, ZoneInfo(zone)), assignee_id="u2")
    meltano.sync()
    text = browser.read("/command-center")
    assert f"Of {early} for Ann Today" in text
    assert f"Of {late} for Bob Today" in text
    assert f"Of {late} for Ann" not in text
    assert f"Of {early} for Bob Today" not in text


def test_what_is_not_linked_yet_is_shown(browser, team, meltano):
    """A reminder made since the last run, a task that nobody imported, and a parked create."""
    meltano.sync()
    team.remind("Just made", due_date=due(0))
    team.task("Just made there", ActivityDate=due(1))
    text = browser.read("/command-center")
    assert "Just made Today open · normal none yet Not linked." in text
    assert "Just made there Tomorrow none yet Not Started · Normal Not linked." in text
    team.refuse("salesforce", "ENTITY_IS_LOCKED")
    meltano.to_salesforce()
    assert "Just made parked Today open · normal none yet Not linked: its change is parked." in browser.read(
        "/command-center"
    )


def test_a_deleted_side_is_told(browser, team, meltano):
    """The other is shown, and that the next run decides; a pair that is gone on both sides is not."""
    here, there, both = (team.remind(name, due_date=due(0)) for name in ("Here", "There", "Both"))
    meltano.sync()
    tasks = {reminder: team.task_of(reminder)["Id"] for reminder in (here, there, both)}
    team.delete_task(tasks[here])
    team.delete_reminder(there)
    team.delete_task(tasks[both])
    team.delete_reminder(both)
    text = browser.read("/command-center")
    assert "Here Today open · normal deleted Deleted in Salesforce: the next run decides." in text
    assert "There Today deleted Not Started · Normal Deleted in Sales Connect: the next run decides." in text
    assert "Both Today" not in text


def test_what_was_completed_comes_last(browser, team, meltano):
    """And can be left out."""
    team.remind("A done one", due_date=due(0), status="completed")
    team.remind("B open one", due_date=due(0))
    meltano.sync()
    text = browser.read("/command-center")
    assert text.index("B open one") < text.index("A done one")
    assert "A done one completed Today" in text
    assert "A done one" not in browser.read("/command-center?show=open")


def test_one_user_alone(browser, team, meltano):
    """Neither the others' tasks nor their headings."""
    team.remind("Of Ann", due_date=due(0))
    team.remind("Of Bob", due_date=due(0), assignee_id="u2")
    team.task("Bob's own", ActivityDate=due(0), OwnerId=salesforce_user(2))
    meltano.sync()
    text = browser.read("/command-center?user=u2")
    assert "Of Bob" in text
    assert "Bob's own" in text
    assert "Of Ann" not in text
    assert "Nobody takes part" in browser.read("/command-center?user=nobody")


@pytest.mark.parametrize(
    ("variable", "said", "told"),
    [
        ("SALESFORCE_LOGIN_URL", "Salesforce cannot be asked right now", "Due Today open · high Not Started · Normal"),
        (
            "SALES_CONNECT_URL",
            "Sales Connect cannot be asked right now",
            "Due Today open · normal Not Started · Normal",
        ),
    ],
)
def test_one_side_does_not_answer(browser, team, meltano, monkeypatch, variable, said, told):  # noqa: PLR0913, PLR0917
    """The other is shown as it is now, that one as the ledger last knew it, and nothing counts as a difference."""
    reminder = team.remind("Due", due_date=due(0))
    meltano.sync()
    team.edit_reminder(reminder, priority="high")
    monkeypatch.setenv(variable, f"http://127.0.0.1:{free_ports(1)[0]}")
    text = browser.read("/command-center")
    assert said in text
    assert f"{told} Not compared: a side is missing." in text


def test_a_side_that_hangs_is_not_waited_for(team, meltano, sandbox):
    """The page comes when its patience ends, with the other side as it is now; the next page likewise."""
    team.remind("Due", due_date=due(0))
    meltano.sync()
    sandbox.fault("sales_connect", "latency", seconds=8)
    with served(patience=0.7) as console:
        browser = Browser(console.url)
        for path in ("/command-center", "/settings"):
            begun = time.monotonic()
            text = browser.read(path)
            assert time.monotonic() - begun < 7  # less than the service takes, however busy this machine is
            assert "Sales Connect cannot be asked right now No answer within 0.7 seconds." in text
        assert "Due Today open · normal Not Started · Normal" in browser.read("/command-center")
    sandbox.clear_faults("sales_connect")


def test_another_orgs_tasks_are_not_shown(browser, team, meltano):
    """Where the credentials lead elsewhere than the ledger's own org and tenant, that is said instead."""
    team.remind("Due", due_date=due(0))
    meltano.sync()
    with open_ledger(meltano.ledger_url) as ledger:
        ledger.put("org_id", "00D000000000009EAA")
        ledger.put("account_id", "another")
    text = browser.read("/command-center")
    assert "The ledger belongs to Salesforce org 00D000000000009EAA, but the credentials lead to" in text
    assert "The ledger belongs to Sales Connect tenant another, but the credentials lead to" in text
    assert "Not compared: a side is missing." in text


def test_it_asks_in_batches(browser, team, meltano, sandbox):
    """Fifty pairs of two users cost a handful of calls."""
    for number in range(25):
        team.remind(f"Call {number}", due_date=due(number % 2))
        team.remind(f"Call {number} too", due_date=due(number % 2), assignee_id="u2")
    meltano.sync()
    sandbox.forget_calls()
    assert "Call 24 too" in browser.read("/command-center")
    assert sandbox.calls("salesforce")["total"] <= 3
    assert sandbox.calls("sales_connect")["total"] <= 4
    assert len(sandbox.writes("salesforce")) == 50
