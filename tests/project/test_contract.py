"""`make contract`: what it may be run against, what it leaves behind, and what it prints."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tasksync_clients import WrongSettings
from tests.contract.choosing import NotAllowedError, choose
from tests.contract.marks import MARK
from tests.contract.org import Org
from tests.contract.outcomes import DOCSTRING
from tests.contract.tenant import Tenant
from tests.sandbox.salesforce_org import OrgCaller

from .copies import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import SandboxHandle

COMMAND = [sys.executable, "-m", "tests.contract"]
OURS = re.compile("SALESFORCE_|SALES_CONNECT_|TASKSYNC_|PYTEST_")
SECRET = "Hush-Hush_4711"  # what no output may hold


class Place:
    """A running sandbox that the suite takes for somebody's org and tenant."""

    def __init__(self, sandbox: SandboxHandle) -> None:
        self.sandbox = sandbox
        self.org = OrgCaller(sandbox)
        sandbox.load(
            sales_connect={
                "users": [
                    {"id": "off", "email": "off@example.com", "name": "Off"},
                    {"id": "on", "email": "on@example.com", "name": "On", "task_sync": {"enabled": True}},
                ]
            }
        )

    @property
    def variables(self) -> dict[str, str]:
        """What names this place."""
        return {
            "SALESFORCE_LOGIN_URL": self.sandbox.salesforce_url,
            "SALES_CONNECT_URL": self.sandbox.sales_connect_url,
        }

    def remind(self, name: str, user: str) -> None:
        """Make a reminder."""
        assert self.sandbox.ask("POST", "/v1/reminders", json={"name": name, "assignee_id": user}).ok

    def reminders(self) -> list[str]:
        """Names of all living reminders."""
        found = self.sandbox.ask("GET", "/v1/reminders", params={"limit": 500}).json()["data"]
        return [one["name"] for one in found]

    def living(self) -> list[str]:
        """Names of all living records."""
        kinds = {"Task": "Subject", "Lead": "Name", "Contact": "Name", "Account": "Name"}
        found = [row[name] for kind, name in kinds.items() for row in self.org.query(f"SELECT {name} FROM {kind}")]  # noqa: S608
        return sorted([*found, *self.reminders()])


@pytest.fixture
def place(sandbox: SandboxHandle) -> Iterator[Place]:
    """An empty place."""
    found = Place(sandbox)
    yield found
    found.org.http.close()


def environment(**variables: str) -> dict[str, str]:
    """The terminal's, without what concerns the suite."""
    return {name: value for name, value in os.environ.items() if not OURS.match(name)} | variables


def contract(*arguments: str, **variables: str) -> tuple[int, str]:
    """Run the suite; returns its exit code and all that it printed."""
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, *arguments],
        cwd=ROOT,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )
    return done.returncode, done.stdout


