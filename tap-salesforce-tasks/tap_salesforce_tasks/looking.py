"""Looks at tasks by id: what they are now, deleted, or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesforce_tasks.schemas import date_times, with_fixed_times
from tasksync_clients import ProtocolError
from tasksync_clients.soql import chunked_in
from tasksync_engine.singer.tap_times import stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_salesforce_tasks.streams import Tasks
    from tasksync_clients.salesforce import SalesforceClient

    Row = dict[str, Any]

MOST_A_RETRIEVE = 2000


class Looker:
    """Looks at tasks; a row comes back as it is, and None for one that is gone (or that nobody lets us see)."""

    def __init__(self, stream: Tasks, client: SalesforceClient) -> None:
        """Look with the fields of the stream."""
        self._stream = stream
        self._client = client
        self._fields = list(stream.schema["properties"])
        self._times = date_times(stream.schema)

    def at_linked(self, ids: Sequence[str]) -> Iterator[dict[str, Row | None]]:
        """At tasks most of which live: 2,000 a call, and a closer look at those that it does not show.

        The closer look is needed because a retrieve may hide archived tasks, which are anything but deleted.
        """
        for start in range(0, len(ids), MOST_A_RETRIEVE):
            piece = ids[start : start + MOST_A_RETRIEVE]
            rows = self._client.retrieve("Task", piece, self._fields)
            found = {id_: with_fixed_times(row, self._times) for id_, row in zip(piece, rows, strict=True) if row}
            yield {**found, **self.closely([id_ for id_ in piece if id_ not in found])}

    def closely(self, ids: Sequence[str]) -> dict[str, Row | None]:
        """At each, deleted and archived ones included: about 440 a call."""
        found: dict[str, Row | None] = dict.fromkeys(ids)
        for condition in chunked_in("Id", ids):
            for page in self._stream.rows("Task", [condition]):
                found.update((_looked_for(row, found), row) for row in page)
        return found


def is_readable(row: Mapping[str, Any]) -> bool:
    """Whether a row says which task it is, whose, when it was stamped, and whether it is deleted."""
    return (
        isinstance(row.get("Id"), str)
        and isinstance(row.get("SystemModstamp"), str)
        and isinstance(row.get("IsDeleted"), bool)
        and isinstance(row.get("OwnerId"), str | None)
    )


def _looked_for(row: Row, ids: Collection[str]) -> str:
    """The id of a row, which must be one of those that were looked for.

    Raises:
        ProtocolError: it is not: taking the others for gone would delete what lives.
    """
    id_ = row.get("Id")
    if not isinstance(id_, str) or id_ not in ids:
        message = "Salesforce answered a look at tasks by their ids with a row that is none of them."
        raise ProtocolError(message)
    return id_


def gone(id_: str, at: datetime) -> Row:
    """The tombstone of a task of which nothing is left but its id."""
    return {"Id": id_, "IsDeleted": True, "SystemModstamp": stamp(at)}
