"""Secrets: which settings are declared as such, and that a real run leaves none of them anywhere."""

import json
import re
import stat
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from tests.hostile.wire import WireServer

from .generated import docs
from .test_settings import IN_MELTANO

SECRETS = {"SALESFORCE_CLIENT_SECRET": "d1stinct-client-secret", "SALES_CONNECT_TOKEN": "d1stinct-static-token"}
SECRET_NAME = re.compile(r"secret|password|token|private_key|ledger_url|passphrase")
NO_SECRETS = {"private_key_path"}
"""A path: the key itself is in no setting."""
OURS = (".tasksync", ".meltano", "output")


@pytest.mark.parametrize("name", IN_MELTANO)
def test_what_sounds_secret_is_marked(name):
    """A setting whose name speaks of a secret is sensitive in meltano.yml, so that Meltano shows it to nobody."""
    for key, setting in IN_MELTANO[name].items():
        if SECRET_NAME.search(key) and key not in NO_SECRETS:
            assert setting.get("sensitive") is True, key


@pytest.mark.parametrize("name", docs.PLUGINS)
def test_what_sounds_secret_is_declared(name):
    """A setting whose name speaks of a secret is declared as one by its plugin, and has no default."""
    for key, schema in docs.declared(docs.PLUGINS[name]).items():
        if SECRET_NAME.search(key) and key not in NO_SECRETS:
            assert schema.get("secret") is True, key
            assert "default" not in schema, key


class Disguise(WireServer):
    """Passes on to a sandbox service, for which it puts the sandbox's own credentials in the place of the secrets."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.issued = set()
        self._http = requests.Session()
        super().__init__(answer=self._pass_on)

    def _pass_on(self, request):
        def plain(text):
            for secret in SECRETS.values():
                text = text.replace(secret, "sandbox")
            return text

        left_out = {"Host", "Content-Length", "Connection"}
        headers = {name: plain(value) for name, value in request.headers.items() if name not in left_out}
        body = plain(request.body.decode()).encode()
        answer = self._http.request(
            request.method, self.upstream + request.target, data=body, headers=headers, timeout=60
        )
        content = answer.content.replace(self.upstream.encode(), self.url.encode())
        if "oauth" in request.path:
            self.issued.add(answer.json()["access_token"])
        kept = {"Date", "Content-Type", "Sforce-Limit-Info", "Sforce-Locator", "ETag"}
        lines = [f"HTTP/1.1 {answer.status_code} Answer"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items() if name.title() in kept]
        if answer.status_code != requests.codes.no_content:
            lines.append(f"Content-Length: {len(content)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class CommandLines(threading.Thread):
    """Looks at every process's command line, over and over, until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = set()
        self._over = threading.Event()

    def run(self):
        """Look."""
        while not self._over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    self.seen.add(path.read_bytes())

    def stop(self):
        """Stop looking."""
        self._over.set()
        self.join()


@pytest.fixture(scope="module")
def told(new_project, tmp_path_factory):
    """A project that was synced with distinctive secrets: (project, all that was printed, command lines, secrets)."""
    from .conftest import seeded  # noqa: PLC0415 - conftest is no module to import from at the top

    project = new_project()
    with seeded(tmp_path_factory.mktemp("services")) as sandbox:
        fronts = Disguise(sandbox.salesforce_url), Disguise(sandbox.sales_connect_url)
        project.environment |= SECRETS | {"SALESFORCE_LOGIN_URL": fronts[0].url, "SALES_CONNECT_URL": fronts[1].url}
        lines = CommandLines()
        lines.start()
        printed = project.meltano("--log-level=debug run sync")
        printed += project.meltano("--log-level=debug run sync", TAP_SALESCONNECT_LOG_LEVEL="DEBUG")
        printed += project.meltano("config list tap-salesforce-tasks")
        printed += project.meltano("run to-salesforce", exits=1, SALES_CONNECT_TOKEN="d1stinct-static-token-wrong")
        lines.stop()
        secrets = {*SECRETS.values(), *fronts[0].issued}
        for front in fronts:
            front.close()
    return project, printed, lines.seen, secrets


def test_output_holds_no_secret(told):
    """Neither the debugging output of real runs, nor that of a refused login, shows a secret or an issued token."""
    _, printed, _, secrets = told
    assert "target-salesforce-tasks" in printed
    assert [secret for secret in secrets if secret in printed] == []


def test_process_list_holds_no_secret(told):
    """No command line of any process ever held one."""
    _, _, seen, secrets = told
    assert any(b"target-salesforce-tasks" in line for line in seen)
    assert [secret for secret in secrets if any(secret.encode() in line for line in seen)] == []


def test_files_hold_no_secret_that_others_can_read(told):
    """Ledger, state, logs: no file that a run leaves holds a secret, but for Meltano's own, which are their owner's."""
    project, _, _, secrets = told
    found = {}
    for path in (path for folder in OURS for path in (project.folder / folder).rglob("*")):
        if path.is_file() and not path.is_symlink() and "venv" not in path.parts:
            content = path.read_bytes()
            if any(secret.encode() in content for secret in secrets):
                found[str(path.relative_to(project.folder))] = stat.S_IMODE(path.stat().st_mode)
    assert {path: oct(mode) for path, mode in found.items() if mode & 0o077} == {}
    assert [path for path in found if not path.startswith(".meltano/run/")] == []


def test_the_ledger_is_its_owners(told):
    """The ledger and what SQLite keeps beside it can be read by their owner alone."""
    project, _, _, _ = told
    files = [path for path in (project.folder / ".tasksync").iterdir() if path.suffix != ".lock"]
    assert files
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in files if path.stat().st_mode & 0o077} == {}


def test_state_is_readable_and_holds_no_personal_data(told):
    """A state holds times and ids, and neither secrets nor anybody's name or address."""
    project, _, _, secrets = told
    shown = project.meltano(
        "--log-level=error state get sandbox:tap-salesconnect-to-target-salesforce-tasks 2>/dev/null"
    )
    assert json.loads(shown)
    assert "@" not in shown
    assert [secret for secret in secrets if secret in shown] == []