def functions() -> Iterator[tuple[str, str]]:
    """Each test of the suite with its docstring."""
    for path in sorted((ROOT / "tests/contract").rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{path.name} {node.name}", ast.get_docstring(node) or ""


def test_every_test_says_its_fact():
    """Its docstring has where the fact is noted, how sure it is, and the fact; no two say the same."""
    told = dict(functions())
    assert [name for name, words in told.items() if not DOCSTRING.fullmatch(" ".join(words.split()))] == []
    assert len(set(told.values())) == len(told) > 100


def test_it_passes_and_touches_only_what_bears_its_mark(place):
    """It exits with 0, tells all facts, sweeps what an earlier run left, and spares everything else.

    Neither a mark inside a name, nor another case, nor somebody else's record is enough to be swept.
    """
    spared = [f"About {MARK}", MARK.upper(), MARK.replace("-", "_")]
    for name in spared:
        place.org.create(Subject=name)
        place.remind(name, "off")
    place.sandbox.load(
        salesforce={
            "User": [{"Id": "005A00000000008AAA", "Username": "x@example.com", "Email": "x@x.test", "LastName": "X"}],
            "Task": [{"Id": "00TA00000000008AAA", "Subject": f"{MARK} x", "CreatedById": "005A00000000008AAA"}],
        }
    )
    place.remind(f"{MARK} x", "on")
    others = sorted([*spared * 2, f"{MARK} x", f"{MARK} x"])
    assert place.living() == others
    place.org.create(Subject=f"{MARK}-0 left")
    place.org.create("Account", Name=f"{MARK}-0 left")
    place.remind(f"{MARK}-0 left", "off")
    # The one that is left out waits for a minute to pass.
    code, said = contract("-k", "not test_a_deletion_is_listed", **place.variables)
    assert (code, place.living()) == (0, others), said
    assert "differs" not in said
    assert f"{len(list(functions())) - 1} facts: " in said


def test_nothing_is_left_when_tests_fail(place):
    """Failed tests, and creates whose answers were lost, leave nothing; the facts that differ decide the exit code."""
    place.sandbox.fault("salesforce", "drop_after", method="POST", path="composite/sobjects$", times=3)
    place.sandbox.fault("sales_connect", "drop_after", method="POST", path="reminders$", times=2)
    place.sandbox.fault("salesforce", "row_error", code="ENTITY_IS_LOCKED", where={"Priority": "High"})
    selected = "test_collections or test_tasks or test_writing"
    code, said = contract("-k", selected, **place.variables)
    assert code == 1, said
    assert "differs" in said
    assert "ENTITY_IS_LOCKED" in said
    assert place.living() == []


def test_what_a_killed_run_left_is_removed_by_the_next(place):
    """SIGKILL in the middle leaves marked records; the next run removes them before it does anything else."""
    locked = [{"errorCode": "ENTITY_IS_LOCKED", "message": "locked"}]
    place.sandbox.fault("salesforce", "status", method="DELETE", status=400, body=locked)
    place.sandbox.fault("sales_connect", "latency", method="DELETE", seconds=60)
    selected = "test_due or test_a_new_reminder or test_nothing_is_required"
    suite = subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, "-k", selected], cwd=ROOT, env=environment(**place.variables), stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 100
    while not place.reminders() and time.monotonic() < deadline:
        time.sleep(0.05)
    suite.kill()
    assert suite.wait() == -signal.SIGKILL
    left = place.living()
    assert len(left) > len(place.reminders()) > 0
    assert all(name.startswith(MARK) for name in left)
    for service in ("salesforce", "sales_connect"):
        place.sandbox.clear_faults(service)
    services = ("salesforce", "sales_connect")
    before = [len(place.sandbox.writes(service)) for service in services]
    code, said = contract("-k", "test_a_new_reminder or test_nothing_is_required", **place.variables)
    assert (code, place.living()) == (0, []), said
    first = [place.sandbox.writes(service)[count] for service, count in zip(services, before, strict=True)]
    assert [write["action"] for write in first] == ["delete", "delete"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"SALESFORCE_LOGIN_URL": "https://acme.my.salesforce.com"}, "TASKSYNC_CONTRACT=salesforce"),
        ({"SALES_CONNECT_URL": "https://sales.example.com"}, "TASKSYNC_CONTRACT=salesconnect"),
        (
            {"SALES_CONNECT_URL": "https://sales.example.com", "TASKSYNC_CONTRACT": "salesforce",
             "SALESFORCE_LOGIN_URL": "https://acme.my.salesforce.com"},
            "TASKSYNC_CONTRACT=salesconnect",
        ),
        ({"SALESFORCE_LOGIN_URL": "http://127.0.0.1.example.com"}, "which is not this machine"),
        ({"SALESFORCE_LOGIN_URL": "http://127.0.0.1@example.com"}, "which is not this machine"),
        ({"TASKSYNC_CONTRACT": "salesforce"}, "SALESFORCE_LOGIN_URL does not say where"),
        ({"TASKSYNC_CONTRACT": "everything"}, "names everything"),
        ({"SALES_CONNECT_URL": "https://sales.example.com", "TASKSYNC_CONTRACT": "salesconnect"}, "ASSIGNEE"),
    ],
)  # fmt: skip
def test_it_refuses_what_was_not_opted_in(variables, words):
    """A host that is not this machine needs its side named."""
    credentials = {"SALESFORCE_CLIENT_ID": "x", "SALESFORCE_CLIENT_SECRET": SECRET, "SALES_CONNECT_TOKEN": SECRET}
    with pytest.raises(NotAllowedError, match=words):
        choose(credentials | variables)


