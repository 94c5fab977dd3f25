"""Processes that are forked from one that has imported the plugins already: most of a short run is its start.

Each is a process of its own, with its own pipes, locks and connections, and runs the plugin's own command.
`python -m tests.crashes.template NUMBER` is the template; NUMBER is its end of a socket.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PLUGINS: Mapping[str, Any] = {
    plugin.name: plugin for plugin in (TapSalesconnect, TargetSalesforceTasks, TapSalesforceTasks, TargetSalesconnect)
}
_LONGEST = 65_536


class Forked:
    """A process of the template, as far as `subprocess.Popen` is needed.

    Attributes:
        returncode: its exit code, negative for the signal that ended it; None until `wait` or `poll` has seen it.
    """

    def __init__(self, template: Template, pid: int) -> None:
        self.returncode: int | None = None
        self._template, self._pid = template, pid
        self._watched = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """The exit code, once there is one."""
        return self._seen(0)

    def wait(self, timeout: float) -> int:
        """Wait so many seconds for the exit code.

        Raises:
            TimeoutError: it still works.
        """
        code = self._seen(timeout)
        if code is None:
            raise TimeoutError(self._pid)
        return code

    def kill(self) -> None:
        """SIGKILL; nothing where it has ended."""
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)

    def _seen(self, timeout: float) -> int | None:
        if self.returncode is None and select.select([self._watched], [], [], timeout)[0]:
            self.returncode = self._template.exit_code(self._pid)
            os.close(self._watched)
        return self.returncode


class Template:
    """The process that others are forked from."""

    def __init__(self, environment: Mapping[str, str], root: Path) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", __name__, str(number)]
            self._process = subprocess.Popen(  # noqa: S603 - this module
                command, cwd=root, env=dict(environment), pass_fds=[number], stdin=subprocess.DEVNULL
            )

    def fork(self, command: Sequence[str], streams: Sequence[int]) -> Forked:
        """Start a plugin's command with these file descriptors as standard input, output and error."""
        socket.send_fds(self._socket, [json.dumps(list(command)).encode()], list(streams))
        return Forked(self, int(self._socket.recv(_LONGEST)))

    def exit_code(self, pid: int) -> int:
        """Wait for a forked process's exit code: only its parent learns of it."""
        self._socket.send(json.dumps(pid).encode())
        return int(self._socket.recv(_LONGEST))

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self._process.wait()


def serve(orders: socket.socket) -> None:
    """Fork and wait as told, until nobody is there any more; a forked process leaves from here as a plugin."""
    while True:
        told, streams, _, _ = socket.recv_fds(orders, _LONGEST, 3)
        if not told:
            return
        order = json.loads(told)
        if isinstance(order, int):
            orders.send(str(os.waitstatus_to_exitcode(os.waitpid(order, 0)[1])).encode())
            continue
        pid = os.fork()
        if pid == 0:
            orders.close()
            _become(order, streams)
        for stream in streams:
            os.close(stream)
        orders.send(str(pid).encode())


def _become(command: Sequence[str], streams: Sequence[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.argv = list(command)
    PLUGINS[command[0]].cli()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
