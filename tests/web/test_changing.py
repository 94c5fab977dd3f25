"""What the console changes: task sync boxes, parked changes; and what it only shows: templates, one task's history."""

import time

import pytest

from tasksync_console.web.pages.settings import SAMPLE
from tasksync_engine.ledger import parked, runs
from tasksync_mappings import Conflict, Pair
from tests.console.conftest import AT, reminder_id
from tests.project.copies import free_ports
from tests.sync.steps import paired
from tests.web.stage import served

from .conftest import Browser, words


def box(sandbox, user):
    """Whether a user's task sync is on in Sales Connect."""
    (found,) = [row for row in sandbox.ask("GET", "/v1/users").json()["data"] if row["id"] == user]
    return found["task_sync"]["enabled"]


def waiting(book):
    """What is parked, by record."""
    return {change.record_id: change for change in book.write(parked.everything)}


# The task sync box


def test_a_box_is_turned_on_and_off_in_sales_connect(browser, book, team, sandbox):
    """At once, and only that user's; the page says what the next run makes of it."""
    del book, team
    page = browser.get("/settings").text
    assert 'id="switch-u3" name="on" value="true" role="switch" aria-checked="false"' in page
    answer = browser.send("/settings/switch", user="u3", on="true", next="/settings")
    assert answer.url == f"{browser.url}/settings"
    assert "Task sync is on for cid@example.com (u3)" in words(answer.text)
    assert 'id="switch-u3" name="on" value="false" role="switch" aria-checked="true"' in answer.text
    assert (box(sandbox, "u3"), box(sandbox, "u1")) == (True, True)
    off = browser.send("/settings/switch", user="u3", on="false")
    assert "Task sync is off for cid@example.com (u3)" in words(off.text)
    assert not box(sandbox, "u3")
    assert "Task sync is off" not in browser.read("/settings")


@pytest.mark.parametrize(
    "fault",
    [{"kind": "status", "status": 403}, {"kind": "drop_before"}],
)
def test_a_refused_box_is_told(browser, book, team, sandbox, fault):
    """With the reason; the box stands as it stood."""
    del book, team
    key = browser.key()
    sandbox.fault("sales_connect", **fault, method="PATCH")
    form = {"form_key": key, "user": "u3", "on": "true"}
    assert "Task sync was not changed:" in words(
        browser.http.post(f"{browser.url}/settings/switch", data=form, timeout=30).text
    )
    assert not box(sandbox, "u3")


def test_a_box_that_is_answered_too_late_is_told_as_that(book, team, sandbox):
    """It may still change: nobody is told that it did not."""
    del book, team
    with served(patience=0.5) as console:
        browser = Browser(console.url)
        key = browser.key()
        sandbox.fault("sales_connect", "latency", seconds=2, method="PATCH", times=1)
        form = {"form_key": key, "user": "u3", "on": "true"}
        text = words(browser.http.post(f"{console.url}/settings/switch", data=form, timeout=30).text)
    assert "The box may still change: load this page again" in text
    assert "was not changed" not in text
    for _ in range(100):
        if box(sandbox, "u3"):
            break
        time.sleep(0.05)
    assert box(sandbox, "u3")


def test_an_unknown_user_is_told(browser, book, team):
    """Nobody is switched."""
    del book, team
    answer = browser.send("/settings/switch", user="u99", on="true")
    assert "Sales Connect has no user with the email or id u99. Nothing was changed." in words(answer.text)


def test_users_are_found(browser, book, team):
    """By a part of what they are called; a name that nobody has says so."""
    del book, team
    found = browser.read("/settings?q=CID")
    assert "cid@example.com" in found
    assert "ann@example.com" not in found
    assert "Nobody is called that." in browser.read("/settings?q=zoe")


# The template


