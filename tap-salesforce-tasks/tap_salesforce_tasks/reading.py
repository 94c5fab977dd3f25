"""Which tasks a run reads (architecture, "tap-salesforce-tasks"; sync-rules §1.3, §2.1, §6)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_salesforce_tasks.deletions import LogWindow
from tap_salesforce_tasks.looking import Looker, gone, is_readable
from tap_salesforce_tasks.queries import window, window_end
from tap_salesforce_tasks.windows import read_window
from tasksync_clients.soql import chunked_in
from tasksync_engine.singer.seen import Seen
from tasksync_engine.singer.tap_times import moment, stamp

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from tap_salesforce_tasks.owners import Owners
    from tap_salesforce_tasks.streams import Tasks
    from tap_salesforce_tasks.tap import TapSalesforceTasks
    from tasksync_engine.ledger import Ledger

    Row = dict[str, Any]
    Page = list[Row]

FAR = timedelta(days=1)
"""After a longer pause the changes of people outside the roster outweigh a look at all linked tasks."""


class TaskReading:
    """One run's reading of the tasks.

    Beside the bookmark the state keeps `owners` (who of the roster had task sync on since when, and is read),
    `deleted_until` (up to when the deleted-records resource told of deletions) and `read_at` (the service's time when
    the last complete reading began).

    A linked task may have been given to an owner outside the roster, and its target must hear of it. So the window is
    read without regard to owners, and who does not count is left out here: it stays one query, and costs further pages
    only where others change many tasks. Reading afresh or after a long pause it is the other way round: only the
    roster's owners are asked for, and all linked tasks that did not come along are looked at by their ids.
    """

    def __init__(self, stream: Tasks, tap: TapSalesforceTasks) -> None:
        """Look at the state; the reading itself waits for `pages`."""
        self._stream = stream
        self._tap = tap
        self._state = stream.stream_state
        self._owners: Owners = tap.owners
        self._ledger = tap.ledger
        self._scope = tap.scope
        self._client = tap.client
        self._look = Looker(stream, tap.client)
        self._now = tap.client.server_time()
        self._began = stamp(self._now)
        self._new_owners = self._owners.new(self._state.get("owners", {}))
        self._afresh = stream.bookmark is None
        self._by_owner = self._afresh or self._ledger is None or self._long_ago()
        self._since = self._start()
        self._met = Seen()
        self._met_deleted: set[str] = set()

    def pages(self) -> Iterator[Page]:
        """What changed; what new owners have; tombstones; linked tasks that must be looked at."""
        if self._afresh:
            # Reading all owners in order reads each, also when it is interrupted and goes on later.
            self._note_owners()
        elif self._scope is not None:
            # Who is another shard's now: should they come back, what they did meanwhile is behind this bookmark.
            known = self._state.get("owners", {})
            self._state["owners"] = {who: since for who, since in known.items() if who in self._owners.enabled}
        yield from self._changed()
        yield from self._of_new_owners()
        covered, gap = yield from self._deletions()
        yield from self._linked(everything=gap or (self._ledger is not None and self._by_owner))
        yield from self._left_to_this_run()
        # Not before the look that closes a gap is done: a run that dies in it would take the gap for closed.
        self._state["deleted_until"] = covered
        self._note_owners()
        self._state["read_at"] = self._began

    def _note_owners(self) -> None:
        if self._ledger is not None:
            self._state["owners"] = dict(self._owners.enabled)

    def _long_ago(self) -> bool:
        read_at = self._state.get("read_at")
        return read_at is None or moment(self._began) - moment(read_at) > FAR

    def _start(self) -> str | None:
        if self._afresh and self._owners.starts:
            return self._owners.first_start(self._owners.starts)
        return self._stream.resume(self._began)

    def _changed(self) -> Iterator[Page]:
        conditions = window(self._since, window_end(self._now))
        if self._by_owner and self._owners.starts is not None:
            if not self._owners.starts:
                return
            conditions += [condition] if (condition := self._owners.condition()) else []
        for page, read_to in read_window(self._stream, self._tap, conditions, self._since):
            yield self._kept(page)
            if read_to is not None:
                self._stream.move_bookmark(read_to, self._began)
        self._stream.window_read(self._began)

    def _of_new_owners(self) -> Iterator[Page]:
        """Tasks of owners who are new to the roster or turned task sync on again, each from its own start."""
        if self._afresh or not self._new_owners:
            return
        new = [owner for owner in self._new_owners if self._owners.enabled[owner]]
        since = self._owners.first_start(new)
        bounds = window(since, window_end(self._now))
        for condition in chunked_in("OwnerId", new):
            for page, _ in read_window(self._stream, self._tap, [*bounds, condition], since):
                yield self._kept(page)

    def _deletions(self) -> Generator[Page, None, tuple[str, bool]]:
        """Tombstones of the deleted-records resource (sync-rules §6).

        Returns up to when it tells of deletions, and whether it may have left some out.
        """
        # Not from when the reading began: it may have taken longer than the resource reaches beyond 15 days.
        asked = LogWindow.after(self._state.get("deleted_until"), self._client.server_time())
        answer = self._client.deleted("Task", asked.start, asked.end)
        times = {id_: at for id_, at in answer.ids if id_ not in self._met_deleted}
        now = self._look.closely(list(times))
        yield self._kept([row for row in now.values() if row is not None and row.get("IsDeleted")])
        yield self._kept_of_gone([gone(id_, times[id_]) for id_, row in now.items() if row is None])
        return stamp(answer.latest_covered), asked.leaves_a_gap(answer)

    def _linked(self, *, everything: bool) -> Iterator[Page]:
        """Linked tasks that this run has not met: of new owners, which are all unread, and where asked for all."""
        if self._ledger is None:
            return
        if self._new_owners:
            yield from self._unmet(self._ledger, self._new_owners, all_unread=True)
        if everything:
            yield from self._unmet(self._ledger, self._owners.asked or None, all_unread="read_at" not in self._state)

    def _unmet(self, ledger: Ledger, owners: Sequence[str] | None, *, all_unread: bool) -> Iterator[Page]:
        """What linked tasks of these owners are now, where the target may not know it: the others would be echoes."""
        for ids in self._met.missing_in(ledger.linked_ids("task", users=owners)):
            for now in self._look.at_linked(ids):
                looked_at = self._client.server_time()
                yield [gone(id_, looked_at) for id_, row in now.items() if row is None]
                found = [row for row in now.values() if row is not None]
                yield [row for row in found if all_unread or self._is_news(row)]
            self._met.add(ids)

    def _is_news(self, row: Row) -> bool:
        return not is_readable(row) or row["IsDeleted"] or row["SystemModstamp"] >= (self._since or "")

    def _kept(self, page: Page) -> Page:
        """The rows of a page that count."""
        self._note(page)
        others = {row["Id"]: row["OwnerId"] for row in page if not self._is_of_interest(row)}
        if not others:
            return page
        left_out = others.keys() - self._linked_among(others)
        return [row for row in page if not is_readable(row) or row["Id"] not in left_out]

    def _is_of_interest(self, row: Row) -> bool:
        """Whether a task counts for its owner's sake, or cannot be told: the target says what is wrong with it."""
        return not is_readable(row) or self._owners.of_interest(row)

    def _note(self, page: Page) -> None:
        latest = {row["Id"]: row["IsDeleted"] for row in page if is_readable(row)}
        self._met_deleted.difference_update(latest)
        self._met_deleted.update(id_ for id_, is_deleted in latest.items() if is_deleted)
        if self._ledger is not None:
            self._met.add(latest)

    def _kept_of_gone(self, page: Page) -> Page:
        """Nobody can tell whose a purged task was: the first shard hears of all, each of those that are linked."""
        if self._scope is None or self._scope.takes_rest or self._ledger is None:
            return page
        linked = self._ledger.linked_among("task", [row["Id"] for row in page])
        return [row for row in page if row["Id"] in linked]

    def _left_to_this_run(self) -> Iterator[Page]:
        """What an earlier run has left to this one, unless it came along."""
        if self._ledger is None or not self._ledger.serves_shards:
            return
        for ids in self._met.missing_in([self._ledger.rereads("task")]):
            now = self._look.closely(ids)
            yield [row for row in now.values() if row is not None]
            yield [gone(id_, self._client.server_time()) for id_, row in now.items() if row is None]

    def _linked_among(self, owners: Mapping[str, str | None]) -> frozenset[str]:
        """Those of these tasks, each with its owner, that are linked, and of whose link this run has to hear.

        With `owner_ids`, or of a shard, only of theirs as far as the ledger knows.
        """
        if self._ledger is None or not owners:
            return frozenset()
        return self._ledger.linked_of("task", owners, self._owners.asked)
