"""The side that changes come from, read without a tap: single records afresh, or all of some users' whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from tasksync_clients.salesforce.reading import RETRIEVE_AT_MOST
from tasksync_clients.soql import chunked_in
from tasksync_engine.destinations.salesforce import ALWAYS_READ
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.singer.tap_times import fixed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tasksync_clients.sales_connect import SalesConnectClient
    from tasksync_clients.salesforce import SalesforceClient
    from tasksync_mappings import FieldMap, Side

Raw = dict[str, Any]

EXCLUDING = ("TaskSubtype", "IsRecurrence")
"""What tells that a task does not sync (sync-rules §4)."""

TIMES = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
USERS_A_CALL = 200


class Source(Protocol):
    """One side's records as they are now."""

    @property
    def side(self) -> Side:
        """Which side."""

    def by_ids(self, ids: Sequence[str]) -> dict[str, Raw]:
        """By id: the records, those that are deleted and still told of included."""

    def of_users(self, users: Sequence[str]) -> Iterator[list[Raw]]:
        """All living records of these users of this side, page by page."""

    def tombstone(self, record_id: str, at: str) -> Raw:
        """The notice that a record is gone of which nothing more is told."""

    def time(self) -> str:
        """The service's time, as its records tell times."""


class ReminderSource(Source):
    """Sales Connect's reminders, and what else `to-salesforce` begins with."""

    side: Side = "reminder"

    def __init__(self, client: SalesConnectClient) -> None:
        """Read with this client."""
        self._client = client

    def settings(self) -> Mapping[str, Any]:
        """The tenant and its subject template."""
        return self._client.salesforce_settings()

    def users(self) -> list[Mapping[str, Any]]:
        """All users."""
        return [user for page in self._client.users() for user in page]

    def by_ids(self, ids: Sequence[str]) -> dict[str, Raw]:
        """See `Source`."""
        return {row["id"]: row for page in self._client.reminders(ids=list(ids), include_deleted=True) for row in page}

    def of_users(self, users: Sequence[str]) -> Iterator[list[Raw]]:
        """See `Source`."""
        for part in chunks(sorted(users), USERS_A_CALL):
            yield from self._client.reminders(assignee_ids=part)

    def tombstone(self, record_id: str, at: str) -> Raw:
        """See `Source`."""
        return {"id": record_id, "deleted_at": at, "updated_at": at}

    def time(self) -> str:
        """See `Source`."""
        return self._client.server_time().isoformat()


class TaskSource(Source):
    """Salesforce's tasks."""

    side: Side = "task"

    def __init__(self, client: SalesforceClient, fields: FieldMap) -> None:
        """Read with this client what the map names."""
        self._client = client
        link_field = [fields.task_field] if fields.task_field else []
        self._columns = list(dict.fromkeys([*ALWAYS_READ, *EXCLUDING, *fields.columns("task"), *link_field]))

    def by_ids(self, ids: Sequence[str]) -> dict[str, Raw]:
        """See `Source`: 2,000 a call, and a closer look at those that a retrieve does not show."""
        found: dict[str, Raw] = {}
        for part in chunks(list(ids), RETRIEVE_AT_MOST):
            rows = self._client.retrieve("Task", part, self._columns)
            found |= {row["Id"]: _told(row) for row in rows if row is not None}
        for page in self._query("Id", [id_ for id_ in ids if id_ not in found], include_deleted=True):
            found |= {row["Id"]: row for row in page}
        return found

    def of_users(self, users: Sequence[str]) -> Iterator[list[Raw]]:
        """See `Source`."""
        yield from self._query("OwnerId", sorted(users), include_deleted=False)

    def tombstone(self, record_id: str, at: str) -> Raw:
        """See `Source`."""
        return {"Id": record_id, "IsDeleted": True, "SystemModstamp": at}

    def time(self) -> str:
        """See `Source`."""
        return self._client.server_time().isoformat()

    def _query(self, column: str, values: Sequence[str], *, include_deleted: bool) -> Iterator[list[Raw]]:
        for condition in chunked_in(column, values):
            soql = f"SELECT {','.join(self._columns)} FROM Task WHERE {condition}"  # noqa: S608 - the client quotes
            for page in self._client.query(soql, include_deleted=include_deleted):
                yield [_told(row) for row in page]


def _told(row: Raw) -> Raw:
    """A task with its times as the tap tells them: so that what is parked is known again."""
    return {**row, **{name: fixed(row[name]) for name in TIMES if isinstance(row.get(name), str)}}