def test_a_refusal_sends_nothing_and_prints_no_secret():
    """It says what to set and exits with 2."""
    hush = {"SALESFORCE_CLIENT_SECRET": SECRET, "SALES_CONNECT_TOKEN": SECRET}
    code, said = contract(SALESFORCE_LOGIN_URL="https://acme.my.salesforce.com", **hush)
    assert (code, SECRET in said) == (2, False), said
    assert said == (
        "SALESFORCE_LOGIN_URL names acme.my.salesforce.com, which is not this machine. The suite creates and deletes "
        "records there. Set TASKSYNC_CONTRACT=salesforce to allow it, or unset SALESFORCE_LOGIN_URL to run against a "
        "sandbox (docs/contract.md). Nothing was sent.\n"
    )


def test_opting_in_allows_the_side_that_it_names():
    """Both sides at other hosts are taken when both are named."""
    chosen = choose(
        {
            "TASKSYNC_CONTRACT": "salesforce, salesconnect",
            "SALESFORCE_LOGIN_URL": "https://acme.my.salesforce.com",
            "SALESFORCE_CLIENT_ID": "x",
            "SALESFORCE_CLIENT_SECRET": SECRET,
            "SALES_CONNECT_URL": "https://sales.example.com",
            "SALES_CONNECT_TOKEN": SECRET,
            "TASKSYNC_CONTRACT_ASSIGNEE": "off",
        }
    )
    assert (chosen.salesforce.loopback_only, chosen.sales_connect.loopback_only) == (False, False)
    assert SECRET not in repr(chosen)


def test_a_login_that_leads_elsewhere_is_not_followed(place):
    """A login on this machine whose instance is another host is refused, without the opt-in."""
    elsewhere = {"access_token": "x", "instance_url": "http://acme.example.com", "id": "x", "token_type": "Bearer"}
    place.sandbox.fault("salesforce", "status", path="oauth2/token", status=200, body=elsewhere)
    with pytest.raises(WrongSettings, match=re.escape("acme.example.com")):
        Org(choose(place.variables))


def test_a_production_org_has_to_be_named(place):
    """An org that is neither a sandbox nor a developer org is left alone, unless its id is given."""
    (org,) = place.org.query("SELECT Id FROM Organization")
    production = {"Id": org["Id"], "Name": "Acme", "IsSandbox": False, "OrganizationType": "Unlimited Edition"}
    place.sandbox.load(salesforce={"Organization": [production]})
    with pytest.raises(AssertionError, match="is a production org"):
        Org(choose(place.variables))
    with pytest.raises(AssertionError, match="is a production org"):
        Org(choose(place.variables | {"TASKSYNC_CONTRACT_PRODUCTION": "00D000000000000AAA"}))
    with Org(choose(place.variables | {"TASKSYNC_CONTRACT_PRODUCTION": org["Id"]})) as allowed:
        assert allowed.sweep() == []


def test_a_user_who_takes_part_gets_no_reminders(place):
    """A user with task sync on is refused: a running sync would carry the suite's reminders on."""
    with pytest.raises(AssertionError, match="task sync off"):
        Tenant(choose(place.variables | {"TASKSYNC_CONTRACT_ASSIGNEE": "on"}))


def test_a_fact_with_an_alternative_does_not_fail_the_run(place):
    """It is told as differing, with what the connector does instead."""
    place.sandbox.fault("salesforce", "status", path="/limits", status=404, body=[{"errorCode": "NOT_FOUND"}])
    code, said = contract("-k", "test_limits_name or test_no_login", **place.variables)
    assert code == 0, said
    assert "2 facts: 1 holds, 1 differs" in said
    assert "the connector does without: " in said


def test_secrets_are_not_printed(place):
    """Neither given nor issued ones, however it ends and however much pytest is asked to tell."""
    place.org.control("logins", {"apps": {"app": {"client_secret": SECRET}}})
    variables = place.variables | {"SALESFORCE_CLIENT_ID": "app", "SALESFORCE_CLIENT_SECRET": SECRET}
    leaks = {"errorCode": SECRET, "message": "Bearer abc.def", "fields": [SECRET]}
    place.sandbox.fault("salesforce", "status", path="/limits", status=401, body=[leaks])
    _, said = contract("-k", "test_login or test_link_field", "--tb=long", "--showlocals", "-rA", "-vv", **variables)
    assert "differs" in said
    assert SECRET not in said
    assert not re.search(r"00D\w{12,15}!\w", said), "a session id"
    assert place.org.token()["access_token"][:20] not in said
    code, said = contract("-k", "test_no_login", **variables | {"SALESFORCE_CLIENT_SECRET": f"{SECRET}-wrong"})
    assert (code, SECRET in said) == (1, False), said
    assert "was not tried to the end: AuthenticationFailed" in said
