"""A scripted HTTP service that misbehaves on demand: real sockets, no knowledge of our code."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

TOKEN_PATH = "/services/oauth2/token"
ORG_ID = "00D000000000001"
USER_ID = "005000000000001"


@dataclass
class Request:
    """What arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: tuple[str, int]

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        """The parameters of the target."""
        return parse_qs(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    def json(self) -> Any:
        """Read the body."""
        return json.loads(self.body)


@dataclass
class Reply:
    """What goes back; `cut` closes the connection instead ("before" anything, or "amid" the body)."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""

    def content(self) -> bytes:
        """The body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


class HostileService:
    """Answers each request with the next reply scripted for its path, the last one again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._scripts: dict[str, deque[Reply | Callable[[Request], Reply]]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self.url = f"https://{self.host}"
        self.tokens = 0
        self.script(TOKEN_PATH, self._token)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def script(self, path: str, *replies: Reply | Callable[[Request], Reply]) -> None:
        """Set the replies for paths that contain `path`; the latest script that fits counts."""
        self._scripts = {path: deque(replies)} | {key: value for key, value in self._scripts.items() if key != path}

    def asked(self, path: str = "", method: str = "") -> list[Request]:
        """The requests so far whose path contains `path`; logins only when asked for by their path."""
        return [
            request
            for request in self.requests
            if path in request.path and method in request.method and (path or TOKEN_PATH not in request.path)
        ]

    def answer(self, request: Request) -> Reply:
        """Note the request and choose its reply."""
        with self._lock:
            self.requests.append(request)
            script = next((replies for path, replies in self._scripts.items() if path in request.path), None)
            reply = Reply(404, body=[]) if script is None else script[0]
            if script and len(script) > 1:
                script.popleft()
        return reply(request) if callable(reply) else reply

    def _token(self, _request: Request) -> Reply:
        with self._lock:
            self.tokens += 1
            value = f"00D!secret-token-{self.tokens}"
        identity = f"https://login.salesforce.com/id/{ORG_ID}/{USER_ID}"
        return Reply(body={"access_token": value, "instance_url": self.url, "id": identity})

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(service: HostileService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def setup(self) -> None:
            super().setup()
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.title(): value for name, value in self.headers.items()}
            reply = service.answer(Request(self.command, self.path, headers, body, self.client_address))
            if reply.cut == "before":
                self.close_connection = True
                return
            content = reply.content()
            self.send_response(reply.status)
            for name, value in ({"Content-Type": "application/json"} | dict(reply.headers)).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if reply.cut == "amid":
                content, self.close_connection = content[: len(content) // 2], True
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

    return Handler
