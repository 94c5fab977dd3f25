"""The `sandbox` command, as a person runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import requests

from tests.project.copies import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = {"Authorization": "Bearer sandbox"}


class Terminal(NamedTuple):
    """A working folder with ports of its own."""

    folder: Path
    ports: tuple[int, int]

    def run(self, *arguments: str, data: str = "", ports: tuple[int, int] | None = None) -> tuple[int, str]:
        """Run one command to its end; returns exit code and all that it printed."""
        salesforce, sales_connect = ports or self.ports
        environment = os.environ | {
            "SANDBOX_SALESFORCE_PORT": str(salesforce),
            "SANDBOX_SALES_CONNECT_PORT": str(sales_connect),
            "SANDBOX_DATA": data,
            "COLUMNS": "160",  # pytest-xdist passes on the width of its own terminal
        }
        done = subprocess.run(  # noqa: S603  our own command
            [sys.executable, "-m", "tasksync_sandbox", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def url(self) -> str:
        """Of Sales Connect."""
        return f"http://127.0.0.1:{self.ports[1]}"

    def pid(self) -> int:
        """Of the running sandbox."""
        return requests.get(f"{self.url}/_sandbox/status", timeout=10).json()["pid"]


def environment_of(process: Path) -> str:
    """Return the environment of a process below /proc; nothing of one that has ended or is another user's."""
    try:
        return (process / "environ").read_text(errors="replace")
    except OSError:
        return ""


def two_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    first, second = free_ports(2)
    return first, second


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """A folder without a sandbox; whatever is started there is stopped."""
    terminal = Terminal(tmp_path, two_ports())
    yield terminal
    terminal.run("down")


def test_up_status_down(terminal: Terminal) -> None:
    """`up` returns when both answer, twice is no harm; `status` and `down` go by the data folder."""
    assert terminal.run("status")[0] == 1
    assert terminal.run("down")[0] == 0
    code, said = terminal.run("up")
    assert code == 0, said
    assert f"Sales Connect: {terminal.url}" in said
    assert requests.get(f"{terminal.url}/v1/users", headers=TOKEN, timeout=10).status_code == 200
    assert requests.get(f"http://127.0.0.1:{terminal.ports[0]}/services/data/", timeout=10).status_code == 200
    pid = terminal.pid()
    assert terminal.run("up")[0] == 0
    assert terminal.pid() == pid
    code, said = terminal.run("status", ports=(1, 2))
    assert (code, terminal.url in said) == (0, True)
    assert terminal.run("down", ports=(1, 2))[0] == 0
    assert terminal.run("status")[0] == 1
    assert (terminal.folder / ".sandbox" / "sandbox.log").exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(terminal.url, timeout=10)


def test_up_refuses_what_others_hold(terminal: Terminal) -> None:
    """A port of a sandbox with other data, of another program, or this data on other ports."""
    assert terminal.run("up")[0] == 0
    code, said = terminal.run("up", data="other")
    assert code == 1
    assert f"held by a sandbox with other data: {terminal.folder / '.sandbox'}" in said
    code, said = terminal.run("up", ports=two_ports())
    assert (code, "is served already" in said) == (1, True)
    assert terminal.run("status")[0] == 0


@pytest.mark.parametrize("listening", [True, False])
def test_up_refuses_a_port_of_another_program(terminal: Terminal, listening: bool) -> None:  # noqa: FBT001  a parameter of pytest
    """One that listens and is silent, and one that only holds the port; the message names it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        if listening:
            holder.listen()
        port = holder.getsockname()[1]
        code, said = terminal.run("up", ports=(port, terminal.ports[1]))
    assert (code, str(port) in said) == (1, True)
    assert terminal.run("status")[0] == 1


def test_port_0_is_any_free_port(terminal: Terminal) -> None:
    """`status` says which; `up` again is no harm."""
    for _ in range(2):
        code, said = terminal.run("up", ports=(0, 0))
        assert code == 0, said
    assert terminal.run("status")[1].startswith(said.strip())


def test_two_ups_at_once_make_one_sandbox(terminal: Terminal) -> None:
    """Both return with success, and one process is left, which the other's does not take over from once it stops."""
    environment = os.environ | {
        "SANDBOX_SALESFORCE_PORT": str(terminal.ports[0]),
        "SANDBOX_SALES_CONNECT_PORT": str(terminal.ports[1]),
        "SANDBOX_DATA": str(terminal.folder / ".sandbox"),
    }
    command = [sys.executable, "-m", "tasksync_sandbox", "up"]
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    both = [subprocess.Popen(command, **quiet) for _ in range(2)]  # noqa: S603  our own command
    assert [process.wait(60) for process in both] == [0, 0]
    if sys.platform == "linux":  # elsewhere nobody tells which processes were started with this folder
        given = f"SANDBOX_DATA={terminal.folder}"
        left = [one.name for one in Path("/proc").glob("[0-9]*") if given in environment_of(one)]
        assert left == [str(terminal.pid())]


