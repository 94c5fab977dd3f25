"""One request, as the pages see it: what was asked, by whom, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from tasksync_console.address import find_address
from tasksync_console.web.guard import local_path
from tasksync_console.web.rendering import environment
from tasksync_engine.ledger import open_ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasksync_console.asking import Services
    from tasksync_console.web.guard import Guard
    from tasksync_engine.ledger import Ledger

THEMES = ("auto", "light", "dark")
MOST_NOTES = 200


@dataclass(slots=True)
class Console:
    """A running console.

    Attributes:
        guard: Who may use it.
        services: The way to both services.
        port: Where it listens: its cookies are named by it, as browsers keep those of all ports in one place.
        notes: By session, what the next page tells: (kind, text).
    """

    guard: Guard
    services: Services
    port: int
    notes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def session_cookie(self) -> str:
        """The name of the session's cookie."""
        return f"tasksync_session_{self.port}"

    @property
    def theme_cookie(self) -> str:
        """The name of the cookie that keeps light or dark."""
        return f"tasksync_theme_{self.port}"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request.

    Attributes:
        path: The path that was asked for.
        query: Its query, the last value of each name.
        form: A sent form, the last value of each name; empty where none was sent.
        session: Whose request it is.
        theme: `auto`, `light` or `dark`.
        here: The path with its query, to come back to.
    """

    console: Console
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    session: str
    theme: str
    here: str

    def ledger(self) -> Ledger:
        """The ledger, opened for this request.

        Raises:
            LedgerError: There is none yet, it is newer than this version, or it cannot be read.
        """
        return open_ledger(find_address().url, create=False)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - what the template shows
        """Answer with a page."""
        given = {
            "visit": self,
            "theme": self.theme,
            "form_key": self.console.guard.form_key(self.session),
            "with_login": self.console.guard.token is not None,
            "logged_in": self.console.guard.may_see(self.session),
            "notes": self.console.notes.pop(self.session, []),
            "environment": find_address().environment,
        }
        return HTMLResponse(_template(template).render(**given, **values), status)

    def go(self, path: str | None, note: str = "", *, kind: str = "good") -> Response:
        """Answer by leading on to another page of this console, which tells a note.

        Args:
            path: Where to; anything that is no path of this console leads to the first page.
            note: What has happened.
            kind: `good` or `bad`.
        """
        if note:
            while len(self.console.notes) >= MOST_NOTES:
                self.console.notes.pop(next(iter(self.console.notes)))
            self.console.notes.setdefault(self.session, []).append((kind, note))
        return RedirectResponse(local_path(path), 303)


@lru_cache(64)
def _template(name: str) -> Any:  # noqa: ANN401 - Jinja's template
    return environment().get_template(name)
