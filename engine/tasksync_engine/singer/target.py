"""What both targets share: which streams they take, when STATE goes out, and errors told in a line or two."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, cast

from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import PluginCapabilities
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.sinks import BatchSink

from tasksync_engine.engine import Engine
from tasksync_engine.errors import ConfigError
from tasksync_engine.intake import begin
from tasksync_engine.settings import EngineSettings, flag
from tasksync_engine.singer.collecting import collect_seldom
from tasksync_engine.singer.gathering import has_room
from tasksync_engine.singer.lane import Lane
from tasksync_engine.singer.quiet import SDK_LOGS, hush, unhush
from tasksync_engine.singer.reporting import Progress, report
from tasksync_engine.singer.target_reader import TargetReader
from tasksync_engine.singer.words import told_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from tasksync_engine.destination import Destination
    from tasksync_mappings import FieldMap

BATCH_SIZE = 2000
"""Records of one batch: as many as one read of Salesforce takes."""

ENGINE_SETTINGS = (
    th.Property("ledger_url", th.StringType, secret=True, description="The ledger's database: any SQLAlchemy URL."),
    th.Property("mapping_path", th.StringType, description="Your copy of reminder-task.yml; unset: the packaged one."),
    th.Property(
        "conflict_policy",
        th.StringType,
        description="Who wins where both sides changed the same field: newest (default), salesforce or salesconnect.",
    ),
    th.Property(
        "delete_conflict_policy",
        th.StringType,
        description="What a deletion does to a record changed meanwhile: delete (default) or keep.",
    ),
    th.Property(
        "max_delete_count",
        th.IntegerType,
        default=20,
        description="The brake: a run that would delete more records than this, and more than max_delete_percent of "
        "the open links, deletes none of them.",
    ),
    th.Property("max_delete_percent", th.NumberType, default=25, description="See max_delete_count."),
    th.Property(
        "allow_mass_delete",
        th.BooleanType,
        default=False,
        description="Carry out deletions that the brake holds.",
    ),
    th.Property(
        "max_writes_per_record",
        th.IntegerType,
        default=20,
        description="A record that was written this often within max_writes_window_minutes is parked with the reason "
        "runaway instead of being written again; 0 turns this off.",
    ),
    th.Property("max_writes_window_minutes", th.IntegerType, default=60, description="See max_writes_per_record."),
    th.Property(
        "history_days",
        th.IntegerType,
        default=365,
        description="How many days history, conflicts and finished runs are kept in the ledger, at least 31; 0 keeps "
        "them for ever. A run whose history is gone cannot be undone.",
    ),
    th.Property(
        "dry_run",
        th.BooleanType,
        default=False,
        description="Write nothing and emit no STATE; store in the ledger what would have been done.",
    ),
    th.Property(
        "shard",
        th.StringType,
        description="The shard whose run this is (`tasksync shards plan`); unset: a run for all users. Needs a ledger "
        "in PostgreSQL, and the same shard for the tap in front.",
    ),
    th.Property(
        "parallel_requests",
        th.IntegerType,
        default=4,
        description="How many write requests may be under way at once.",
    ),
    th.Property(
        "loopback_only",
        th.BooleanType,
        default=False,
        description="Refuse services that are not on this machine; set in the sandbox environment.",
    ),
    SDK_LOGS,
)
"""The settings that both targets have besides their service's credentials."""


