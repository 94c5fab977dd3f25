"""What each page shows: for nothing at all, a little, an unreachable side, and without a ledger."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tasksync_engine import usage
from tasksync_engine.ledger import deletions, links, open_ledger, runs
from tasksync_mappings import Conflict, Pair
from tests.console.conftest import ANN, DAN, reminder_id, task_id
from tests.project.copies import free_ports

from .conftest import words

OF_THE_LEDGER = ("/", "/command-center", "/diagnostics", "/conflicts", "/links", "/roster")


@pytest.fixture
def unreachable(project, monkeypatch):
    """Nobody listens where both services should be."""
    del project
    for name, port in zip(("SALESFORCE_LOGIN_URL", "SALES_CONNECT_URL"), free_ports(2), strict=True):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("path", [*OF_THE_LEDGER, "/task?id=rem_1"])
@pytest.mark.usefixtures("project")
def test_without_a_ledger_a_page_says_what_to_do(browser, path):
    """The first run makes it; nothing is made by looking."""
    answer = browser.get(path)
    assert answer.status_code == 503
    assert "Nothing was synced yet" in words(answer.text)
    assert "run meltano run to-salesforce first" in words(answer.text)
    assert browser.get(path).status_code == 503


def test_without_a_ledger_the_settings_can_be_set(browser, team):
    """Users are Sales Connect's to tell; the mapping says that it waits for the ledger."""
    del team
    text = browser.read("/settings")
    assert "ann@example.com" in text
    assert "The mapping cannot be shown yet There is no ledger at" in text


def test_a_newer_ledger_is_named(browser, book):
    """As one of a newer version, with what to do; not as an error of the console."""
    with open_ledger(book.url) as ledger, ledger.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    answer = browser.get("/links")
    assert answer.status_code == 503
    assert "The ledger cannot be read" in words(answer.text)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "Run meltano run sync first."),
        ("/command-center", "Nobody takes part"),
        ("/diagnostics", "Nothing is parked"),
        ("/conflicts", "There are no conflicts"),
        ("/links", "There are no such links"),
        ("/roster", "Taking part: 0"),
        ("/settings", "Sales Connect has no users."),
        ("/task", "Find a task"),
    ],
)
def test_a_page_with_nothing_says_so(browser, book, path, said):
    """In words, and with what comes next where something does."""
    del book
    assert said in browser.read(path)


@pytest.mark.usefixtures("unreachable", "one_date")
@pytest.mark.parametrize("path", [*OF_THE_LEDGER, "/settings", "/task?id=rem_1"])
def test_an_unreachable_side_leaves_what_the_ledger_knows(browser, book, path):
    """The page is there, with the ledger's names; where a service would be asked, that is said."""
    now = datetime.now(UTC)
    today = now.date().isoformat()
    book.enrol(ANN, DAN)
    book.run()
    book.park(1)
    base = {"name": Pair("Call Ann", "Call Ann"), "due_date": Pair(today, today), "status": Pair("open", "Not Started")}
    book.write(links.add, [links.NewLink(reminder_id(1), task_id(1), base, "u1", ANN.salesforce_id, "pushed")], now)
    text = browser.read(path)
    if path in {"/command-center", "/task?id=rem_1"}:
        assert "Sales Connect cannot be asked right now" in text
        assert "Salesforce cannot be asked right now" in text
        assert "Call Ann" in text
    elif path == "/settings":
        assert "Sales Connect cannot be asked right now" in text
        assert "ann@example.com: on" in text
        assert "dan@example.com: on, left out: no active Salesforce user has this email" in text
        assert "status Status picklist" in text
    elif path == "/":
        assert "1 open link between reminders and tasks, 1 user taking part." in text


@pytest.mark.usefixtures("one_date")
def test_the_overview_tells_how_it_goes(browser, book):
    """Findings, lag, the schedule's next run, the org's allowance, runs day by day, and what waits."""
    now = datetime.now(UTC)
    book.enrol(ANN, DAN)
    book.park(1)
    book.delete(2, deletions.HELD)
    with open_ledger(book.url) as ledger, ledger.transaction() as connection:
        for days, outcome in ((2, runs.OK), (1, runs.STOPPED), (0, runs.OK)):
            at = now - timedelta(days=days)
            number = runs.start(connection, "to-salesforce", at, dry_run=False)
            counts = {"read": 1234, "created": 1000 + days, "skipped: user is off": 7}
            runs.end(
                connection, number, ended_at=at, outcome=outcome, complete=outcome == runs.OK, counts=counts,
                api_calls=40 + days, seconds=2.0,
            )  # fmt: skip
    with open_ledger(book.url) as ledger:
        usage.note(ledger, (1234, 100_000))
    text = browser.read("/")
    assert "Needs a person The brake holds 1 deletion from Sales Connect: rem_2." in text
    assert "parked with ENTITY_IS_LOCKED (Access/Validation): rem_1" in text
    assert "Lag to Salesforce" in text
    assert "is over there, or parked; 2 changes wait." in text
    assert "Lag to Sales Connect not yet No run got to its end yet." in text
    assert "By the schedule sync-every-5-minutes ( */5 * * * * )" in text
    told = r"The org has used 1,234 of 100,000; 10,000 are left to others, 88,766 are free\. Told \d+ s ago\."
    assert re.search(told, text)
    assert "read 1234, created 1000, skipped 7" in text
    day = (now - timedelta(days=1)).strftime("%a %d %b")
    assert f"{day} 1,001 0 1 1 41" in text
    assert "dan@example.com: no active Salesforce user has this email" in text
    assert "1 change parked with ENTITY_IS_LOCKED" in text
    assert "1 deletion from Sales Connect held by the brake" in text


