"""Both services in one process: one event loop, two ports."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self, cast

import uvicorn
from starlette.routing import Router
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tasksync_sandbox.core.clock import Clock
from tasksync_sandbox.core.control import PREFIX, Control
from tasksync_sandbox.core.gate import TRANSPORT_IN_SCOPE, Gate
from tasksync_sandbox.core.service import Core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import TextIO

    from starlette.types import ASGIApp, Receive, Scope, Send

    from tasksync_sandbox.core.service import Service

_HOST = "127.0.0.1"
_LOCK_ATTEMPTS = 20


class DataFolderInUseError(RuntimeError):
    """Another process serves this data folder."""


class _CuttableProtocol(HttpToolsProtocol):
    """Tells the application its transport, so that a fault can cut the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)[TRANSPORT_IN_SCOPE] = self.transport


class _Server(uvicorn.Server):
    """Leaves signals to the process, and says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.answers.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()  # a TLS client that keeps its connection open does not end it by itself
        await asyncio.sleep(0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Sandbox:
    """Both services on two ports; `run` serves in this thread, `with sandbox:` in one of its own."""

    def __init__(
        self,
        data_folder: Path,
        services: Sequence[tuple[str, Callable[[Core], Service], int]],
        *,
        tls: bool = False,
    ) -> None:
        """Open the data and bind the ports.

        Args:
            data_folder: where the journals lie.
            services: name, maker and port of each; port 0 takes a free one.
            tls: serve https with a certificate made in the data folder.

        Raises:
            DataFolderInUseError: another process serves this data folder.
            OSError: a port is taken.
        """
        with contextlib.ExitStack() as opened:
            self._lock = opened.enter_context(_locked(data_folder))
            self._sockets = [opened.enter_context(_bound(port)) for _, _, port in services]
            self._tls = _certificate(data_folder) if tls else None
            clock = Clock(data_folder / "clock.json")
            self._services = [make(Core(name, data_folder, clock)) for name, make, _ in services]
            for service in self._services:
                service.core.store.open()
                service.start()
            opened.pop_all()
        self._servers: list[_Server] = []
        self._thread: threading.Thread | None = None

    @property
    def urls(self) -> list[str]:
        """Base address of each service, in the order in which they were given."""
        scheme = "https" if self._tls else "http"
        return [f"{scheme}://{_HOST}:{sock.getsockname()[1]}" for sock in self._sockets]

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGTERM, SIGINT or `stop`; `ready` is called when both ports answer."""
        with asyncio.Runner(loop_factory=_new_event_loop) as runner:
            runner.run(self._serve(ready))
        for service in self._services:
            service.core.store.close()
        self._lock.close()

    def stop(self) -> None:
        """Ask `run` to end; may be called from another thread."""
        for server in self._servers:
            server.should_exit = True

    def __enter__(self) -> Self:
        """Serve in a thread; returns when both ports answer."""
        answering = threading.Event()
        self._thread = threading.Thread(target=self.run, args=(answering.set,), daemon=True)
        self._thread.start()
        while not answering.wait(0.1):
            if not self._thread.is_alive():
                msg = "The sandbox ended before it answered; its log says why."
                raise RuntimeError(msg)
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop, and wait until all is closed."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    async def _serve(self, ready: Callable[[], None]) -> None:
        self._servers = [_Server(self._config(service)) for service in self._services]
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, self.stop)
        tasks = [
            asyncio.create_task(server.serve([sock])) for server, sock in zip(self._servers, self._sockets, strict=True)
        ]
        for server in self._servers:
            await server.answers.wait()
        ready()
        await asyncio.gather(*tasks)

    def _config(self, service: Service) -> uvicorn.Config:
        tls: dict[str, Any] = {}
        if self._tls is not None:
            tls = {"ssl_certfile": str(self._tls[0]), "ssl_keyfile": str(self._tls[1])}
        return uvicorn.Config(
            application(service),
            http=_CuttableProtocol,
            loop="none",
            lifespan="off",
            access_log=False,
            date_header=False,
            log_level="warning",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=75,
            **tls,
        )


def application(service: Service) -> ASGIApp:
    """The ASGI application of one service: control aside, everything passes the gate."""
    control = Control(service).router()
    gate = Gate(Router(list(service.routes)), service)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (control if scope["path"].startswith(PREFIX + "/") else gate)(scope, receive, send)

    return app


def _locked(folder: Path) -> TextIO:
    """Hold the data folder as long as this process lives."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    # Whoever asks whether the folder is served holds the lock for a moment.
    for _ in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return lock
    lock.close()
    raise DataFolderInUseError(folder)


def _certificate(folder: Path) -> tuple[Path, Path]:
    from tasksync_sandbox.core.certificate import ensure_certificate  # noqa: PLC0415  a fifth of the start's time

    return ensure_certificate(folder)


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((_HOST, port))
    except OSError:
        sock.close()
        raise
    return sock


def _new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415  not on Windows
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
