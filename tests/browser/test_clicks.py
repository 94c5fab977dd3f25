"""What people do with the console, in a real browser: with a script and without one."""

import re

import pytest
from playwright.sync_api import expect

from tasksync_engine.ledger import open_ledger, parked
from tests.browser.screenshots import PAGES
from tests.web.stage import served

TOKEN = "a-token-of-our-own-choice"


def box(story, user):
    """Whether a user's task sync is on in Sales Connect."""
    return next(row for row in story.users() if row["id"] == user["id"])["task_sync"]["enabled"]


def waiting(story):
    """What is parked, by record."""
    with open_ledger(story.meltano.ledger_url) as ledger, ledger.reading() as connection:
        return {change.record_id: change for change in parked.everything(connection)}


def test_logging_in_with_the_token(story, tab, scripted):
    """A wrong one is refused in words; the right one leads to the page that was asked for; logging out ends it."""
    del story
    page = tab(java_script_enabled=scripted)
    with served(TOKEN) as console:
        page.goto(f"{console.url}/links")
        page.get_by_label("Token").fill("not the token at all")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_label("Token").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Links")
        (session,) = [cookie for cookie in page.context.cookies() if "session" in cookie["name"]]
        assert (session["httpOnly"], session["sameSite"]) == (True, "Strict")
        page.get_by_role("button", name="Log out").click()
        page.goto(console.url)
        expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_turning_a_users_task_sync_on_and_off(story, console, tab, scripted):
    """Sales Connect has it at once, and the page tells what the next run makes of it."""
    off = next(user for user in story.users() if not user["task_sync"]["enabled"])
    page = tab(java_script_enabled=scripted)
    page.goto(f"{console.url}/settings")
    switch = page.get_by_role("switch", name=f"Task sync of {off['name']}")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(page.get_by_role("status")).to_contain_text(f"Task sync is on for {off['email']}")
    expect(switch).to_have_attribute("aria-checked", "true")
    assert box(story, off)
    switch.press("Space")
    expect(page.get_by_role("status")).to_contain_text("Task sync is off")
    expect(switch).to_have_attribute("aria-checked", "false")
    assert not box(story, off)


def test_a_switch_keeps_the_focus(story, console, tab):
    """Where a script runs the page stays: whoever works by keyboard goes on where they were."""
    off = next(user for user in story.users() if not user["task_sync"]["enabled"])
    page = tab()
    page.goto(f"{console.url}/settings")
    page.evaluate("window.sameDocument = true")
    switch = page.get_by_role("switch", name=f"Task sync of {off['name']}")
    switch.focus()
    page.keyboard.press("Enter")
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(switch).to_be_focused()
    assert page.evaluate("window.sameDocument") is True


def test_a_parked_change_is_retried_and_goes_through(story, console, tab, scripted):
    """From the list to Salesforce: the button makes it due, and the next run carries it over."""
    page = tab(java_script_enabled=scripted)
    page.goto(f"{console.url}/diagnostics")
    row = page.get_by_role("row", name=re.compile("Confirm the delivery date"))
    row.get_by_role("button", name="Retry").click()
    expect(page.get_by_role("status")).to_contain_text(
        "1 parked change will be tried again by meltano run to-salesforce"
    )
    expect(row).to_contain_text("due at")
    assert waiting(story)[story.ids["locked"]].retry_at is not None
    story.meltano.sync()
    page.reload()
    expect(page.get_by_text("Confirm the delivery date")).to_have_count(0)
    assert story.ids["locked"] not in waiting(story)


def test_a_category_is_retried_after_a_question(story, console, tab):
    """No is no; yes makes all of the category due."""
    page = tab()
    page.goto(f"{console.url}/diagnostics")
    button = page.get_by_role("button", name="Retry all of Access/Validation")
    page.once("dialog", lambda dialog: dialog.dismiss())
    button.click()
    assert all(change.retry_at is None for change in waiting(story).values())
    page.once("dialog", lambda dialog: dialog.accept())
    button.click()
    expect(page.get_by_role("status")).to_contain_text("2 parked changes will be tried again")
    assert all(change.retry_at is not None for change in waiting(story).values())