@pytest.mark.parametrize(("minutes", "late"), [(4, False), (16, True)])
def test_a_scheduler_that_stands_still_is_noticed(browser, book, minutes, late):
    """Where the last complete run is more than three intervals of five minutes old."""
    with open_ledger(book.url) as ledger, ledger.transaction() as connection:
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        number = runs.start(connection, "to-salesforce", at, dry_run=False)
        runs.end(connection, number, ended_at=at, outcome=runs.OK, complete=True)
    assert ("is the scheduler running?" in browser.read("/")) is late


def test_the_overview_asks_nobody(browser, book, sandbox):
    """What it tells is the ledger's: it costs no API call."""
    del book
    sandbox.forget_calls()
    browser.read("/")
    assert (sandbox.calls("salesforce")["total"], sandbox.calls("sales_connect")["total"]) == (0, 0)


def test_the_roster_says_who_is_left_out_and_why(browser, team, meltano):
    """After a sync: who takes part, who is left out, who is off."""
    del team
    meltano.to_salesforce()
    text = browser.read("/roster")
    assert "Taking part: 2" in text
    assert "On, but left out: 1" in text
    assert "dan@example.com u4 none Europe/Vienna no active Salesforce user has this email" in text
    assert "Off: 1" in text
    assert "cid@example.com u3" in text


def test_conflicts_are_filtered(browser, book):
    """By field, by whose value stands, and by user; the others are not shown."""
    book.enrol(ANN)
    book.link(1, "Call Ann")
    run = book.run()
    book.conflict(run, 1, Conflict("details", Pair("old", "old"), Pair("mine", "yours"), "task"))
    book.conflict(run, 2, Conflict("due_date", None, Pair("2026-11-20", "2026-11-21"), "reminder"))
    text = browser.read("/conflicts")
    assert "2 recorded in all" in text
    assert "Call Ann details old mine lost yours stands" in text
    assert "due date never agreed 2026-11-20 stands 2026-11-21 lost" in text
    for query in ("field=details", "winner=task", "user=u1"):
        assert "never agreed" not in browser.read(f"/conflicts?{query}")
    assert "No conflict of that kind" in browser.read("/conflicts?field=priority")
    assert "No conflict of that kind" in browser.read("/conflicts?user=nobody")


def test_a_conflict_with_a_deletion_is_told_in_words(browser, book):
    """With what was lost."""
    lost = Conflict("deletion", None, Pair(None, {"Subject": "Visit"}), "reminder")
    book.conflict(book.run(), 1, lost)
    assert "deleted in Sales Connect, edited in Salesforce; lost there: Subject Visit" in browser.read("/conflicts")


def test_links_are_filtered_by_state_and_user(browser, book):
    """Open ones are shown first; a state that there is none of shows them all."""
    book.enrol(ANN)
    book.link(1, "Open one")
    book.link(2, "Closed one", state="closed")
    text = browser.read("/links")
    assert "Open one" in text
    assert "Closed one" not in text
    assert "Closed one" in browser.read("/links?state=closed")
    assert "Closed one" in browser.read("/links?state=nonsense&older=nonsense&newer=99999999999999999999")
    assert "There are no such links" in browser.read("/links?user=u2")
    assert "Open one" in browser.read("/links?user=u1")


def test_what_a_record_holds_is_text(browser, book):
    """Markup in names, messages and ids is shown as it is, and does nothing."""
    evil = '<script>alert("x")</script>'
    book.enrol(ANN)
    book.link(1, evil)
    book.park(1, message=evil, code=evil)
    book.conflict(book.run(message=evil), 1, Conflict("details", Pair(evil, evil), Pair(evil, evil), "task"))
    for path in (*OF_THE_LEDGER, "/task?id=rem_1", f"/task?id={evil}", f"/settings?template={evil}&q={evil}"):
        answer = browser.get(path)
        assert answer.status_code in {200, 404}
        assert "<script>alert" not in answer.text, path
    assert evil in browser.read("/links")


def test_a_page_that_breaks_is_told_without_its_insides(browser, book):
    """A table that is gone is the ledger's trouble, named in one line and without its statement."""
    with open_ledger(book.url) as ledger, ledger.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE links")
    answer = browser.get("/links")
    assert answer.status_code == 503
    assert "no such table: links" in answer.text
    assert "SELECT" not in answer.text


def test_there_is_no_other_page(browser, book):
    """Each in the console's own looks."""
    del book
    for answer, status in (
        (browser.get("/nowhere"), 404),
        (browser.get("/static/../guard.py"), 404),
        (browser.get("/settings/switch"), 405),
    ):
        assert answer.status_code == status
    assert "There is no such page" in words(browser.get("/nowhere").text)
    assert browser.get("/static/guard.py").status_code == 404


def test_light_or_dark_is_kept(browser, book):
    """Until it is chosen, the system decides; a word that is no choice leaves it to the system."""
    del book
    assert '<html lang="en" data-theme="auto">' in browser.get("/links").text
    answer = browser.send("/theme", "/links", theme="dark", next="/links")
    assert answer.url.endswith("/links")
    assert '<html lang="en" data-theme="dark">' in browser.get("/roster").text
    browser.send("/theme", "/links", theme="pink")
    assert '<html lang="en" data-theme="auto">' in browser.get("/roster").text


def test_the_page_that_is_open_is_marked(browser, book):
    """For those who hear the navigation."""
    del book
    assert '<a href="/links" aria-current="page">Links</a>' in browser.get("/links?state=all").text


def test_ids_lead_to_the_task(browser, book):
    """From the list of links, both of them."""
    book.link(1)
    text = browser.get("/links").text
    assert f'href="/task?id={reminder_id(1)}"' in text
    assert f'href="/task?id={task_id(1)}"' in text
