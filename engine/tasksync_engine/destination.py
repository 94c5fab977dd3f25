"""What the engine needs of the side that it writes to: the one seam between the algorithm and the two services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tasksync_clients import ProtocolError
from tasksync_engine.records import InvalidRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from tasksync_clients import RowResult
    from tasksync_engine.records import Reader, Record
    from tasksync_mappings import Side


class Create(Protocol):
    """A record to be made for a source's record."""

    @property
    def source(self) -> Record:
        """The record that it is the counterpart of."""

    @property
    def columns(self) -> Mapping[str, Any]:
        """What it shall hold, by the destination's columns."""

    @property
    def key(self) -> str:
        """Makes the create repeatable: the same key never makes a second record."""


@dataclass(frozen=True, slots=True)
class Update:
    """Changed fields of a record that exists.

    Attributes:
        current: The record as it was read for the decision.
        values: The changed columns only.
    """

    current: Record
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """When, by the service's clock and both ends included, a user may have made a record; no end: until now."""

    by: str
    begins: datetime
    ends: datetime | None


class Traces(Protocol):
    """How to find what a create made whose answer never came (sync-rules §7.4)."""

    @property
    def user(self) -> str:
        """The user who creates."""

    def now(self) -> datetime:
        """The service's clock, never ahead of it."""

    def find(self, windows: Sequence[Window]) -> list[Record]:
        """Every record, deleted ones included, that these users made in these windows; in few calls."""


class Notes(Protocol):
    """What outlives a run: small values by key, in the ledger."""

    @property
    def shard(self) -> str | None:
        """The shard whose run it is; None: all users'."""

    def keys(self, beginning: str) -> Sequence[str]:
        """The keys that begin like this."""

    def get(self, key: str) -> str | None:
        """A value."""

    def put(self, key: str, value: str) -> None:
        """Keep a value."""


def read_all(reader: Reader, rows: Iterable[Mapping[str, Any]]) -> list[Record]:
    """What a look-up found.

    A row that cannot be read stops the run: leaving it out would look as if there were none, and make a second one.

    Raises:
        ProtocolError: A row is not what its API promises.
    """
    try:
        return [reader(row) for row in rows]
    except InvalidRecord as error:
        message = f"A record that was looked up is not what its API promises: {error}. Nothing is decided without it."
        raise ProtocolError(message) from error


class Destination(Protocol):
    """One service as the side that a change is brought to.

    Every batch method answers in the order of what it was given. A failure of the service as a whole is raised as
    `tasksync_clients.errors.StopRun`; a refused row is a `RowResult` with its recovery.
    """

    @property
    def side(self) -> Side:
        """Which side it is."""

    @property
    def reader(self) -> Reader:
        """Reads its records."""

    @property
    def calls(self) -> int:
        """API calls made so far."""

    @property
    def traces(self) -> Traces | None:
        """How to find what a create made; None where every create carries a key that finds it."""
        return None

    @property
    def usage(self) -> tuple[int, int] | None:
        """API calls used and allowed, as the newest answer told; None: nobody told."""
        return None

    def calls_left(self, changes: int = 0) -> int | None:
        """API calls that may still be made without touching the reserve; None: unknown, or not counted.

        Where no answer has told yet, one is asked for if so many changes are coming that an order among them matters.
        """

    def check_allowance(self) -> None:
        """Make sure that another call may be made.

        Raises:
            AllowanceExhausted: It would touch the reserve.
        """

    def cost(self, linked: int, unlinked: int) -> int:
        """API calls for this many changes of linked records, and this many without a counterpart yet: at most."""

    def time(self) -> datetime:
        """The service's time by its newest answer, aware."""

    def identity(self) -> tuple[str, str]:
        """Whose data it is: the key of `Ledger.claim` and the organization's or tenant's id."""

    def take_over(self, notes: Notes) -> None:
        """Note from now on what may go on writing after this run, and see to it that what was noted before does not.

        Raises:
            StopRun: Something of an earlier run may still be writing.
        """

    def prepare(self) -> None:
        """Check that all that the mapping names exists.

        Raises:
            ConfigError: A field or a picklist value is missing; names it and says what to do.
        """

    def requirements(self) -> str:
        """A short text that changes with what `prepare` checks, and for whom; empty where it checks nothing."""

    def active_users(self, emails: Sequence[str]) -> dict[str, list[str]]:  # noqa: ARG002 - only Salesforce has them
        """The ids of its active users by lower-case email, for the roster; none where the roster needs none."""
        return {}

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """The living records among these, by id."""

    def counterparts(self, records: Sequence[Record]) -> dict[str, list[Record]]:
        """By source id: every record, deleted ones included, that names the source's or is named by it (§2.3)."""

    def create(self, creates: Sequence[Create]) -> list[RowResult]:
        """Make records."""

    def update(self, updates: Sequence[Update]) -> list[RowResult]:
        """Write changed fields; a record that moved on since it was read is refused where the service can tell."""

    def delete(self, records: Sequence[Record]) -> list[RowResult]:
        """Delete records, as they were read for the decision; one that is gone already counts as done."""
