"""The console's pages: what answers which path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.web.pages import (
    command_center,
    conflicts,
    diagnostics,
    entering,
    links,
    overview,
    roster,
    settings,
    task,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from tasksync_console.web.visit import Visit

PAGES: Mapping[tuple[str, str], Callable[[Visit], Response]] = {
    ("GET", "/"): overview.show,
    ("GET", "/command-center"): command_center.show,
    ("GET", "/diagnostics"): diagnostics.show,
    ("POST", "/diagnostics/retry"): diagnostics.retry_parked,
    ("GET", "/conflicts"): conflicts.show,
    ("GET", "/links"): links.show,
    ("GET", "/roster"): roster.show,
    ("GET", "/settings"): settings.show,
    ("GET", "/settings/preview"): settings.preview,
    ("POST", "/settings/switch"): settings.set_box,
    ("GET", "/task"): task.show,
    ("GET", "/login"): entering.ask,
    ("POST", "/login"): entering.log_in,
    ("POST", "/logout"): entering.log_out,
    ("POST", "/theme"): entering.set_theme,
}
