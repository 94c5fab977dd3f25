"""What a service is, and what it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tasksync_sandbox.core.calls import Calls
from tasksync_sandbox.core.faults import FaultEngine, RequestFaults
from tasksync_sandbox.core.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute
    from starlette.types import Scope

    from tasksync_sandbox.core.clock import Clock

FAULTS_IN_SCOPE = "sandbox.faults"


class Core:
    """What one service stands on.

    Attributes:
        clock: shared with the other service.
        store: the service's own state.
        faults: set on this service.
        calls: counted on this service.
    """

    def __init__(self, name: str, data_folder: Path, clock: Clock) -> None:
        """Keep the journal as `<name>.journal` in the data folder."""
        self.data_folder = data_folder
        self.clock = clock
        self.store = Store(data_folder / f"{name}.journal", clock)
        self.faults = FaultEngine(clock)
        self.calls = Calls()


class Service(Protocol):
    """One of the two systems; made with a `Core`, on whose store it declares its tables in `__init__`.

    Attributes:
        name: for status, logs and the journal's file name.
        core: what it was made with.
        routes: its public resources.
        control_routes: further resources under `/_sandbox`; their paths are without that prefix.
    """

    @property
    def name(self) -> str:
        """For status and logs."""

    @property
    def core(self) -> Core:
        """What it was made with."""

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Its public resources."""

    @property
    def control_routes(self) -> Sequence[BaseRoute]:
        """Further resources under `/_sandbox`, paths without that prefix."""

    def start(self) -> None:
        """Make what a new store lacks (ids, settings, the integration user); called once the store is open."""

    def load(self, payload: dict[str, Any]) -> dict[str, int]:
        """Merge records by id, inside a transaction; returns counts by kind.

        Raises:
            ValueError: with a message for the caller, when the payload is not understood.
        """

    def reset(self) -> None:
        """Forget all but what a reset leaves: `store.clear(keep=...)`, then the defaults."""

    def is_token_request(self, path: str) -> bool:
        """Say whether a path is left out of the total of calls."""

    def error(self, status: int, message: str) -> Response:
        """An error in the service's own shape."""

    def daily_limit(self) -> Response:
        """The answer while a `daily_limit` fault strikes."""

    def expire_session(self, request: Request) -> None:
        """Make the token of this request invalid."""


def faults_of(request: Request) -> RequestFaults:
    """The faults that concern a request."""
    return faults_in(request.scope)


def faults_in(scope: Scope) -> RequestFaults:
    """The faults that concern a request, by its ASGI scope."""
    found: RequestFaults = scope[FAULTS_IN_SCOPE]
    return found