def test_the_preview_follows_the_typing(console, tab):
    """Without a button, and without leaving the page."""
    page = tab()
    page.goto(f"{console.url}/settings")
    expect(page.get_by_role("button", name="Preview")).to_be_hidden()
    page.get_by_label("Try a template").fill("{{activity_type}}: {{activity_subject}}")
    expect(page.locator("#subject")).to_have_text("Call: Call about the renewal")
    page.get_by_label("Try a template").fill("{{no_such_field}}<i>")
    expect(page.locator("#subject")).to_have_text("<i>")
    expect(page.locator("#preview")).to_contain_text("Not known, and rendered as nothing: {{no_such_field}}")


def test_the_preview_by_its_button(console, tab):
    """Where no script runs."""
    page = tab(java_script_enabled=False)
    page.goto(f"{console.url}/settings")
    page.get_by_label("Try a template").fill("{{activity_type}}: {{activity_subject}}")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#subject")).to_have_text("Call: Call about the renewal")


def test_light_and_dark(console, tab, scripted):
    """The system's choice until somebody chooses; the choice stays on the other pages."""
    page = tab(java_script_enabled=scripted, color_scheme="light")

    def ground():
        return page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")

    page.goto(console.url)
    light = ground()
    page.emulate_media(color_scheme="dark")
    dark = ground()
    assert light != dark
    page.get_by_role("button", name="Light").click()
    expect(page.get_by_role("button", name="Light")).to_have_attribute("aria-pressed", "true")
    assert ground() == light
    page.get_by_role("link", name="Roster").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Roster")
    assert ground() == light
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.emulate_media(color_scheme="light")
    assert ground() == dark


def test_by_keyboard_alone(console, tab, scripted):
    """The skip link comes first and leads past the navigation; then the brand, the pages, and each shows its focus."""
    page = tab(java_script_enabled=scripted)
    page.goto(console.url)

    def focused():
        return page.locator(":focus")

    page.keyboard.press("Tab")
    expect(focused()).to_have_text("Skip to the contents")
    expect(focused()).to_be_in_viewport()
    seen = []
    for _ in range(8):
        page.keyboard.press("Tab")
        seen.append(focused().inner_text().splitlines()[0].strip())
        style = focused().evaluate("one => getComputedStyle(one).outlineStyle + getComputedStyle(one).outlineWidth")
        assert style == "solid3px"
    assert seen == [
        "tasksync", "Overview", "Command Center", "Diagnostics", "Conflicts", "Links", "Roster",
        "Settings",
    ]  # fmt: skip
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_finding_a_task(story, console, tab, scripted):
    """From any page, by its id; and on to its counterpart."""
    page = tab(java_script_enabled=scripted)
    page.goto(f"{console.url}/roster")
    page.get_by_label("Find a reminder or a task by its id").fill(story.ids["edited"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Prepare the quarterly review")
    row = page.get_by_role("row", name=re.compile("^priority"))
    expect(row).to_contain_text("goes to Salesforce with the next run")
    page.get_by_role("link", name=story.task_of(story.ids["edited"])).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Prepare the quarterly review")


def test_the_command_center_shows_what_differs(story, console, tab, scripted):
    """Filtered to the differences; after a sync what travelled is the same on both sides."""
    page = tab(java_script_enabled=scripted)
    page.goto(f"{console.url}/command-center")
    page.get_by_label("Show").select_option("different")
    page.get_by_role("button", name="Show").click()
    row = page.get_by_role("row", name=re.compile("Prepare the quarterly review"))
    expect(row.locator(".differs")).to_have_text(["high", "Normal"])
    expect(page.get_by_role("row", name=re.compile("Ask for the signed order"))).to_have_count(0)
    story.meltano.sync()
    page.reload()
    expect(row).to_have_count(0)


def test_leafing_through_the_links(console, tab, scripted):
    """Older and back: fifty a page, and what was on the first page is not on the second."""
    page = tab(java_script_enabled=scripted)
    page.goto(f"{console.url}/links")
    first = page.locator("tbody tr").first.inner_text()
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_text(first, exact=True)).to_have_count(0)
    page.get_by_role("link", name="Newer").click()
    assert page.locator("tbody tr").first.inner_text() == first


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_sticks_out(story, console, tab, width):
    """At any width a page scrolls down, and not sideways."""
    page = tab(viewport={"width": width, "height": 800})
    wide = {}
    for name, path in PAGES.items():
        page.goto(console.url + path.format(**story.ids))
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert {name: found for name, found in wide.items() if found > width} == {}
