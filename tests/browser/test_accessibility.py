"""No page breaks a rule of axe-core, light or dark: labels, contrast, landmarks, tables, names."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.screenshots import PAGES
from tests.web.stage import served

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def broken(page):
    """The rules that a page breaks, each with what breaks it."""
    found = Axe().run(page, options=RULES).response["violations"]
    return {rule["id"]: [node["html"][:160] for node in rule["nodes"]] for rule in found}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule(story, console, tab, name, theme):
    """As it is for a team with something of everything."""
    page = tab(color_scheme=theme)
    page.goto(console.url + PAGES[name].format(**story.ids))
    for summary in page.locator("summary").all():
        summary.click()
    assert broken(page) == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_other_pages_break_no_rule(story, tab, theme):
    """The login and its refusal, a page that is not there, a task that is not known, and a note after a click."""
    del story
    page = tab(color_scheme=theme)
    with served("a-token-of-our-own-choice") as console:
        page.goto(console.url)
        assert broken(page) == {}
        page.get_by_label("Token").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_role("alert").wait_for()
        assert broken(page) == {}
    with served() as console:
        for path in ("/nowhere", "/task?id=unknown", "/task", "/command-center?user=nobody"):
            page.goto(console.url + path)
            assert broken(page) == {}
        page.goto(f"{console.url}/diagnostics")
        page.get_by_role("button", name="Retry", exact=True).first.click()
        page.locator(".notes .note").wait_for()
        assert broken(page) == {}


def test_contrast_is_measured(console, tab):
    """A text of too little contrast would be found: the check is not blind."""
    page = tab()
    page.goto(console.url)
    page.locator("h1").evaluate("one => one.classList.add('muted')")
    page.evaluate("document.documentElement.style.setProperty('--muted', '#aab0b8')")
    assert "color-contrast" in broken(page)
