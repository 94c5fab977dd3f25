"""Streams that are read in pages, and bookmarks that move over completely read pages only."""

from __future__ import annotations

from abc import abstractmethod
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import Stream
from singer_sdk.helpers._catalog import pop_deselected_record_properties
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import StateMessage

from tasksync_engine.singer.tap_times import last_time, moment, stamp
from tasksync_engine.singer.tap_writer import write_records
from tasksync_engine.singer.words import PROBLEMS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from singer_sdk.metrics import Counter

    from tasksync_engine.ledger import Ledger
    from tasksync_engine.singer.tap import SyncTap

Record = dict[str, Any]


class PagedStream(Stream):
    """A stream that is read in pages.

    Attributes:
        keys: the fields that name a record.
        ordered_by: the field of its time, where it is read incrementally.
        marked: its bookmark carries the ledger's id and the mark of completeness.
        read: it was read to its end in this run.
    """

    keys: ClassVar[tuple[str, ...]]
    ordered_by: ClassVar[str | None] = None
    marked: ClassVar[bool] = False
    STATE_MSG_FREQUENCY = 2000
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # what the clients hand out is JSON already

    def __init__(self, tap: SyncTap) -> None:
        """A stream of this tap."""
        super().__init__(tap=tap, schema=self.fields(tap.config))
        self.primary_keys = self.keys
        self.replication_key = self.ordered_by
        self.read = False

    @property
    def sync_tap(self) -> SyncTap:
        """The tap that it belongs to."""
        return cast("SyncTap", self._tap)

    @classmethod
    @abstractmethod
    def fields(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON schema of its records under these settings; asks no service."""

    @abstractmethod
    def pages(self) -> Iterator[Sequence[Record]]:
        """Read page by page; what is behind a `yield` runs when the page has been written.

        Raises:
            ClientError: the service refused or could not be reached.
        """

    def get_records(self, context: Any) -> Iterable[Record]:  # noqa: ANN401, ARG002  the SDK's signature
        """All records of all pages."""
        for page in self.pages():
            yield from page

    def adopt_ledger(self, ledger: Ledger | None) -> None:
        """Void a bookmark of another ledger, or of another shard: everything is read again (sync-rules §2.4).

        A run without a ledger moves the bookmark past what the ledger has never seen, so it drops the id.
        """
        state = self.stream_state
        if ledger is None:
            state.pop("ledger", None)
            state.pop("shard", None)
        elif (state.get("ledger"), state.get("shard")) != (ledger.id, ledger.shard):
            state.clear()
            state["ledger"] = ledger.id
            if ledger.shard is not None:
                state["shard"] = ledger.shard
        state["complete"] = False
        state.pop("reading_since", None)
        if ledger is not None and ledger.serves_shards:
            state["reading_since"] = ledger.time()

    def _sync_records(
        self,
        context: Any = None,  # noqa: ANN401, ARG002  the SDK's signature
        *,
        write_messages: bool = True,  # noqa: ARG002  only the BATCH capability, which these taps lack, says no
    ) -> Generator[Record, None, None]:
        with self.get_record_counter() as counter, self.get_sync_timer():
            try:
                yield from self._written(counter)
            except PROBLEMS as problem:
                self._write_state_message()
                self.sync_tap.stop(problem)
        self.read = True
        self.sync_tap.stream_read()
        self._write_state_message()

    def _written(self, counter: Counter) -> Generator[Record, None, None]:
        total = since_state = 0
        for page in self.pages():
            # Here the bookmark covers all pages but this one.
            if since_state >= self.STATE_MSG_FREQUENCY:
                self._write_state_message()
                since_state = 0
            self._write_page(page if self.ABORT_AT_RECORD_COUNT is None else page[: self.ABORT_AT_RECORD_COUNT - total])
            total += len(page)
            self._check_max_record_limit(total - 1)
            yield from page
            since_state += len(page)
            counter.increment(len(page))

    def _write_page(self, page: Sequence[Record]) -> None:
        """Write a page's records; what is the same for all of them is decided once."""
        extracted = stamp(datetime.now(UTC))
        names = self._shown_properties.keys()
        shown = [
            record if record.keys() == names and not self._hides_nested else self._shown(record) for record in page
        ]
        for stream_map in self.stream_maps:
            if isinstance(stream_map, SameRecordTransform) and not stream_map.flattening_enabled:
                write_records(stream_map.stream_alias, shown, extracted)
            else:
                mapped = (stream_map.transform(dict(record)) for record in shown)
                write_records(stream_map.stream_alias, [record for record in mapped if record is not None], extracted)

    def _shown(self, record: Record) -> Record:
        shown = {name: record.get(name) for name in self._shown_properties}
        if self._hides_nested:
            pop_deselected_record_properties(shown, self.schema, self.mask)
        return shown

    @cached_property
    def _shown_properties(self) -> dict[str, None]:
        return dict.fromkeys(name for name in self.effective_schema["properties"] if self.mask["properties", name])

    @cached_property
    def _hides_nested(self) -> bool:
        top_level = 2
        return any(len(crumb) > top_level and not selected for crumb, selected in self.mask.items())

    def _write_state_message(self) -> None:
        # Also where nothing changed: the target drains what came before a STATE, settings and users above all.
        _ = self.stream_state
        self._tap.write_message(StateMessage(value=self.tap_state))

    def finalize_state_progress_markers(self, state: Any = None) -> None:  # noqa: ANN401  the SDK's signature
        """Nothing to do: these bookmarks are never provisional."""

    def _write_starting_replication_value(self, context: Any) -> None:  # noqa: ANN401  the SDK's signature
        """Nothing to do: the state is for people to read, and holds no copy of itself."""

    def get_replication_key_signpost(self, context: Any = None) -> None:  # noqa: ANN401  the SDK's signature
        """None: a bookmark is capped by the service's clock, not by this machine's."""


class IncrementalStream(PagedStream):
    """A stream read in (time, id) order, from its own bookmark less an overlap.

    The bookmark is the maximum of old and new: the overlap reads older records again, and must not move it back.
    """

    @property
    def bookmark(self) -> str | None:
        """Up to when everything was read, in the fixed format."""
        return cast("str | None", self.stream_state.get("replication_key_value"))

    def since(self) -> str | None:
        """From when to read, in the fixed format: the bookmark less `lookback_seconds`, or `start_date`, or None."""
        if self.bookmark is None:
            return self.sync_tap.start_date
        return stamp(moment(self.bookmark) - timedelta(seconds=self.config["lookback_seconds"]))

    def resume(self, now: str) -> str | None:
        """From when a reading that begins now reads, for a stream whose state also keeps `read_at`.

        A complete reading saw what was stamped before it began, but for the overlap. So the next one begins there where
        nothing newer has appeared: from the bookmark it would read the newest records again, however many share a time.
        A time beyond `now` is of a clock that was set back since, and says nothing of what is stamped by it today.

        Args:
            now: the service's time, in the fixed format.

        Returns:
            A whole second, as Salesforce stamps, in the fixed format; or `start_date`, or None.
        """
        if self.bookmark is None:
            return self.sync_tap.start_date
        latest = _end_of_second(now)
        read_at = self.stream_state.get("read_at")
        if read_at is not None and read_at > latest:
            # Noted, so that the next run begins here too if this one does not come to its end.
            read_at = self.stream_state["read_at"] = min(self.bookmark, now)
        read_to = max((time for time in (self.bookmark, read_at) if time is not None and time <= latest), default=now)
        return stamp((moment(read_to) - timedelta(seconds=self.config["lookback_seconds"])).replace(microsecond=0))

    def page_read(self, page: Sequence[Record], now: str) -> None:
        """A page is written: everything up to its last row that tells a time."""
        read_to = last_time(page, self.ordered_by or "")
        if read_to is not None:
            self.move_bookmark(read_to, now)

    def move_bookmark(self, read_to: str, now: str) -> None:
        """Everything up to here is written; a record stamped in the future must not hide what comes before it."""
        self.stream_state["replication_key"] = self.replication_key
        self.stream_state["replication_key_value"] = max(self.bookmark or "", min(read_to, now))

    def window_read(self, now: str) -> None:
        """The window is read to its end: where it held nothing at all, the next one begins here.

        So it does where the service's clock was set back behind the bookmark; nothing else moves a bookmark back.
        """
        if self.bookmark is None:
            self.move_bookmark(now, now)
        elif self.bookmark > _end_of_second(now):
            self.stream_state["replication_key_value"] = now


def _end_of_second(now: str) -> str:
    """The latest that a service's clock may show: it tells its time cut to the second, and runs may share one."""
    return stamp(moment(now).replace(microsecond=999_999))
