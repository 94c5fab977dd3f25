"""What `tasksync check` tells people outside: a web hook, and a file of metrics."""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tasksync_engine.ledger import deletions, runs
from tasksync_mappings import Conflict, Pair
from tests.project.copies import free_ports

from .conftest import ANN, DAN, reminder_id

SECRET = "T00SECRET"


class Hook:
    """A web hook on this machine.

    Attributes:
        status: what it answers; 302 points at `elsewhere`.
        got: the notices that came, with their paths.
    """

    def __init__(self):
        self.status, self.elsewhere, self.got = 200, "", []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.got.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(hook.status)
                if hook.elsewhere:
                    self.send_header("Location", hook.elsewhere)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/{SECRET}?key={SECRET}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook():
    """A hook that takes what it is told."""
    made = Hook()
    yield made
    made.close()


@pytest.fixture
def synced(book):
    """A sync that went well."""
    book.enrol(ANN)
    book.run("to-salesforce")
    book.run("to-salesconnect")
    return book


def test_a_failing_check_is_told_once_and_its_end_too(synced, hook, tasksync):
    """A brake that holds is told by the first check, not by the second; when it is released, that is told."""
    for number in range(7):
        synced.delete(number, deletions.HELD)
    for _ in range(2):
        assert tasksync("check", "--notify", hook.url).code == 1
    assert len(hook.got) == 1
    _, headers, notice = hook.got[0]
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    assert (notice["ok"], notice["environment"]) == (False, "sandbox")
    assert notice["text"].startswith("tasksync sandbox: 1 finding for a person: brake (7).")
    assert notice["findings"] == [
        {"kind": "brake", "code": None, "fails": True, "count": 7, "ids": [reminder_id(n) for n in range(5)]}
    ]
    synced.write(deletions.drop, "reminder", [reminder_id(number) for number in range(7)])
    assert tasksync("check", "--notify", hook.url).code == 0
    assert [notice["ok"] for _, _, notice in hook.got] == [False, True]


def test_something_else_that_fails_is_told_again(synced, hook, tasksync):
    """One more parked change is news; the same two, reported meanwhile, are none."""
    synced.run("to-salesforce", outcome=runs.STOPPED, complete=False)
    tasksync("check", "--notify", hook.url)
    for number in (1, 2):
        synced.park(number)
        tasksync("check", "--notify", hook.url)
        tasksync("check", "--notify", hook.url)
    said = [notice["text"].partition(": ")[2].partition(". ")[0] for _, _, notice in hook.got]
    assert said == [
        "1 finding for a person: stopped (1)",
        "2 findings for a person: stopped (1); ENTITY_IS_LOCKED (1)",
        "3 findings for a person: stopped (1); ENTITY_IS_LOCKED (1); ENTITY_IS_LOCKED (1)",
    ]


def test_a_quiet_check_tells_nobody(synced, hook, tasksync):
    """Nor do conflicts, users left out, and what was parked and waits for another event."""
    synced.enrol(DAN)
    synced.park(1, "gone")
    synced.conflict(synced.run(), 1, Conflict("status", None, Pair("a", "b"), "task"))
    assert tasksync("check", "--notify", hook.url).code == 0
    assert hook.got == []


def test_the_notice_holds_nothing_of_a_record(synced, hook, tasksync):
    """Neither a name, nor the service's message, nor an email address."""
    synced.park(1, message="Ann must not call Bob", payload={"id": reminder_id(1), "name": "Call Bob"})
    synced.enrol(DAN)
    tasksync("check", "--notify", hook.url)
    told = json.dumps(hook.got)
    assert reminder_id(1) in told
    assert not re.search("Bob|Ann|example.com", told)


@pytest.mark.parametrize(("status", "said"), [(500, "HTTP 500"), (404, "HTTP 404")])
def test_a_hook_that_fails_is_told_in_words(synced, hook, tasksync, status, said):
    """The check's result stands, and the next check tries again; the address is in no output."""
    synced.park(1)
    hook.status = status
    ended = tasksync("check", "--notify", hook.url)
    assert ended.code == 1
    assert "FAIL" in ended.out
    assert said in ended.err
    assert SECRET not in ended.out + ended.err
    hook.status = 204
    tasksync("check", "--notify", hook.url)
    assert len(hook.got) == 2


def test_a_failing_hook_fails_no_check(synced, hook, tasksync):
    """What is over is told again; the exit code is the check's."""
    synced.run("to-salesforce", outcome=runs.STOPPED, complete=False)
    tasksync("check", "--notify", hook.url)
    synced.run("to-salesforce")
    hook.status = 500
    ended = tasksync("check", "--notify", hook.url)
    assert (ended.code, ended.out) == (0, "Nothing needs a person.\n")
    assert ended.err


