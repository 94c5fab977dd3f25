"""`tasksync serve`: starts the console and says where it is."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

from tasksync_console.asking import Services
from tasksync_console.project import Project
from tasksync_console.web.app import build
from tasksync_console.web.guard import TOKEN_VARIABLE, Guard, hosts_for, is_loopback, token_for
from tasksync_console.web.visit import Console
from tasksync_engine.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS_TO_END = 5
LONGEST_HEAD = 16 * 1024
"""Bytes of a request's line and headers."""


def serve(host: str, port: int, allowed_hosts: Sequence[str] = ()) -> None:
    """Serve the console until it is interrupted.

    Args:
        host: The address to listen on; any but this machine's own needs a token.
        port: Where; 0 takes a free one.
        allowed_hosts: Further names that the console is reached by.

    Raises:
        ConfigError: The address or the port cannot be had, or the token is too short.
    """
    token, is_new = token_for(host, Project.here().variable(TOKEN_VARIABLE))
    listening = listen(host, port)
    with listening:
        taken: int = listening.getsockname()[1]
        guard = Guard(token, hosts_for(host, allowed_hosts), figures=not is_loopback(host))
        console = Console(guard, Services(), taken)
        _say(host, taken, token if is_new else None, with_token=token is not None)
        server_of(console).run(sockets=[listening])


def server_of(console: Console) -> uvicorn.Server:
    """What answers a console's requests; it trusts no header that a proxy would set."""
    return uvicorn.Server(
        uvicorn.Config(
            build(console),
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=SECONDS_TO_END,
            h11_max_incomplete_event_size=LONGEST_HEAD,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections there.

    Raises:
        ConfigError: The address or the port cannot be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        message = (
            f"The console cannot listen on {host}, port {port}: {error.strerror}. Choose another with --host, --port."
        )
        raise ConfigError(message) from error
    return listening


def _say(host: str, port: int, new_token: str | None, *, with_token: bool) -> None:
    name = f"[{host}]" if ":" in host else host
    lines = [f"The console is at http://{name}:{port} (Ctrl-C ends it)."]
    if new_token is not None:
        lines.append(f"Log in with this token, which is shown this once: {new_token}")
    elif with_token:
        lines.append(f"Log in with the token in {TOKEN_VARIABLE}.")
    if not is_loopback(host):
        lines.append("What it sends is not encrypted: put a proxy with TLS in front of it, or use an SSH tunnel.")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
