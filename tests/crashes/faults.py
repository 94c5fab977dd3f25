"""What goes wrong, and at which call: the rows of the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.sync.machine_runs import TO_SALESCONNECT, TO_SALESFORCE
from tests.sync.machine_world import SALES_CONNECT, SALESFORCE

CREATE, UPDATE, DELETE = "create", "update", "delete"
WRITES = (CREATE, UPDATE, DELETE)
ANY_WRITE = "any write"
READ_SOURCE, READ_DESTINATION, LOGIN = "read of the source", "read of the destination", "login"
READS = (READ_SOURCE, READ_DESTINATION)

SOURCE = {TO_SALESFORCE: SALES_CONNECT, TO_SALESCONNECT: SALESFORCE}
DESTINATION = {TO_SALESFORCE: SALESFORCE, TO_SALESCONNECT: SALES_CONNECT}

_COLLECTIONS = "/composite/sobjects"
_REMINDERS = "/v1/reminders"


@dataclass(frozen=True)
class Call:
    """A call of one run: at which service, and which of its requests (regular expressions)."""

    service: str
    method: str
    path: str

    @property
    def members(self) -> dict[str, str]:
        """As a fault names it."""
        return {"method": self.method, "path": self.path}


def call(direction: str, where: str, *, link_field: bool) -> Call:
    """The requests that a run of this direction makes there."""
    service = SOURCE[direction] if where == READ_SOURCE else DESTINATION[direction]
    if where == LOGIN:
        return Call(service, "POST", "/oauth2?/token")
    if service == SALES_CONNECT:
        return (
            Call(service, "GET", f"{_REMINDERS}$") if where in READS else Call(service, "POST", f"{_REMINDERS}/batch")
        )
    if where == READ_SOURCE:
        return Call(service, "GET", "/query|/deleted")
    made = f"{_COLLECTIONS}/Task/" if link_field else f"{_COLLECTIONS}$"
    return {
        READ_DESTINATION: Call(service, "GET|POST", f"{_COLLECTIONS}/Task$|/query"),
        CREATE: Call(service, "PATCH" if link_field else "POST", made),
        UPDATE: Call(service, "PATCH", f"{_COLLECTIONS}$"),
        DELETE: Call(service, "DELETE", f"{_COLLECTIONS}$"),
        ANY_WRITE: Call(service, "PATCH|POST|DELETE", rf"{_COLLECTIONS}(/Task/\w+)?$"),
    }[where]


@dataclass(frozen=True)
class Fault:
    """One kind of fault of the services.

    Attributes:
        name: for the table.
        kind: the sandbox's fault.
        at: the calls that it is tried at.
        members: the fault's own, for either service.
        only: members for one service.
        settings: of the plugins, for the run.
        late: people's own writes become visible so many seconds late.
        service: the only service that has it; Sales Connect asks to wait for an hour, which no trial has.
        clock: the services' clock is set so many seconds ahead (or back) in the run.
    """

    name: str
    kind: str | None
    at: tuple[str, ...]
    members: dict[str, Any] = field(default_factory=dict)
    only: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    late: int = 0
    service: str | None = None
    clock: float = 0

    def strikes_at(self, direction: str, where: str) -> bool:
        """Whether this call's service can have it."""
        return self.service in {None, call(direction, where, link_field=True).service}


_PAGE = "<html><body><h1>Service unavailable</h1></body></html>"
_CONCURRENT = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests (Concurrent API Requests) Limit"}]
_TOO_MANY = {
    SALES_CONNECT: {"status": 429, "headers": {"Retry-After": "1"}},
    SALESFORCE: {"status": 403, "body": _CONCURRENT},
}

FAULTS = (
    Fault("connection cut before the work", "drop_before", (*WRITES, *READS, LOGIN), {"times": 2}),
    Fault("answer lost after the work", "drop_after", (*WRITES, *READS, LOGIN), {"times": 1}),
    Fault("every answer lost", "drop_after", WRITES),
    Fault("500 although the work was done", "status_after", WRITES, {"status": 500, "times": 1}),
    Fault("500 to everything, although the work was done", "status_after", WRITES, {"status": 500}),
    Fault("503 with an HTML page", "status", (*WRITES, *READS), {"status": 503, "body": _PAGE, "times": 2}),
    Fault("503 until the run gives up", "status", (*WRITES, *READS), {"status": 503, "body": _PAGE}),
    Fault("too many requests", "status", (*WRITES, *READS), {"times": 1}, only=_TOO_MANY),
    Fault("session expires in the run", "expire_session", (*WRITES, *READS), {"times": 1}),
    Fault("answer cut in its middle", "cut_body", (*WRITES, *READS), {"times": 1}),
    Fault("no answer in time", "latency", WRITES, {"seconds": 1.3, "times": 1}, settings={"read_timeout": 0.5}),
    Fault("rows locked (UNABLE_TO_LOCK_ROW)", "row_error", WRITES, {"every": 3, "status": 503}),
    Fault(
        "rows refused by a rule of the org",
        "row_error",
        WRITES,
        {"every": 3, "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "refused for the test", "status": 422},
    ),
    Fault("our write becomes visible late", "late_commit", WRITES, {"seconds": 200}),
    Fault("a person's write becomes visible late", None, (READ_SOURCE,), late=300),
    Fault("daily allowance exhausted", "daily_limit", (*WRITES, *READS), service=SALESFORCE),
    Fault("short pages", "short_pages", READS, {"size": 7}),
    Fault("clock jumps ahead in the run", None, (READ_SOURCE,), clock=7200),
    Fault("clock jumps back in the run", None, (READ_SOURCE,), clock=-240),
)
"""Without `times` a fault strikes as long as the run lasts, and the next run finds the service well again."""