def test_no_redirect_is_followed(synced, hook, tasksync):
    """What is told goes to the host that was named, and to no other."""
    synced.park(1)
    other = Hook()
    hook.status, hook.elsewhere = 302, other.url
    ended = tasksync("check", "--notify", hook.url)
    other.close()
    assert "points elsewhere" in ended.err
    assert other.got == []
    assert SECRET not in ended.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"http://hooks.example.com/{SECRET}", "it takes https://"),
        (f"hooks.example.com/{SECRET}", "is not one such as"),
        (f"file:///{SECRET}", "is not one such as"),
        (f"https://127.0.0.1:{{port}}/{SECRET}", "connection is refused"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(synced, tasksync, url, said):
    """Without the address."""
    synced.park(1)
    ended = tasksync("check", "--notify", url.format(port=free_ports(1)[0]))
    assert ended.code == 1
    assert "FAIL" in ended.out
    assert said in ended.err
    assert SECRET not in ended.err


def test_the_address_may_come_from_a_variable(synced, hook, tasksync, monkeypatch):
    """Which keeps it out of the process list; Meltano hands it on."""
    monkeypatch.setenv("TASKSYNC_NOTIFY_URL", hook.url)
    synced.park(1)
    tasksync("check")
    assert len(hook.got) == 1


SAMPLE = re.compile(r'^tasksync_[a-z_]+\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)*\} -?[0-9.e+-]+$')


def samples(path):
    """The values of a file of metrics by name and labels, each line looked at."""
    found, described = {}, set()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            described.add(tuple(line.split()[1:3]))
            continue
        assert SAMPLE.match(line), line
        name, _, value = line.rpartition(" ")
        assert {("HELP", name.partition("{")[0]), ("TYPE", name.partition("{")[0])} <= described
        found[name] = float(value)
    return found


def test_the_metrics_say_what_status_says(synced, tasksync, tmp_path):
    """Runs, what is behind, what is parked by code, and whether the check passed."""
    synced.run("to-salesforce", counts={"created": 2, "read": 9, "skipped: user is off": 3}, api_calls=4, seconds=1.5)
    synced.park(1)
    synced.park(2)
    file = tmp_path / "tasksync.prom"
    assert tasksync("check", "--prometheus", str(file)).code == 1
    found = samples(file)
    about = 'environment="sandbox",direction="to-salesforce"'
    assert found[f'tasksync_last_run_records{{{about},what="created"}}'] == 2
    assert found[f'tasksync_last_run_skipped{{{about},reason="user is off"}}'] == 3
    assert found[f"tasksync_last_run_duration_seconds{{{about}}}"] == 1.5
    assert found[f"tasksync_last_run_api_calls{{{about}}}"] == 4
    assert found[f"tasksync_last_run_ok{{{about}}}"] == 1
    assert found[f"tasksync_behind_seconds{{{about}}}"] > 0
    code = 'category="Access/Validation",code="ENTITY_IS_LOCKED"'
    assert found[f'tasksync_parked{{environment="sandbox",{code}}}'] == 2
    assert found['tasksync_check_passed{environment="sandbox"}'] == 0
    assert file.stat().st_mode & 0o777 == 0o644


def test_labels_are_escaped(synced, tasksync, tmp_path):
    """A code of a service may hold anything."""
    synced.park(1, code='odd "code\\" of\ntwo lines')
    tasksync("check", "--prometheus", str(tmp_path / "m.prom"))
    assert any("two lines" in name for name in samples(tmp_path / "m.prom"))


def test_the_file_is_replaced_at_once_and_leaves_nothing_beside_it(synced, tasksync, tmp_path):
    """A reader sees a whole file; a second check overwrites it."""
    assert synced
    folder = tmp_path / "collector"
    folder.mkdir()
    for _ in range(2):
        tasksync("check", "--prometheus", str(folder / "tasksync.prom"))
    assert [path.name for path in folder.iterdir()] == ["tasksync.prom"]


def test_the_orgs_calls_are_metrics(team, meltano, tasksync, tmp_path):
    """Used and allowed, as Salesforce told."""
    team.remind("Call")
    meltano.sync()
    tasksync("check", "--prometheus", str(tmp_path / "m.prom"))
    found = samples(tmp_path / "m.prom")
    names = [f'tasksync_salesforce_api_calls_{what}{{environment="sandbox"}}' for what in ("used", "allowed")]
    assert 0 < found[names[0]] < found[names[1]]


def test_a_file_that_cannot_be_written_fails_no_check(synced, tasksync, tmp_path):
    """It is told, and the result stands."""
    assert synced
    ended = tasksync("check", "--prometheus", str(tmp_path / "missing/folder.prom"))
    assert (ended.code, ended.out) == (0, "Nothing needs a person.\n")
    assert "The metrics were not written to" in ended.err
