"""Lists: query parameters, order, cursors."""

from __future__ import annotations

import base64
import binascii
import heapq
import zlib
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tasksync_sandbox.sales_connect.errors import RefusedError
from tasksync_sandbox.sales_connect.state import short_id
from tasksync_sandbox.sales_connect.times import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from starlette.datastructures import QueryParams

    from tasksync_sandbox.core.table import Table
    from tasksync_sandbox.sales_connect.model import Reminder
    from tasksync_sandbox.sales_connect.state import State

_DEFAULT_LIMIT, _MAX_LIMIT, _MAX_VALUES = 100, 500, 200
_LOWEST = ""
_AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]


class Filters(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a list is narrowed to; None means not at all."""

    updated_since: str = _LOWEST
    include_deleted: bool = False
    assignee_ids: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None
    salesforce_task_ids: tuple[str, ...] | None = None


class _Cursor(msgspec.Struct, array_like=True):
    path: str
    after: tuple[str, str]
    filters: Filters


class Query(msgspec.Struct, frozen=True):
    """One request for a page.

    Attributes:
        path: of the list; a cursor belongs to one list.
        filters: what it is narrowed to.
        after: (updated_at, id) of the last record of the page before.
        limit: most records on the page.
    """

    path: str
    filters: Filters
    after: tuple[str, str] | None
    limit: int


def query_of(path: str, params: QueryParams, allowed: Iterable[str]) -> Query:
    """Read the query parameters of a list.

    Raises:
        RefusedError: 400, naming the parameters that are unknown, given twice, or malformed.
    """
    names = [name for name, _ in params.multi_items()]
    readers = {name: _READERS[name] for name in (*allowed, "limit", "cursor")}
    if wrong := [name for name in names if name not in readers or names.count(name) > 1]:
        raise RefusedError(400, "Unknown or repeated query parameters.", sorted(set(wrong)))
    values: dict[str, Any] = {}
    for name in names:
        try:
            values[name] = readers[name](params[name])
        except ValueError as problem:
            raise RefusedError(400, f"{name}: {problem}", [name]) from None
    limit = values.pop("limit", _DEFAULT_LIMIT)
    cursor: _Cursor | None = values.pop("cursor", None)
    if cursor is None:
        return Query(path, Filters(**values), None, limit)
    if cursor.path != path or (values and Filters(**values) != cursor.filters):
        raise RefusedError(400, "This cursor belongs to another query.", ["cursor"])
    return Query(path, cursor.filters, cursor.after, limit)


def reminder_page(state: State, query: Query, size: int) -> tuple[list[Reminder], str | None]:
    """At most `size` reminders, and the cursor of the next page."""
    filters, rows = query.filters, state.reminders.rows
    candidates = (rows[reminder_id] for reminder_id in _candidates(state, query))
    horizon = state.oldest_tombstone()
    fitting = (
        row
        for row in candidates
        if (row.deleted_at is None or (filters.include_deleted and row.deleted_at >= horizon))
        and (filters.assignee_ids is None or row.assignee_id in filters.assignee_ids)
    )
    return _page(fitting, query, size)


def page(table: Table[Any], query: Query, size: int) -> tuple[list[Any], str | None]:
    """At most `size` users or people, and the cursor of the next page."""
    walked = table.ordered["update"].walk(query.after or (query.filters.updated_since,), None, inclusive=(False, True))
    return _page((table.rows[key] for _, key in walked), query, size)


def _candidates(state: State, query: Query) -> Iterator[str]:
    """Ids of reminders after the cursor, in order, narrowed by the best index."""
    filters, table = query.filters, state.reminders
    low: tuple[str, ...] = query.after or (filters.updated_since,)
    if filters.ids is not None or filters.salesforce_task_ids is not None:
        found = sorted((table.rows[key].updated_at, key) for key in _named(state, filters))
        return (key for updated_at, key in found if (updated_at, key) > low)
    if filters.assignee_ids is not None:
        return (key for _, key in heapq.merge(*(_of_assignee(state, one, low) for one in set(filters.assignee_ids))))
    return (key for _, key in table.ordered["update"].walk(low, None, inclusive=(False, True)))


def _named(state: State, filters: Filters) -> set[str]:
    table = state.reminders
    wanted: set[str] | None = None
    if filters.ids is not None:
        wanted = {key for key in filters.ids if key in table.rows}
    if filters.salesforce_task_ids is not None:
        index = table.hashed["task"]
        by_task = {key for task_id in filters.salesforce_task_ids for key in index.find(short_id(task_id))}
        wanted = by_task if wanted is None else wanted & by_task
    return wanted or set()


def _of_assignee(state: State, assignee_id: str, low: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    start = ((assignee_id, low[0]), *low[1:])
    for (assignee, updated_at), key in state.reminders.ordered["assignee"].walk(start, inclusive=(False, True)):
        if assignee != assignee_id:
            return
        yield updated_at, key


def _page(rows: Iterator[Any], query: Query, size: int) -> tuple[list[Any], str | None]:
    found = list(islice(rows, size + 1))
    if len(found) <= size:
        return found, None
    last = found[size - 1]
    return found[:size], _written(_Cursor(query.path, (last.updated_at, last.id), query.filters))


def _written(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(zlib.compress(msgspec.msgpack.encode(cursor))).decode().rstrip("=")


def _read_cursor(text: str) -> _Cursor:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.msgpack.decode(zlib.decompress(packed), type=_Cursor)
    except (binascii.Error, zlib.error, msgspec.MsgspecError, ValueError):
        msg = "this is no cursor of ours"
        raise ValueError(msg) from None


def _read_limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MAX_LIMIT):
        msg = f"a whole number from 1 to {_MAX_LIMIT}"
        raise ValueError(msg)
    return int(text)


def _read_flag(text: str) -> bool:
    if text not in {"true", "false"}:
        msg = "true or false"
        raise ValueError(msg)
    return text == "true"


def _read_time(text: str) -> str:
    try:
        return text_of(msgspec.convert(text, _AwareTime))
    except (msgspec.ValidationError, ValueError, OverflowError):
        msg = "an RFC 3339 time with its offset"
        raise ValueError(msg) from None


def _read_ids(text: str) -> tuple[str, ...]:
    values = tuple(text.split(","))
    if len(values) > _MAX_VALUES or not all(values):
        msg = f"1 to {_MAX_VALUES} ids, separated by commas"
        raise ValueError(msg)
    return values


_READERS: Mapping[str, Callable[[str], Any]] = {
    "limit": _read_limit,
    "cursor": _read_cursor,
    "include_deleted": _read_flag,
    "updated_since": _read_time,
    "assignee_ids": _read_ids,
    "ids": _read_ids,
    "salesforce_task_ids": _read_ids,
}
