"""The client of one Sales Connect tenant."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import product
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

from tasksync_clients import bodies
from tasksync_clients.batches import pieces
from tasksync_clients.errors import Gone, NotFound, ProtocolError
from tasksync_clients.exchange import Exchange
from tasksync_clients.paging import Progress, ahead, side_by_side
from tasksync_clients.recovery import RowResult
from tasksync_clients.sales_connect.batch import BatchWriter
from tasksync_clients.sales_connect.dialect import SalesConnectDialect, is_record_id
from tasksync_clients.sales_connect.login import tokens
from tasksync_clients.sales_connect.settings import SalesConnectSettings
from tasksync_clients.transport import Answer, Ask, Transport

IDS_AT_MOST: Final = 200
"""Ids of one filter."""
_LONGEST_CURSOR: Final = 4096
_PRINTABLE_ASCII: Final = range(0x20, 0x7F)

Reminder = dict[str, Any]


class SalesConnectClient:
    """Reads and writes one tenant's reminders, users and people; safe for several threads.

    Every method raises `ClientError` as drawn in `errors`. Source: the Sales Connect contract.
    """

    def __init__(self, settings: SalesConnectSettings) -> None:
        """Check the settings; nothing is sent yet.

        Raises:
            WrongSettings: the address or the credentials cannot be used.
        """
        settings = settings.check()
        delay = settings.retry_delay
        self._transport = Transport("Sales Connect", settings.limits())
        source = tokens(settings, self._transport)
        self._exchange = Exchange(self._transport, source, SalesConnectDialect(), delay)
        self._workers = settings.parallel_requests
        self._batches = BatchWriter(self._exchange, settings.parallel_requests, delay)

    def __enter__(self) -> Self:
        """Give the client itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def calls(self) -> int:
        """How many API calls were made, repeated ones included; logins do not count."""
        return self._exchange.calls

    def server_time(self) -> datetime:
        """Sales Connect's clock (aware UTC) by its newest answer, never ahead of it; asks when there was none."""
        if self._transport.clock.now() is None:
            self.salesforce_settings()
        now = self._transport.clock.now()
        if now is None:
            message = "Sales Connect's answers do not tell the time (header Date)."
            raise ProtocolError(message)
        return now

    def salesforce_settings(self) -> dict[str, Any]:
        """Read the tenant's Salesforce settings: `account_id` and the subject template.

        Raises:
            ProtocolError: they do not say whose they are, or hold a template that is no text.
        """
        answer = self._exchange.call(Ask("GET", "/v1/settings/salesforce"))
        told = _record(answer)
        if not is_record_id(told.get("account_id")):
            answer.reject("no account_id that can be one")
        if not isinstance(told.get("activity_detail_customization"), str | None):
            answer.reject("an activity_detail_customization that is no text")
        return told

    def users(self) -> Iterator[list[dict[str, Any]]]:
        """Read all users, page by page."""
        return self._pages("/v1/users", {})

    def patch_user(self, id: str, members: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002 - the contract's name
        """Change the given members of a user, such as `{"task_sync": {"enabled": True}}`."""
        return _record(self._exchange.call(Ask("PATCH", _path("users", id), bodies.encode(members))))

    def people(self, *, updated_since: str | None = None) -> Iterator[list[dict[str, Any]]]:
        """Read people, page by page."""
        return self._pages("/v1/people", {"updated_since": updated_since})

    def reminders(  # noqa: PLR0913 - the contract's filters, each by its name
        self,
        *,
        updated_since: str | None = None,
        include_deleted: bool = False,
        assignee_ids: Sequence[str] | None = None,
        ids: Sequence[str] | None = None,
        salesforce_task_ids: Sequence[str] | None = None,
        limit: int = 500,
    ) -> Iterator[list[Reminder]]:
        """Read reminders by (`updated_at`, `id`), page by page.

        `updated_since` is inclusive. None is no filter, an empty list matches nothing and costs no call; a list of
        more than 200 ids is split into several calls, and the order then holds within each only.
        """
        lists = {"assignee_ids": assignee_ids, "ids": ids, "salesforce_task_ids": salesforce_task_ids}
        given = {name: list(dict.fromkeys(values)) for name, values in lists.items() if values is not None}
        fixed = {
            "updated_since": updated_since,
            "include_deleted": "true" if include_deleted else None,
            "limit": str(limit),
        }
        readings = [
            partial(self._pages, "/v1/reminders", fixed | dict(zip(given, map(",".join, parts), strict=True)))
            for parts in product(*(pieces(values, IDS_AT_MOST) for values in given.values()))
        ]
        # Only where each is small: what is read side by side waits in memory.
        return side_by_side(readings, self._workers if ids or salesforce_task_ids else 1)

    def get_reminder(self, id: str) -> Reminder:  # noqa: A002 - the contract's name
        """Read one reminder.

        Raises:
            NotFound: it is unknown.
            Gone: it is deleted.
        """
        return _record(self._exchange.call(Ask("GET", _path("reminders", id))))

    def create_reminder(self, members: Mapping[str, Any], idempotency_key: str | None = None) -> Reminder:
        """Create a reminder; only with an idempotency key is a lost answer asked for again.

        Raises:
            Duplicate: another reminder holds the `salesforce_task_id`; `holder_id` says which.
            LostAnswer: without a key, it may or may not have been created.
        """
        headers = {"Idempotency-Key": _header(idempotency_key)} if idempotency_key else {}
        body = bodies.encode(members)
        return _record(
            self._exchange.call(Ask("POST", "/v1/reminders", body, headers, repeatable=bool(idempotency_key)))
        )

    def patch_reminder(self, id: str, members: Mapping[str, Any], version: int | None = None) -> Reminder:  # noqa: A002 - the contract's name
        """Change the given members, and only those; with `version`, only if that is still the reminder's.

        Raises:
            Stale: it moved on.
            Gone, NotFound: it is deleted, or unknown.
        """
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return _record(self._exchange.call(Ask("PATCH", _path("reminders", id), bodies.encode(members), headers)))

    def delete_reminder(self, id: str) -> bool:  # noqa: A002 - the contract's name
        """Delete a reminder; False when it was gone already."""
        try:
            self._exchange.call(Ask("DELETE", _path("reminders", id)))
        except (Gone, NotFound):
            return False
        return True

    def batch(self, operations: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Carry out operations as the contract writes them, 200 a call, one result each, in order.

        A call whose answer is lost is repeated where each create in it has an idempotency key. A version that moved
        on gives the code "stale"; a delete of what is gone already is ok.

        Raises:
            ClientError: a call failed as a whole; `partial` holds what is known of each row.
        """
        return self._batches.write(operations)

    def _pages(self, path: str, filters: Mapping[str, str | None]) -> Iterator[list[dict[str, Any]]]:
        query = {name: bodies.scrub(value) for name, value in filters.items() if value is not None}
        progress = Progress()

        def page(asked: Mapping[str, str]) -> tuple[Answer, dict[str, Any]]:
            # Commas part ids and may stay as they are (RFC 3986): of encoded ones urllib3 checks each, several times.
            answer = self._exchange.call(Ask("GET", f"{path}?{urlencode(asked, safe=',')}" if asked else path))
            told = _object(answer)
            progress.arrived(answer, told.get("data"))
            return answer, told

        def following(told: tuple[Answer, dict[str, Any]]) -> tuple[Answer, dict[str, Any]] | None:
            cursor = _next_cursor(*told)
            if cursor is None:
                return None
            progress.goes_on(told[0], cursor)
            return page(query | {"cursor": cursor})

        for answer, told in ahead(page(query), following):
            yield _data(answer, told)


def _object(answer: Answer) -> dict[str, Any]:
    told = answer.json()
    if not isinstance(told, dict):
        answer.reject("something else than an object")
    return told


def _record(answer: Answer) -> dict[str, Any]:
    told = _object(answer)
    if bodies.is_deep(told):
        answer.reject("an object that is nested too deeply")
    return told


def _data(answer: Answer, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = told.get("data")
    if not isinstance(data, list) or not all(isinstance(record, dict) for record in data):
        answer.reject("something else than a page of records")
    if any(map(bodies.is_deep, data)):
        answer.reject("records that are nested too deeply")
    return data


def _next_cursor(answer: Answer, told: Mapping[str, Any]) -> str | None:
    """Take the cursor of the next page; only null ends the pages, so a page without one is no page."""
    cursor = told.get("next_cursor", "")
    if cursor is None:
        return None
    if not isinstance(cursor, str) or not cursor or len(cursor) > _LONGEST_CURSOR:
        answer.reject("no next_cursor that can be used, neither a text of sane length nor null")
    return cursor


def _path(resource: str, id_: str) -> str:
    """Give a record's address.

    Raises:
        ValueError: the id cannot be part of an address.
    """
    if not id_ or not id_.strip("."):
        message = f"An id of {resource} cannot be {id_!r}."
        raise ValueError(message)
    return f"/v1/{resource}/{percent_encode(bodies.scrub(id_), safe='')}"


def _header(value: str) -> str:
    if not all(ord(char) in _PRINTABLE_ASCII for char in value):
        message = "An idempotency key has printable ASCII characters only."
        raise ValueError(message)
    return value
