"""A server that sends exactly the bytes it is told to: headers and framings that no library would let out."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 10
"""How long it waits for the rest of a request."""


@dataclass(frozen=True)
class Request:
    """What arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class WireServer:
    """Answers each request with the bytes that `answer` gives for it, and ends the connection.

    Attributes:
        answer: makes the bytes; to be set before the first request.
        requests: all that arrived.
        url: its address.
    """

    def __init__(self, host: str = "127.0.0.1", answer: Callable[[Request], bytes] | None = None) -> None:
        self.answer = answer or (lambda _: b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        self.requests: list[Request] = []
        self._server = _Server((host, 0), _handler(self))
        self.host = f"{host}:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has seen enough hangs up."""


def _last(answer: bytes) -> bytes:
    """An answer that says that the connection ends with it, or else a client may send its next request into it."""
    status, separator, rest = answer.partition(b"\r\n")
    return status + separator + b"Connection: close\r\n" + rest if status.startswith(b"HTTP/1.1 ") else answer


def _handler(server: WireServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        timeout = SECONDS
        disable_nagle_algorithm = True

        def handle(self) -> None:
            request = self._read()
            if request is None:
                return
            server.requests.append(request)
            with suppress(OSError):
                self.connection.sendall(_last(server.answer(request)))
                self.connection.shutdown(socket.SHUT_WR)

        def _read(self) -> Request | None:
            first = self.rfile.readline().decode("latin-1").split(" ")
            if len(first) < len(("method", "target")):
                return None
            headers: dict[str, str] = {}
            while (line := self.rfile.readline().decode("latin-1").strip()) != "":
                name, _, value = line.partition(":")
                headers[name.strip().title()] = value.strip()
            body = self.rfile.read(int(headers.get("Content-Length", "0")))
            return Request(first[0], first[1], headers, body)

    return Handler
