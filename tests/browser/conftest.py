"""A synced team, a console over it, and a real browser."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.stage import Story, others, served, stand_in

from .chromium import running_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.conftest import SandboxHandle
    from tests.web.stage import Served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One for the whole run."""
    with running_browser() as running:
        yield running


@pytest.fixture
def story(sandbox: SandboxHandle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """A project with a team that was synced, edited, refused and disputed; `ids` names some of its reminders."""
    for name in others():
        monkeypatch.delenv(name)
    for name, value in stand_in(tmp_path, sandbox).items():
        monkeypatch.setenv(name, value)
    told = Story(sandbox, tmp_path)
    told.ids = told.play()
    yield told
    told.close()


@pytest.fixture
def console(story: Story) -> Iterator[Served]:
    """Over that project, open to this machine."""
    del story
    with served() as running:
        yield running


@pytest.fixture(params=["with a script", "without a script"])
def scripted(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts: what a test does has to work both ways."""
    return bool(request.param == "with a script")


@pytest.fixture
def tab(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; whatever a page complains about in the browser's own log fails the test."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def make(**options: Any) -> Page:
            context = browser.new_context(**options)
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield make
    assert [said for said in complaints if "status of 4" not in said] == []