def test_records_outlive_a_kill(terminal: Terminal) -> None:
    """After SIGKILL `up` starts again with every record that was answered for, and with its tokens and ids."""
    assert terminal.run("up")[0] == 0
    user = {"id": "ada", "email": "ada@example.com", "name": "Ada"}
    requests.post(f"{terminal.url}/_sandbox/load", json={"users": [user]}, timeout=10)
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    token = requests.post(f"{terminal.url}/oauth/token", data=form, timeout=10).json()["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    settings = requests.get(f"{terminal.url}/v1/settings/salesforce", headers=header, timeout=10).json()
    body = {"name": "Kept", "assignee_id": "ada"}
    created = requests.post(f"{terminal.url}/v1/reminders", json=body, headers=header, timeout=10).json()
    requests.post(f"{terminal.url}/_sandbox/clock", json={"offset_seconds": 60}, timeout=10)
    os.kill(terminal.pid(), signal.SIGKILL)
    assert terminal.run("up")[0] == 0
    kept = requests.get(f"{terminal.url}/v1/reminders/{created['id']}", headers=header, timeout=10)
    assert kept.json() == created
    assert requests.get(f"{terminal.url}/v1/settings/salesforce", headers=header, timeout=10).json() == settings
    assert requests.get(f"{terminal.url}/_sandbox/clock", timeout=10).json()["offset_seconds"] == 60
    assert len(requests.get(f"{terminal.url}/_sandbox/writes", timeout=10).json()) == 1


def keep_writing(url: str, answered: list[dict[str, Any]]) -> None:
    """Create reminders, and note the answers, until nobody answers."""
    operations = [{"op": "create", "reminder": {"name": "Call", "assignee_id": "ada"}}] * 20
    with requests.Session() as session:
        while True:
            try:
                answer = session.post(
                    f"{url}/v1/reminders/batch", json={"operations": operations}, headers=TOKEN, timeout=10
                )
                answered.extend(result["reminder"] for result in answer.json()["results"])
            except requests.RequestException:
                return


def test_every_answered_write_outlives_a_kill(terminal: Terminal) -> None:
    """Killed while several clients write: what was answered for is there, and each record is whole."""
    assert terminal.run("up")[0] == 0
    user = {"id": "ada", "email": "ada@example.com", "name": "Ada"}
    requests.post(f"{terminal.url}/_sandbox/load", json={"users": [user]}, timeout=10)
    answered: list[dict[str, Any]] = []

    clients = [threading.Thread(target=keep_writing, args=(terminal.url, answered)) for _ in range(3)]
    for client in clients:
        client.start()
    while len(answered) < 300:
        time.sleep(0.01)
    os.kill(terminal.pid(), signal.SIGKILL)
    for client in clients:
        client.join()
    assert terminal.run("up")[0] == 0
    for start in range(0, len(answered), 100):
        part = {reminder["id"]: reminder for reminder in answered[start : start + 100]}
        params = {"ids": ",".join(part), "limit": 500}
        kept = requests.get(f"{terminal.url}/v1/reminders", params=params, headers=TOKEN, timeout=10).json()["data"]
        assert {reminder["id"]: reminder for reminder in kept} == part


def test_seed_show_reset(terminal: Terminal) -> None:
    """`seed` fills an empty sandbox and leaves a filled one alone; `show` prints it; `reset` empties it."""
    assert terminal.run("seed")[0] == 1
    assert terminal.run("up")[0] == 0
    code, said = terminal.run("seed", "--users", "3", "--reminders", "9", "--tasks", "12")
    assert (code, "3 users" in said) == (0, True)
    assert "nothing was loaded" in terminal.run("seed")[1]
    assert "9 reminders" in terminal.run("status")[1]
    code, said = terminal.run("show", "--limit", "50")
    assert (code, "Weekly pipeline review" in said, "Ana Morales" in said) == (0, True, True)
    assert terminal.run("reset")[0] == 0
    assert "reminders" not in terminal.run("status")[1]


def test_tls_serves_both_with_its_own_certificate(terminal: Terminal) -> None:
    """Clients trust the file in the data folder; plain http gets no answer."""
    code, said = terminal.run("up", "--tls")
    assert (code, "https://" in said) == (0, True), said
    trusted = str(terminal.folder / ".sandbox" / "certificate.pem")
    for port in terminal.ports:
        for host in ("127.0.0.1", "localhost"):
            assert requests.get(f"https://{host}:{port}/_sandbox/status", verify=trusted, timeout=10).status_code == 200
    assert terminal.run("status")[0] == 0
    assert terminal.run("up")[0] == 1
    assert "a sandbox with other data and --tls" in terminal.run("up", data="other")[1]


def test_run_serves_in_the_foreground(terminal: Terminal) -> None:
    """It says where it answers, and ends cleanly on SIGTERM."""
    environment = os.environ | {
        "SANDBOX_SALESFORCE_PORT": "0",
        "SANDBOX_SALES_CONNECT_PORT": "0",
        "SANDBOX_DATA": str(terminal.folder / "data"),
    }
    command = [sys.executable, "-m", "tasksync_sandbox", "run"]
    with subprocess.Popen(  # noqa: S603  our own command
        command, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = [process.stdout.readline() for _ in range(2)][1].split()[-1]
        assert requests.get(f"{url}/_sandbox/status", timeout=10).json()["pid"] == process.pid
        note = json.loads((terminal.folder / "data" / "running.json").read_text())
        assert note["sales_connect_url"] == url
        code, said = terminal.run("run", data=str(terminal.folder / "data"))
        assert (code, "Another process serves" in said) == (1, True)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


@pytest.mark.parametrize("arguments", [(), ("fly",), ("seed", "--users", "many")])
def test_wrong_arguments_are_refused(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    """Exit code 2, with the usage."""
    code, said = terminal.run(*arguments)
    assert (code, "usage:" in said) == (2, True)


def test_a_port_must_be_a_number(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named."""
    monkeypatch.setenv("SANDBOX_SALESFORCE_PORT", "http")
    done = subprocess.run(
        [sys.executable, "-m", "tasksync_sandbox", "up"],
        cwd=terminal.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "SANDBOX_SALESFORCE_PORT" in done.stderr) == (1, True)
