"""`make screenshots`: every page of the console, light and dark, into docs/images."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tasksync_sandbox.both import both_services
from tests.browser.chromium import running_browser
from tests.conftest import SandboxHandle
from tests.project.copies import ROOT
from tests.web.stage import Story, others, served, stand_in

PAGES = {
    "overview": "/",
    "command-center": "/command-center",
    "diagnostics": "/diagnostics",
    "conflicts": "/conflicts",
    "links": "/links",
    "roster": "/roster",
    "settings": "/settings",
    "task": "/task?id={edited}",
}
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
MOST_PIXELS = 1300
"""A page longer than this is cut: the picture shows what it is like, not all that is on it."""


def main(folder: Path) -> None:
    """Take them all, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in others():
        del os.environ[name]
    with TemporaryDirectory() as place, both_services(Path(place) / "services") as running:
        project = Path(place) / "project"
        project.mkdir()
        sandbox = SandboxHandle(*running.urls)
        os.environ.update(stand_in(project, sandbox))
        ids = Story(sandbox, project).play()
        with served() as console, running_browser() as browser:
            for theme in ("light", "dark"):
                page = browser.new_context(viewport=WIDE, color_scheme=theme).new_page()
                for name, path in PAGES.items():
                    page.goto(console.url + path.format(**ids))
                    height = min(MOST_PIXELS, page.evaluate("document.documentElement.scrollHeight"))
                    page.set_viewport_size({"width": WIDE["width"], "height": max(WIDE["height"], height)})
                    page.screenshot(path=folder / f"console-{name}-{theme}.png")
                    page.set_viewport_size(WIDE)
            phone = browser.new_context(viewport=PHONE, color_scheme="light").new_page()
            phone.goto(console.url + PAGES["command-center"])
            phone.screenshot(path=folder / "console-phone.png")
        with served("a token that is long enough") as guarded, running_browser() as browser:
            page = browser.new_context(viewport=WIDE, color_scheme="light").new_page()
            page.goto(guarded.url)
            page.screenshot(path=folder / "console-login.png")
        sandbox.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs/images")
