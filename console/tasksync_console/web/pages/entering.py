"""Logging in and out, and light or dark."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tasksync_console.web.cookies import keep
from tasksync_console.web.guard import SESSION_SECONDS, local_path
from tasksync_console.web.visit import THEMES

if TYPE_CHECKING:
    from starlette.responses import Response

    from tasksync_console.web.visit import Visit

SECONDS_AFTER_A_WRONG_TOKEN = 1.0
A_YEAR = 365 * 24 * 3600


def ask(visit: Visit) -> Response:
    """The form for the token."""
    if visit.console.guard.may_see(visit.session):
        return visit.go(visit.query.get("next"))
    return visit.page("login.html", following=local_path(visit.query.get("next")), wrong=False)


def log_in(visit: Visit) -> Response:
    """Lets in whoever knows the token; others wait a moment, and may try again."""
    session = visit.console.guard.log_in(visit.form.get("token", "").strip())
    if session is None:
        time.sleep(SECONDS_AFTER_A_WRONG_TOKEN)
        return visit.page("login.html", status=401, following=local_path(visit.form.get("next")), wrong=True)
    response = visit.go(visit.form.get("next"))
    keep(response, visit.console.session_cookie, session, seconds=int(SESSION_SECONDS))
    return response


def log_out(visit: Visit) -> Response:
    """Ends the session."""
    visit.console.guard.log_out(visit.session)
    response = visit.go("/login")
    keep(response, visit.console.session_cookie, visit.console.guard.new_session())
    return response


def set_theme(visit: Visit) -> Response:
    """Keeps light, dark or the system's own for this browser."""
    theme = visit.form.get("theme", "")
    response = visit.go(visit.form.get("next"))
    keep(response, visit.console.theme_cookie, theme if theme in THEMES else "auto", seconds=A_YEAR)
    return response
