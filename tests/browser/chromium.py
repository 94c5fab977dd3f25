"""A real browser: the system's Chromium, else the one that Playwright has installed."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import Error, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW = (
    "No browser can be started. Install one (`apt-get install chromium`, or `.venv/bin/playwright install chromium`), "
    "or name its file in TASKSYNC_BROWSER."
)


class NoBrowser(Exception):
    """There is no browser that starts; the message says how to get one."""


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A browser without a window.

    Raises:
        NoBrowser: There is none, or it does not start; says what to do.
    """
    given = os.environ.get("TASKSYNC_BROWSER")
    path = given or next((found for name in NAMES if (found := shutil.which(name))), None)
    # Chromium's own sandbox refuses to run as root, as in most containers.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=[*arguments, "--force-color-profile=srgb"])
        except Error as error:
            message = f"{HOW}\n{error.message.splitlines()[0]}"
            raise NoBrowser(message) from error
        yield browser
        browser.close()
