"""`tasksync serve` as it is started, and the console over a ledger of 100,000 links."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tasksync_console.web import rendering
from tasksync_engine.ledger import browsing, links, open_ledger, parked, runs
from tasksync_engine.ledger.overview import Sought
from tasksync_mappings import Conflict, Pair
from tests.console.conftest import ANN, AT, task_id
from tests.project.copies import ROOT, free_ports

from .conftest import Browser, words

TASKSYNC = Path(sys.executable).parent / "tasksync"
MANY = 100_000
MOST_OF_A_PAGE = 40_000
"""Characters."""


@contextmanager
def started(*options, **variables):
    """The command, with what it printed first; ended by Ctrl-C."""
    command = [str(TASKSYNC), "serve", *options]
    environment = {**os.environ, **variables}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:  # noqa: S603 - our own command
        try:
            said = [process.stdout.readline()]
            yield process, said
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def answer_of(url):
    """Its first answer, once it gives one."""
    for _ in range(200):
        try:
            return requests.get(url, timeout=10)
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(url)


def test_it_is_served_on_this_machine(book):
    """Without a token; it says where, and ends by Ctrl-C."""
    book.link(1, "Call Ann")
    with started("--port", "0") as (process, said):
        url = re.search(r"The console is at (http://127\.0\.0\.1:\d+) ", said[0])[1]
        assert "Call Ann" in words(answer_of(f"{url}/links").text)
        assert "server" not in answer_of(url).headers
    assert process.returncode in {0, -signal.SIGINT, 130}


def test_elsewhere_it_asks_for_a_token_that_it_prints_once(book):
    """And says that nothing is encrypted."""
    del book
    with started("--host", "0.0.0.0", "--port", "0") as (process, said):  # noqa: S104 - what is tested
        said += [process.stdout.readline(), process.stdout.readline()]
        port = re.search(r"http://0\.0\.0\.0:(\d+) ", said[0])[1]
        token = re.search(r"Log in with this token, which is shown this once: (\S+)$", said[1])[1]
        assert "not encrypted" in said[2]
        url = f"http://127.0.0.1:{port}"
        assert "/login" in answer_of(url).url
        browser = Browser(url)
        assert "Overview" in words(browser.send("/login", "/login", token=token).text)


def test_a_given_token_is_not_printed(book):
    """It comes from the variable, and counts on this machine too; a short one is refused."""
    del book
    with started("--port", "0", TASKSYNC_CONSOLE_TOKEN="a-token-of-our-own-choice") as (process, said):
        said.append(process.stdout.readline())
        assert said[1] == "Log in with the token in TASKSYNC_CONSOLE_TOKEN.\n"
        port = re.search(r":(\d+) ", said[0])[1]
        assert "/login" in answer_of(f"http://127.0.0.1:{port}/links").url
    with started("--port", "0", TASKSYNC_CONSOLE_TOKEN="short") as (process, _):
        assert process.wait(20) == 1
        assert "TASKSYNC_CONSOLE_TOKEN must have 16 or more" in process.stderr.read()


def test_a_taken_port_is_named(browser, book):
    """With what to do; exit 1."""
    del book
    port = browser.url.rpartition(":")[2]
    with started("--port", port) as (process, _):
        assert process.wait(20) == 1
        assert f"cannot listen on 127.0.0.1, port {port}" in process.stderr.read()
    with started("--host", "no.such.host.invalid", "--port", str(free_ports(1)[0])) as (process, _):
        assert process.wait(20) == 1
        assert "cannot listen on no.such.host.invalid" in process.stderr.read()


PAGES = {path: (ROOT / path).read_text(encoding="utf-8") for path in ("docs/console.md", "docs/commands.md")}
SAID = sorted(
    {
        line.partition("tasksync serve")[2].strip()
        for text in PAGES.values()
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
        if "tasksync serve" in line
    }
)


@pytest.mark.parametrize("options", SAID)
def test_a_documented_command_serves(book, options):
    """With a free port in the place of the usual one, which somebody may be using."""
    del book
    words_of = re.sub(r"--port \d+", "", options).split()
    with started(*words_of, "--port", "0") as (_, said):
        port = re.search(r":(\d+) ", said[0])[1]
        assert answer_of(f"http://127.0.0.1:{port}").status_code == 200
        if "--allow-host" in words_of:
            named = {"Host": "console.example.com"}
            assert requests.get(f"http://127.0.0.1:{port}/login", headers=named, timeout=10).status_code == 200


def test_every_page_is_documented():
    """Each page of the navigation is in docs/console.md, with its picture, light and dark."""
    for path, name in rendering.PAGES:
        assert f"| {name} | " in PAGES["docs/console.md"]
        for theme in ("light", "dark"):
            assert (ROOT / f"docs/images/console-{path.strip('/') or 'overview'}-{theme}.png").stat().st_size > 10_000


@pytest.fixture
def large(book):
    """100,000 links, 5,000 parked changes, 5,000 conflicts, and a fortnight of runs every five minutes."""
    base = {"name": Pair("Call Ann", "Call Ann"), "due_date": Pair("2026-01-31", "2026-01-31")}
    with open_ledger(book.url) as ledger, ledger.transaction() as connection:
        links.add(
            connection,
            (links.NewLink(f"r{n}", task_id(n), base, "u1", ANN.salesforce_id, "pushed") for n in range(MANY)),
            AT,
        )
        change = {"category": "Access/Validation", "message": "no", "payload": {"name": "Call"}, "parked_at": AT}
        parked.park(connection, [parked.Parked("reminder", f"r{n}", "ENTITY_IS_LOCKED", **change) for n in range(5000)])
        found = [
            runs.RecordedConflict(f"r{n}", task_id(n), Conflict("details", None, Pair("a", str(n)), "task"))
            for n in range(5000)
        ]
        runs.write_conflicts(connection, 1, AT, found)
        for _ in range(14 * 288):
            number = runs.start(connection, "to-salesforce", AT, dry_run=False)
        runs.end(connection, number, outcome=runs.OK, complete=True, counts={"created": 1}, ended_at=AT)
    book.enrol(ANN)
    return book


def test_a_hundred_thousand_links(browser, large):
    """Every page shows a piece of them, by key: the last page of the links reads no more than the first."""
    text = browser.read("/links")
    assert "open (100,000)" in text
    with open_ledger(large.url) as ledger, ledger.reading() as connection:
        page = browsing.links_page(connection, Sought(), browsing.Leaf(50, 60))
    assert [link.id for link in page.rows][:1] == [59]
    assert "r58 " in browser.read("/links?state=open&older=60")
    assert "r49999 " in browser.read("/links?user=u1&older=50001")
    for path in ("/", "/command-center", "/links", "/diagnostics", "/conflicts?user=u1", "/task?id=r5"):
        assert len(browser.read(path)) < MOST_OF_A_PAGE, path
