"""Faults that a test or a person asks for: which request they hit, and how often."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasksync_sandbox.core.clock import Clock

Kind = Literal[
    "status", "status_after", "drop_before", "drop_after", "cut_body", "latency", "row_error",
    "expire_session", "daily_limit", "short_pages", "late_commit", "slow_job", "job_end",
]  # fmt: skip
# These strike where the service comes to the row, page or write; all others strike at the door.
_INSIDE = frozenset({"row_error", "short_pages", "late_commit", "slow_job", "job_end"})


class FaultRequest(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A fault as asked for.

    Attributes:
        kind: what happens.
        method: regular expression searched in the request's method; every method without it.
        path: regular expression searched in the request's path; every path without it.
        times: it strikes at most this often.
        every: it strikes each n-th time it could.
        status: HTTP status of a `status` fault, and of `status_after`, where the work is done all the same (503 without
            it); or of a refused row where rows have one.
        body: its body: text is sent as it is, anything else as JSON.
        headers: its headers.
        seconds: length of a `latency` or `slow_job` (real time) or `late_commit` (sandbox time).
        code: error code of a `row_error`.
        message: its message.
        where: a `row_error` strikes only rows with these values.
        size: most records of a page under `short_pages`, or that a job does before its `job_end`; half without it.
        state: how a job ends under `job_end`: Failed or Aborted.
    """

    kind: Kind
    method: str | None = None
    path: str | None = None
    times: int | None = None
    every: int | None = None
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    seconds: float = 1.0
    code: str = "UNABLE_TO_LOCK_ROW"
    message: str = "unable to obtain exclusive access to this record"
    where: dict[str, Any] = msgspec.field(default_factory=dict)
    size: int | None = None
    state: Literal["Failed", "Aborted"] = "Failed"


class Fault:
    """A fault with its counts."""

    def __init__(self, asked: FaultRequest) -> None:
        """Compile the expressions; raises re.error for one that is none."""
        self.asked = asked
        self.hits = 0
        self._chances = 0
        self._method = re.compile(asked.method or "", re.IGNORECASE)
        self._path = re.compile(asked.path or "")

    def concerns(self, method: str, path: str) -> bool:
        """Say whether a request is one it may strike."""
        return bool(self._method.search(method) and self._path.search(path))

    def strikes(self) -> bool:
        """Count one chance, and a hit where `times` and `every` allow it."""
        self._chances += 1
        if self.asked.every and self._chances % self.asked.every:
            return False
        if self.asked.times is not None and self.hits >= self.asked.times:
            return False
        self.hits += 1
        return True

    def shown(self) -> dict[str, Any]:
        """As `GET /_sandbox/faults` shows it."""
        return {**msgspec.to_builtins(self.asked), "hits": self.hits}


class RequestFaults:
    """The faults that concern one request, for the service to ask."""

    def __init__(self, faults: list[Fault], clock: Clock) -> None:
        """Made by the engine for each request."""
        self._faults = faults
        self._clock = clock
        self._visible_at: float | None = None
        self._asked_late = False

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._faults)

    def at_the_door(self) -> Iterator[FaultRequest]:
        """Yield what strikes the request as a whole, in the order in which the faults were set."""
        for fault in self._faults:
            if fault.asked.kind not in _INSIDE and fault.strikes():
                yield fault.asked

    def row_error(self, row: Mapping[str, Any]) -> FaultRequest | None:
        """The error for one row of a batch; each row whose fields fit `where` is one chance."""
        for fault in self._of("row_error"):
            fits = all(row.get(field) == value for field, value in fault.asked.where.items())
            if fits and fault.strikes():
                return fault.asked
        return None

    def page_size(self, size: int) -> int:
        """How many records this page may hold: `size` without a fault, at least 1."""
        for fault in self._of("short_pages"):
            if fault.strikes():
                size = max(1, min(size, fault.asked.size or size // 2))
        return size

    def visible_at(self) -> float | None:
        """From when (seconds since 1970) readers see what this request writes; None means at once.

        The first question in a request is the chance; later ones get the same answer.
        """
        if not self._asked_late:
            self._asked_late = True
            for fault in self._of("late_commit"):
                if fault.strikes():
                    self._visible_at = self._clock.timestamp() + fault.asked.seconds
        return self._visible_at

    def job_delay(self) -> float:
        """How much longer, in real seconds, the job that this request starts takes."""
        return sum(fault.asked.seconds for fault in self._of("slow_job") if fault.strikes())

    def job_end(self) -> FaultRequest | None:
        """How the job that this request starts ends before it is done; None without a fault."""
        return next((fault.asked for fault in self._of("job_end") if fault.strikes()), None)

    def _of(self, kind: Kind) -> Iterator[Fault]:
        return (fault for fault in self._faults if fault.asked.kind == kind)


class FaultEngine:
    """All faults set on one service."""

    def __init__(self, clock: Clock) -> None:
        """Start without faults."""
        self._clock = clock
        self._faults: list[Fault] = []

    def add(self, asked: FaultRequest) -> Fault:
        """Set a fault; it lives until `clear` or the end of the process."""
        fault = Fault(asked)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def shown(self) -> list[dict[str, Any]]:
        """All faults with their hits."""
        return [fault.shown() for fault in self._faults]

    def for_request(self, method: str, path: str) -> RequestFaults:
        """Those that concern a request."""
        return RequestFaults([fault for fault in self._faults if fault.concerns(method, path)], self._clock)


KINDS: tuple[str, ...] = get_args(Kind)
