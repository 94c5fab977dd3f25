"""Both services, asked by a page that somebody waits for: with the project's credentials, and not for long."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tasksync_clients.errors import ClientError
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_console.project import Project
from tasksync_console.services import PLUGINS
from tasksync_engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

PATIENCE_SECONDS = 8.0
"""How long a page waits for a service."""
QUICK = {"connect_timeout": 3.0, "read_timeout": 8.0, "retry_delay": 0.1}
MOST_AT_ONCE = 16
"""Questions under way: those that hang must not keep others from being asked."""


class QuickProject(Project):
    """The project, whose plugins are in more of a hurry."""

    def plugin_settings(self, name: str) -> dict[str, Any]:
        """What Meltano would tell a plugin, with short waits.

        Raises:
            ConfigError: There is no such plugin, or meltano.yml cannot be read.
        """
        return super().plugin_settings(name) | QUICK


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a service said.

    Attributes:
        told: Its answer; None where it gave none.
        trouble: Why there is none, in words for a person; None where there is one.
        late: Whether it may still come, and do what was asked for.
    """

    told: T | None
    trouble: str | None = None
    late: bool = False


class Services:
    """Ways to both services; safe for several threads. A client, and with it a login, serves many pages."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._workers = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="services")
        self._lock = threading.Lock()
        self._clients: dict[str, tuple[Mapping[str, Any], Any]] = {}

    def config(self, side: str) -> dict[str, Any]:
        """The settings of the plugin that writes to a side, `reminder` or `task`, as the project has them now.

        Raises:
            ConfigError: meltano.yml cannot be read.
        """
        return QuickProject.here().plugin_settings(PLUGINS[side])

    def salesforce(self) -> SalesforceClient:
        """Salesforce.

        Raises:
            WrongSettings: A setting is missing or cannot be used.
            ConfigError: meltano.yml cannot be read.
        """
        client: SalesforceClient = self._client(
            "task", lambda config: SalesforceClient(SalesforceSettings.from_config(config))
        )
        return client

    def sales_connect(self) -> SalesConnectClient:
        """Sales Connect; raises like `salesforce`."""
        client: SalesConnectClient = self._client(
            "reminder", lambda config: SalesConnectClient(SalesConnectSettings.from_config(config))
        )
        return client

    def _client(self, side: str, make: Callable[[Mapping[str, Any]], Any]) -> Any:  # noqa: ANN401 - either client
        config = self.config(side)
        with self._lock:
            known = self._clients.get(side)
            if known is None or known[0] != config:
                known = self._clients[side] = (config, make(config))
            return known[1]

    def ask(self, question: Callable[[], T]) -> Callable[[], Answer[T]]:
        """Begin to ask; what this returns gives the answer, and waits for it as long as a person would."""
        asked: Future[T] = self._workers.submit(question)
        return lambda: self._answer(asked)

    def _answer(self, asked: Future[T]) -> Answer[T]:
        try:
            return Answer(asked.result(self._patience))
        except NotInTime:
            late = not asked.cancel()
            return Answer(None, f"No answer within {self._patience:g} seconds.", late=late)
        except (ClientError, EngineError) as error:
            return Answer(None, str(error))

    def close(self) -> None:
        """Close the connections."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        for _, client in self._clients.values():
            client.close()