class SyncTarget(Target):
    """A target that hands its streams to the engine.

    STATE goes out behind everything that came before it: each one drains the sinks first, or waits until they are.

    Attributes:
        sinks: Stream name → sink class; any other stream is refused.
        synced_stream: The stream whose bookmark carries the tap's mark of completeness.
    """

    sinks: ClassVar[dict[str, type[EngineSink]]]
    synced_stream: ClassVar[str]
    message_reader_class = TargetReader
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    engine: Engine

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - the SDK's own options, passed on as they are
        super().__init__(**options)
        self.max_parallelism = 1  # the streams depend on each other's order
        self._complete = False
        self._lane = Lane()
        self.progress = Progress(self.logger)
        self._as_they_are: dict[str, EngineSink] = {}
        self._dry_run = flag(self.config, "dry_run")
        if flag(self.config, "sdk_logs"):
            unhush(self.logger)

    def connector(self) -> Callable[[FieldMap], Destination]:
        """What makes the destination, once the mapping is known.

        Raises:
            WrongSettings: A credential is missing.
        """
        raise NotImplementedError

    def listen(self, file_input: Any = None) -> None:  # type: ignore[misc]  # noqa: ANN401 - the SDK's signature
        """Run from the first message to the report.

        The SDK marks this method final, but has no other place that sees both the first message and every ending.

        Raises:
            EngineError: The run cannot begin, or a stream is not ours.
            ClientError: The destination cannot go on.
        """
        self.engine = Engine(EngineSettings.from_config(self.config), self.connector())
        self.engine.open()
        error: BaseException | None = None
        try:
            self._read(file_input)
            self._lane.wait()
            if self._complete:
                self.engine.finish()
            else:
                self.logger.warning("The input ended before it was complete: deletions wait for the next run.")
        except BaseException as caught:
            error = caught
            raise
        finally:
            self._lane.stop()
            self.engine.close(error)
            report(self.logger, self.engine)

    def _read(self, file_input: Any) -> None:  # noqa: ANN401 - see listen
        try:
            super().listen(file_input)
        except (InvalidInputLine, RecordsWithoutSchemaException) as error:
            message = (
                f"{self.name} was given a line that is no Singer message: the tap in front of it was cut off, or is no "
                "tap. What came before it is done; the next run continues."
            )
            raise ConfigError(message) from error

    def get_sink_class(self, stream_name: str) -> type[EngineSink]:
        """The sink of a stream of ours.

        Raises:
            ConfigError: The stream is another one's.
        """
        found = self.sinks.get(stream_name)
        if found is None:
            message = (
                f"{self.name} does not know the stream {stream_name!r}. It takes {', '.join(self.sinks)}: put it "
                "behind the tap that has them, and deselect other streams. Nothing was written."
            )
            raise ConfigError(message)
        return found

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_schema_message(message_dict)
        name = message_dict["stream"]
        maps = self.mapper.stream_maps[name]
        for found in maps:
            if found.stream_alias == self.synced_stream:
                self.engine.expect(found.transformed_schema.get("properties", {}))
        if len(maps) == 1 and isinstance(maps[0], SameRecordTransform) and not maps[0].flattening_enabled:
            self._as_they_are[name] = cast("EngineSink", self.get_sink(maps[0].stream_alias))
        else:
            self._as_they_are.pop(name, None)

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """Without a stream map there is nothing that the SDK would do to a record."""
        sink, record = self._as_they_are.get(message_dict.get("stream", "")), message_dict.get("record")
        if sink is None or not isinstance(record, dict):
            super()._process_record_message(message_dict)
        else:
            sink.gather(record)

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_state_message(message_dict)
        bookmarks = (message_dict.get("value") or {}).get("bookmarks") or {}
        mark = bookmarks.get(self.synced_stream) or {}
        self._complete = mark.get("complete") is True
        self.engine.hear(mark)
        if self._complete or not has_room(self._sinks_active.values(), self.synced_stream, self.batch_size, BATCH_SIZE):
            self.drain_all()
            if self.batch_size > BATCH_SIZE:
                self._lane.wait()  # two such batches would be too much for the memory

    @property
    def batch_size(self) -> int:
        """Records of one batch."""
        return BATCH_SIZE

    def _write_state_message(self, state: dict[str, Any]) -> None:
        """Emit a STATE, once, behind the batches that came before it; a dry run moves no bookmark."""
        self._latest_state = None
        if not self._dry_run:
            self._lane.put(partial(super()._write_state_message, state))

    def hand_over(self, stream: str, begin: Callable[[], Callable[[], None]]) -> None:
        """Do this behind everything that was handed over before, while the next batch is read.

        Args:
            stream: Whose records they are; what comes behind another stream than the long one depends on it.
            begin: Does what may be done while what came before is at work, and gives what is left.
        """
        self._lane.put_in_two(begin)
        if stream != self.synced_stream:
            self._lane.wait()

    def _handle_termination(self, signum: int, frame: object) -> NoReturn:  # noqa: ARG002 - the SDK's signature
        """Stop as a crash would: draining from within a signal could decide a half-written batch twice."""
        raise SystemExit(128 + signum)

    @classmethod
    def invoke(cls, **options: Any) -> None:  # noqa: ANN401 - see __init__
        """Run from the command line; what goes wrong is told in a line or two, with exit code 1."""
        hush(cls.logger)
        collect_seldom()
        with told_in_words(cls.logger):
            super().invoke(**options)


class EngineSink(BatchSink):
    """Gathers records and hands them to the engine as they are; the engine itself validates, and parks (§7.2)."""

    target: SyncTarget

    def __init__(self, *, target: Any, **given: Any) -> None:  # noqa: ANN401 - the SDK's arguments, passed on
        super().__init__(target=target, **given)
        self.target = target
        self._plain: set[str] = set()

    @property
    def max_size(self) -> int:
        """Records of one batch."""
        return self.target.batch_size

    @property
    def engine(self) -> Engine:
        """The run."""
        return self.target.engine

    @property
    def validate_schema(self) -> bool:
        """Off: an invalid record is parked, and does not end the run."""
        return False

    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        return record

    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        """Nothing: see `validate_schema`."""

    def gather(self, record: dict[str, Any]) -> None:
        """Take a record as it came, without what the SDK's own plugins add to one."""
        if not record.keys() <= self._plain:
            self._look_for_additions(record)
        self._get_context(record).setdefault("records", []).append(record)
        self.tally_record_read()
        if self.current_size >= BATCH_SIZE and self.is_full:  # no batch is smaller, and to ask takes a while
            self.target.drain_one(self)

    def _look_for_additions(self, record: dict[str, Any]) -> None:
        for name in [name for name in record if name.startswith("_sdc_")]:
            del record[name]
        self._plain |= record.keys()  # met before: hardly ever does a record have other members than the one before

    def process_batch(self, context: dict[str, Any]) -> None:
        """Hand a batch over."""
        records = context.get("records") or []
        if records:
            self.record_counter_metric.increment(len(records))
            self.target.hand_over(self.stream_name, partial(self.begin, records))

    def begin(self, records: Sequence[dict[str, Any]]) -> Callable[[], None]:
        """What the engine does with this stream's records, but for the rest, which is returned."""
        return partial(self.go_on, begin(self.engine, self.stream_name, records))

    def go_on(self, rest: Callable[[], None]) -> None:
        """Do the rest, and tell of it."""
        before = dict(self.engine.context.counts)
        rest()
        if self.stream_name == self.target.synced_stream:
            self.target.progress.tell(before, self.engine.context.counts)