@pytest.mark.parametrize(
    ("template", "subject"),
    [
        ("{{activity_type}}: {{activity_subject}}", f"Call: {SAMPLE['name']}"),
        ("{{Sales_Campaign_Name}}, day {{ sales_campaign_day }}", "Autumn outreach, day 3"),
        ("<b>{{call_outcome}}</b>\n{{call_reason}}", "<b>Connected</b> Follow-up"),
        ("", "(empty: the task's Subject would be empty)"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_template_is_previewed(browser, book, template, subject):
    """As the sync would render it; by the form of the page, and by what its script asks for."""
    del book
    by_form = browser.get("/settings", params={"template": template})
    by_script = browser.get("/settings/preview", params={"template": template})
    for answer in (by_form, by_script):
        shown = answer.text.partition('id="subject">')[2].partition("</p>")[0]
        assert words(f'id="notes">{shown}') == subject


def test_a_template_with_an_unknown_field_is_named(browser, book):
    """It renders as nothing, which nobody would notice in Salesforce."""
    del book
    text = browser.read("/settings?template={{activity_subjekt}}")
    assert "Not known, and rendered as nothing: {{activity_subjekt}}" in text
    assert "a reminder that is renamed later does not rename its task" in text
    assert "Not known" not in browser.read("/settings?template={{activity_subject}}")


def test_the_template_in_force_is_told(browser, team, meltano, sandbox, project):
    """Sales Connect's, as the last run read it; where the mapping file has one, that one."""
    del team
    sandbox.load(
        sales_connect={"settings": {"activity_detail_customization": "{{activity_type}} {{activity_subject}}"}}
    )
    meltano.to_salesforce()
    text = browser.read("/settings")
    assert "In force: {{activity_type}} {{activity_subject}} , from Sales Connect's settings" in text
    assert "Call Call about the renewal" in text
    del project


def test_a_mapping_that_cannot_be_used_is_named(browser, book, tmp_path, monkeypatch):
    """With its place; the users can be set all the same."""
    del book
    (tmp_path / "mine.yml").write_text("version: 7\n", encoding="utf-8")
    monkeypatch.setenv("TARGET_SALESFORCE_TASKS_MAPPING_PATH", str(tmp_path / "mine.yml"))
    text = browser.read("/settings")
    assert "The mapping cannot be shown yet Mapping file" in text
    assert "mine.yml" in text


# Parked changes


def test_parked_changes_are_explained(browser, book):
    """By category: what is happening, what to do, what comes next."""
    book.link(1, "Call Ann")
    book.park(1)
    book.park(2, "roster", category="Other")
    text = browser.read("/diagnostics")
    assert text.index("Access/Validation") < text.index("Other")
    assert "ENTITY_IS_LOCKED 1 parked, 1 needs a person" in text
    assert "What is happening The task, or a record that it belongs to, is locked" in text
    assert "What to do Finish or recall the approval" in text
    assert "Call Ann rem_1 Sales Connect" in text
    assert "the entity is locked for editing" in text
    assert "waits for the other record or user" in text


def test_one_parked_change_is_retried(browser, book):
    """It is due, the others are not; the page says which job tries it."""
    book.park(1)
    book.park(2)
    answer = browser.send("/diagnostics/retry", "/diagnostics", record_id=reminder_id(1), next="/diagnostics")
    assert "1 parked change will be tried again by meltano run to-salesforce ." in words(answer.text)
    assert (waiting(book)["rem_1"].retry_at is not None, waiting(book)["rem_2"].retry_at) == (True, None)


def test_a_category_is_retried(browser, book):
    """All of it and nothing else; a code alone likewise."""
    book.park(1)
    book.park(2, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    book.park(3, "CANNOT_UPDATE_CONVERTED_LEAD", category="Other")
    answer = browser.send("/diagnostics/retry", "/diagnostics", kind="Access/Validation")
    assert "2 parked changes will be tried again" in words(answer.text)
    assert sorted(key for key, change in waiting(book).items() if change.retry_at) == ["rem_1", "rem_2"]
    browser.send("/diagnostics/retry", "/diagnostics", kind="CANNOT_UPDATE_CONVERTED_LEAD")
    assert all(change.retry_at for change in waiting(book).values())


def test_nothing_is_retried_by_an_empty_form(browser, book):
    """Which record, or which kind, has to be said."""
    book.park(1)
    assert "Nothing was chosen." in words(browser.send("/diagnostics/retry", "/diagnostics").text)
    assert waiting(book)["rem_1"].retry_at is None


def test_what_a_retry_cannot_help_has_no_button(browser, book):
    """What waits for its user, and a record that is none."""
    book.park(1, "roster", category="Other")
    book.park(2, parked.INVALID_RECORD, category="Other")
    assert "Retry" not in browser.read("/diagnostics")
    answer = browser.send("/diagnostics/retry", "/diagnostics", record_id=reminder_id(1))
    assert "1 parked change waiting for users to take part" in words(answer.text)
    assert 'class="note bad"' in answer.text


def test_many_parked_changes_are_leafed_through(browser, book):
    """Five of each code at first, fifty a page of one code; each once."""
    changes = [
        parked.Parked("reminder", reminder_id(number), "ENTITY_IS_LOCKED", "Access/Validation", "no", {}, AT)
        for number in range(100, 220)
    ]
    book.write(parked.park, changes)
    assert "5 of 120 shown" in browser.read("/diagnostics")
    seen, path = [], "/diagnostics?code=ENTITY_IS_LOCKED&category=Access%2FValidation"
    for _ in range(3):
        page = browser.get(path).text
        seen += [change.record_id for change in changes if f">{change.record_id}</a>" in page]
        path = page.partition('">Next →')[0].rpartition('href="')[2].replace("&amp;", "&")
    assert sorted(seen) == sorted(change.record_id for change in changes)


# One task's history


def test_a_tasks_history_by_either_id(browser, team, meltano):
    """Both sides as they are now next to the base, and every decision, the newest first."""
    reminder, task = paired(team, meltano)
    team.edit_reminder(reminder, details="new")
    meltano.sync()
    team.edit_task(task, Priority="High")
    for given in (reminder, task, task[:15]):
        text = browser.read(f"/task?id={given}")
        assert "priority normal / Normal normal High changed in Salesforce: goes to Sales Connect" in text
        assert "details new new new the same on both sides" in text
        assert "update in Salesforce details old → new: changed at its source only (§5)" in text
        assert text.index("update in Salesforce") < text.index("create in Salesforce: no counterpart was found")
        assert "the reminder's assignee u1 takes part" in text


def test_a_deleted_side_of_a_task_is_told(browser, team, meltano):
    """In its column, before the run that carries the deletion over."""
    reminder, task = paired(team, meltano)
    team.delete_task(task)
    assert "status open / Not Started open deleted" in browser.read(f"/task?id={reminder}")


def test_a_parked_change_of_a_task_can_be_retried_there(browser, book):
    """And one comes back to it."""
    book.link(1)
    book.park(1)
    page = "/task?id=rem_1"
    assert "Parked with ENTITY_IS_LOCKED (Access/Validation)" in browser.read(page)
    answer = browser.send("/diagnostics/retry", page, record_id="rem_1", next=page)
    assert answer.url.endswith(page)
    assert waiting(book)["rem_1"].retry_at is not None


def test_conflicts_of_a_task_are_told(browser, book):
    """In words, with their run."""
    book.link(1)
    book.conflict(book.run(), 1, Conflict("details", None, Pair("a", "b"), "task"))
    book.remember(1, runs.Event("update", reminder_id(1), None, {"to": "task"}))
    text = browser.read("/task?id=rem_1")
    assert "details: Sales Connect a, Salesforce b; Salesforce's stands" in text


def test_an_unknown_task_gets_reasons(browser, book):
    """Why it may not be known; the search keeps what was typed."""
    del book
    answer = browser.get("/task?id=00Q000000000001AAA")
    assert answer.status_code == 404
    text = words(answer.text)
    assert "The ledger knows nothing of 00Q000000000001AAA . Why it is not linked: Sales Connect knows no" in text
    assert 'value="00Q000000000001AAA"' in answer.text


def test_an_unlinked_record_is_looked_for_in_the_services(browser, team, meltano):
    """Which rule keeps it out; where nobody can be asked, what could be the reason."""
    meltano.sync()
    of_cid = team.remind("Of Cid", assignee_id="u3")
    text = words(browser.get(f"/task?id={of_cid}").text)
    assert "has task sync off (§1.1)" in text
    assert f"Reminder {of_cid} in Sales Connect: lives" in text


def test_an_unknown_task_while_nobody_answers(browser, book, monkeypatch):
    """What could be the reason, and that nobody was asked."""
    del book
    for name in ("SALESFORCE_LOGIN_URL", "SALES_CONNECT_URL"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_ports(1)[0]}")
    text = words(browser.get("/task?id=00Q000000000001AAA").text)
    assert "What could be the reason:" in text
    assert "it is none of a task" in text
    assert "Sales Connect cannot be asked right now" in text
