"""Which reminders a run reads (architecture, "tap-salesconnect"; sync-rules §1.3, §6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasksync_clients import ProtocolError
from tasksync_clients.sales_connect.dialect import is_record_id
from tasksync_engine.singer.seen import Seen
from tasksync_engine.singer.tap_times import moment, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_salesconnect.streams import Reminders
    from tap_salesconnect.tap import TapSalesconnect

    Page = list[dict[str, Any]]

TOMBSTONES_LAST = timedelta(days=30)
MOST_USERS_A_CALL = 200
"""The service's limit; more are filtered here, for several calls could not be read in one order of time."""


class ReminderReading:
    """One run's reading of the reminders.

    Beside the bookmark the state keeps `users_on` (who had task sync on since when, and is read in full) and
    `read_at` (the service's time when the last complete reading began).
    """

    def __init__(self, stream: Reminders, tap: TapSalesconnect) -> None:
        """Look at the users and at the state; the reading itself waits for `pages`."""
        self._stream = stream
        self._state = stream.stream_state
        self._page_size = tap.config["page_size"]
        self._start_date = tap.start_date
        self._client = tap.client
        self._ledger = tap.ledger
        self._user_ids = tap.user_ids
        self._scope = tap.scope
        self._users_on = tap.users_on()
        self._began = stamp(tap.client.server_time())
        self._afresh = stream.bookmark is None
        self._seen = Seen()

    def pages(self) -> Iterator[Page]:
        """What changed; all reminders of those switched on; tombstones of linked ones that are no longer known."""
        if self._afresh:
            # Reading everything in order reads each user in full, also when it is interrupted and goes on later.
            self._state["users_on"] = self._users_on
        elif self._scope is not None:
            # Who is another shard's now: should they come back, what they did meanwhile is behind this bookmark.
            known = self._state.get("users_on", {})
            self._state["users_on"] = {user: since for user, since in known.items() if user in self._users_on}
        switched_on = self._switched_on()
        yield from self._changed()
        yield from self._in_full(switched_on)
        for ids in self._to_look_up(switched_on):
            yield from self._looked_up(ids)
        yield from self._left_to_this_run()
        self._state["users_on"] = self._users_on
        self._state["read_at"] = self._began

    def _switched_on(self) -> list[str]:
        """Users whose task sync was turned on, for the first time or again, since the state was written.

        Of a shard also those who came to it, on or off.
        """
        known = self._state.get("users_on", {})
        return sorted(
            user for user, since in self._users_on.items() if user not in known or since not in {"", known[user]}
        )

    def _changed(self) -> Iterator[Page]:
        asked = self._asked_for()
        for page in self._read(updated_since=self._stream.resume(self._began), assignee_ids=sorted(asked) or None):
            yield page if asked else self._concerned(page)
            self._stream.page_read(page, self._began)
        self._stream.window_read(self._began)

    def _asked_for(self) -> frozenset[str]:
        """The users whose reminders the service is asked for; nobody: for all, and the filter is here."""
        # A linked reminder may have been given to somebody else: once there can be links, the filter is here. A shard
        # that reads afresh looks at all its linked ones anyway.
        if not (self._afresh or self._ledger is None):
            return frozenset()
        asked = self._user_ids
        if self._scope is not None:
            asked = frozenset(user for user, since in self._users_on.items() if since)
        return asked if len(asked) <= MOST_USERS_A_CALL else frozenset()

    def _left_to_this_run(self) -> Iterator[Page]:
        """What an earlier run has left to this one, unless it came along."""
        left = self._ledger.rereads("reminder") if self._ledger is not None and self._ledger.serves_shards else []
        if waiting := self._seen.missing(left):
            yield from self._looked_up(waiting)

    def _in_full(self, users: Sequence[str]) -> Iterator[Page]:
        if users:
            yield from self._read(updated_since=self._start_date, assignee_ids=users)

    def _to_look_up(self, switched_on: Sequence[str]) -> Iterator[list[str]]:
        """Linked reminders that this run has not met though the service may have forgotten that they were deleted."""
        if self._ledger is not None and (self._gap_is_long() or switched_on):
            users = sorted(self._user_ids) or None if self._gap_is_long() else switched_on
            yield from self._seen.missing_in(self._ledger.linked_ids("reminder", users=users))

    def _looked_up(self, ids: Sequence[str]) -> Iterator[Page]:
        wanted = frozenset(ids)
        for page in self._read(ids=ids):
            _check_asked_for(page, wanted)
            yield page
        now = stamp(self._client.server_time())
        yield [{"id": id_, "deleted_at": now, "updated_at": now} for id_ in self._seen.missing(ids)]

    def _read(self, **filters: Any) -> Iterator[Page]:  # noqa: ANN401  the client's own filters
        for page in self._client.reminders(include_deleted=True, limit=self._page_size, **filters):
            if page:
                self._seen.add(id_ for row in page if is_record_id(id_ := row.get("id")))
                yield page

    def _concerned(self, page: Page) -> Page:
        """The rows of `user_ids` or of a shard, and those linked to one of theirs as far as the ledger knows."""
        if not (self._user_ids or self._scope):
            return page
        others = {row["id"]: row.get("assignee_id") for row in page if not self._is_asked_for(row)}
        linked = frozenset[str]()
        if self._ledger is not None and others:
            linked = self._ledger.linked_of("reminder", others, sorted(self._user_ids))
        return [row for row in page if self._is_asked_for(row) or row["id"] in linked]

    def _is_asked_for(self, row: dict[str, Any]) -> bool:
        """Whether a reminder is of these users; one that cannot be told is: the target says what is wrong with it."""
        id_, user = row.get("id"), row.get("assignee_id")
        if not is_record_id(id_) or not isinstance(user, str | None):
            return True
        return user in self._user_ids if self._scope is None else self._scope.has("reminder", user)

    def _gap_is_long(self) -> bool:
        read_at = self._state.get("read_at")
        return read_at is None or moment(self._began) - moment(read_at) > TOMBSTONES_LAST


def _check_asked_for(page: Page, ids: frozenset[str]) -> None:
    """Make sure that a look by ids found nothing else.

    Raises:
        ProtocolError: it did: taking those that it did not find for gone would delete what lives.
    """
    if not all(isinstance(id_ := row.get("id"), str) and id_ in ids for row in page):
        message = "Sales Connect answered a look at reminders by their ids with one that is none of them."
        raise ProtocolError(message)
