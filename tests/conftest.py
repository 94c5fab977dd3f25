"""A sandbox for every test that asks: real HTTP on free ports, emptied before each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tasksync_sandbox.both import both_services
from tests.ledger.postgresql import Postgresql, running_postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator

SALESFORCE, SALES_CONNECT = "salesforce", "sales_connect"


class SandboxHandle:
    """Speaks to a running sandbox over HTTP; `service` is "salesforce" or "sales_connect".

    Attributes:
        salesforce_url: base address, without a slash at the end.
        sales_connect_url: likewise.
    """

    def __init__(self, salesforce_url: str, sales_connect_url: str) -> None:
        self.salesforce_url = salesforce_url
        self.sales_connect_url = sales_connect_url
        self._http = requests.Session()

    def load(
        self, *, salesforce: dict[str, list[Any]] | None = None, sales_connect: dict[str, Any] | None = None
    ) -> None:
        """Load records: `salesforce` by object name, `sales_connect` by kind."""
        if salesforce is not None:
            self.control(SALESFORCE, "POST", "load", {"objects": salesforce})
        if sales_connect is not None:
            self.control(SALES_CONNECT, "POST", "load", sales_connect)

    def reset(self) -> None:
        """Empty both services; the clock goes to real time."""
        self.control(SALESFORCE, "POST", "reset")
        self.control(SALES_CONNECT, "POST", "reset")

    def calls(self, service: str) -> dict[str, Any]:
        """`total` and `by_endpoint`."""
        return self.control(service, "GET", "calls")

    def forget_calls(self) -> None:
        """Set the counts of both services to zero."""
        self.control(SALESFORCE, "DELETE", "calls")
        self.control(SALES_CONNECT, "DELETE", "calls")

    def writes(self, service: str) -> list[dict[str, Any]]:
        """One entry per committed record."""
        return self.control(service, "GET", "writes")

    def fault(self, service: str, kind: str, **members: Any) -> None:
        """Set a fault."""
        self.control(service, "POST", "faults", {"kind": kind, **members})

    def faults(self, service: str) -> list[dict[str, Any]]:
        """The faults with their hits."""
        return self.control(service, "GET", "faults")

    def clear_faults(self, service: str) -> None:
        """Remove the faults."""
        self.control(service, "DELETE", "faults")

    def clock(self, offset_seconds: float) -> None:
        """Set both services' clock ahead of real time."""
        self.control(SALES_CONNECT, "POST", "clock", {"offset_seconds": offset_seconds})

    def control(self, service: str, method: str, resource: str, body: Any = None) -> Any:
        """Call one resource under `/_sandbox/`."""
        answer = self._http.request(method, f"{self._url(service)}/_sandbox/{resource}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call Sales Connect with the static token; `more` as in `requests.request`."""
        headers = {"Authorization": "Bearer sandbox", **more.pop("headers", {})}
        return self._http.request(method, self.sales_connect_url + path, headers=headers, timeout=60, **more)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _url(self, service: str) -> str:
        return {SALESFORCE: self.salesforce_url, SALES_CONNECT: self.sales_connect_url}[service]


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxHandle]:
    """One sandbox for the whole run, in a thread; use `sandbox`, which empties it."""
    with both_services(tmp_path_factory.mktemp("sandbox")) as running:
        handle = SandboxHandle(*running.urls)
        yield handle
        handle.close()


@pytest.fixture
def sandbox(running_sandbox: SandboxHandle) -> SandboxHandle:
    """An empty sandbox; one test after the other gets the same, reset."""
    running_sandbox.reset()
    return running_sandbox


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests noted as "played": how many examples and steps of what, whichever worker played them."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, ())]
    for told in sorted({told for report in reports for name, told in report.user_properties if name == "played"}):
        terminalreporter.write_line(told)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """One server for the whole run."""
    try:
        with running_postgresql() as server:
            yield server
    except PermissionError as error:
        pytest.skip(f"PostgreSQL cannot run here: {error}")
