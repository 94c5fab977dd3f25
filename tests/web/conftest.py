"""A console over a ledger of its own, asked over real HTTP as a browser asks."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.console.conftest import Book, blank
from tests.sync.pipelines import Meltano
from tests.sync.team import Team
from tests.web.stage import others, served, stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import SandboxHandle
    from tests.web.stage import Served

__all__ = ["blank"]

KEY = re.compile(r'name="form_key" value="([0-9a-f]{64})"')
TEXT = re.compile(r"<[^>]+>")
HOUR, MOMENT = 3600, 30
"""Seconds: a test takes less than the second."""


class Browser:
    """Asks a console as a browser without a script would: keeps cookies, and sends the forms of the page it sees.

    Attributes:
        url: the console's address.
        http: the session with its cookies.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = requests.Session()

    def get(self, path: str, **more: Any) -> requests.Response:
        """Open a page."""
        return self.http.get(self.url + path, timeout=30, **more)

    def read(self, path: str) -> str:
        """Open a page that must be there, and read its text on one line."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return words(answer.text)

    def key(self, path: str = "/settings") -> str:
        """The key that a page's forms carry."""
        return KEY.findall(self.get(path).text)[0]

    def send(self, path: str, page: str = "/settings", **members: str) -> requests.Response:
        """Send a form of a page."""
        form = {"form_key": self.key(page), **members}
        return self.http.post(self.url + path, data=form, timeout=30)


def words(html: str) -> str:
    """A page's contents as a person reads them, on one line."""
    main = html.partition('id="notes"')[2] or html
    text = " ".join(TEXT.sub(" ", main.partition(">")[2]).split())
    for escape, char in (("&#39;", "'"), ("&#34;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escape, char)
    return text


@pytest.fixture
def project(tmp_path: Path, sandbox: SandboxHandle, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose variables lead to the sandbox, without a ledger yet."""
    for name in others():
        monkeypatch.delenv(name)
    for name, value in stand_in(tmp_path, sandbox).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def book(project: Path, blank: bytes) -> Book:
    """The project's ledger, empty."""
    path = project / "ledger.db"
    path.write_bytes(blank)
    return Book(path)


@pytest.fixture
def console(project: Path) -> Iterator[Served]:
    """A console of that project, open to this machine."""
    del project
    with served() as running:
        yield running


@pytest.fixture
def browser(console: Served) -> Browser:
    """Looks at it."""
    return Browser(console.url)


@pytest.fixture
def team(sandbox: SandboxHandle) -> Team:
    """Ann and Bob take part, Cid is off, Dan is left out."""
    return Team(sandbox)


@pytest.fixture
def meltano(sandbox: SandboxHandle, project: Path) -> Meltano:
    """Both pipelines over the console's ledger."""
    return Meltano(sandbox, project)


@pytest.fixture
def one_date() -> None:
    """No midnight, of any time zone of whole hours, comes within the test: right before one it waits for it."""
    left = HOUR - time.time() % HOUR
    if left < MOMENT:
        time.sleep(left)
