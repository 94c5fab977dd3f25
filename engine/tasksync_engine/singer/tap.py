"""What both taps share: order of streams, mark of completeness, ledger, and errors told in a line or two."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities

from tasksync_engine import tap_stops
from tasksync_engine.errors import ConfigError, EngineError
from tasksync_engine.settings import flag, with_ledger
from tasksync_engine.singer.quiet import hush, unhush
from tasksync_engine.singer.tap_times import moment, stamp
from tasksync_engine.singer.tap_writer import TapWriter
from tasksync_engine.singer.words import PROBLEMS, told_in_words
from tasksync_engine.starting import importing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.streams import Stream

    from tasksync_engine.ledger import Ledger, Participant
    from tasksync_engine.ledger.shards import Scope
    from tasksync_engine.singer.tap_stream import PagedStream


class SyncTap(Tap):
    """A tap that works alone, or, with `ledger_url`, as one end of the sync.

    Attributes:
        stream_types: its streams, in the order in which they are read.
        keeps_empty: settings in which an empty text means something; elsewhere it is unset.
    """

    stream_types: ClassVar[tuple[type[PagedStream], ...]]
    keeps_empty: ClassVar[frozenset[str]] = frozenset()
    message_writer_class = TapWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  the SDK's own options, passed on as they are
        super().__init__(**options)
        if self.config.get("ledger_url") is None or flag(self.config, "sdk_logs"):
            unhush(self.logger, [vars(kind)["name"] for kind in self.stream_types])

    @cached_property
    def resources(self) -> contextlib.ExitStack:
        """What is to be closed at the end of the run."""
        return contextlib.ExitStack()

    @cached_property
    def ledger(self) -> Ledger | None:
        """The ledger, created where it is missing; None where the tap works alone.

        Raises:
            LedgerError: it cannot be opened.
        """
        url, shard = self.config.get("ledger_url"), self.config.get("shard")
        if url is None:
            if shard is not None:
                message = "The setting shard needs ledger_url (TASKSYNC_LEDGER_URL): the plan of the shards lies there."
                raise ConfigError(message)
            return None
        with importing():
            from tasksync_engine.ledger import open_ledger  # noqa: PLC0415  SQLAlchemy is slow to import, and not always needed

        ledger = open_ledger(url)
        self.resources.callback(ledger.close)
        if shard is not None:
            ledger.enter_shard(shard)
        return ledger

    @property
    def scope(self) -> Scope | None:
        """Whose records are read, of a shard."""
        return self.ledger.scope if self.ledger is not None else None

    @cached_property
    def people(self) -> list[Participant]:
        """The roster, with those who have task sync off; of a tap that works alone nobody."""
        return self.ledger.participants(everyone=True) if self.ledger is not None else []

    @cached_property
    def start_date(self) -> str | None:
        """The setting `start_date` in the fixed format, or None.

        Raises:
            ConfigError: it is no date.
        """
        text = self.config.get("start_date")
        try:
            return None if text is None else stamp(moment(text))
        except ValueError:
            message = f"start_date: {text!r} is no date; write it like 2026-11-20 or 2026-11-20T08:36:00Z"
            raise ConfigError(message) from None

    def discover_streams(self) -> list[Stream]:
        """All streams; needs neither settings nor a connection."""
        return [stream_type(tap=self) for stream_type in self.stream_types]

    @property
    def streams(self) -> dict[str, Stream]:
        """The streams in their own order: the SDK would read them in alphabetical order."""
        in_order = {stream_type: place for place, stream_type in enumerate(self.stream_types)}
        return dict(sorted(super().streams.items(), key=lambda named: in_order[type(named[1])]))  # type: ignore[index]

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over a state, without its mark: this run's input is not complete yet."""
        super().load_state(state)
        for bookmark in self.state.get("bookmarks", {}).values():
            if "complete" in bookmark:
                bookmark["complete"] = False

    def prepare(self) -> None:
        """Open what the run needs before anything is emitted; may end the run.

        Raises:
            ClientError: a setting is missing.
            EngineError: the ledger cannot be opened, or a setting is wrong.
        """
        _ = self.start_date
        for stream in self.marked_streams():
            stream.adopt_ledger(self.ledger)

    def marked_streams(self) -> list[PagedStream]:
        """The selected streams whose bookmarks carry the mark of completeness and the ledger's id."""
        return [stream for stream in self._paged() if stream.marked and stream.selected]

    def stream_read(self) -> None:
        """Called when a stream is read to its end; behind the last one the input is complete."""
        if all(stream.read for stream in self._paged() if stream.selected):
            for stream in self.marked_streams():
                stream.stream_state["complete"] = True
            self.resources.close()

    def stop(self, problem: Exception) -> NoReturn:
        """End the run with exit code 1 and the problem's own words.

        SystemExit, because the SDK logs a traceback for every other exception that leaves a stream.
        """
        self._leave_word(problem)
        self.resources.close()
        self.logger.error("%s", problem)
        raise SystemExit(1) from problem

    def _leave_word(self, problem: Exception) -> None:
        """Let `tasksync check` know why this tap stops."""
        with contextlib.suppress(EngineError):  # it may be the ledger that it stops for
            if self.ledger is not None:
                tap_stops.note(self.ledger, self.name, str(problem))

    @classmethod
    def invoke(cls, **options: Any) -> None:  # noqa: ANN401  the SDK's own command line options, passed on as they are
        """Run the tap from the command line."""
        hush(cls.logger, [vars(kind)["name"] for kind in cls.stream_types])
        if not cls.logger.isEnabledFor(logging.DEBUG):
            # A line for each attempt would bury the client's error, which says what came of them all.
            logging.getLogger("urllib3").setLevel(logging.ERROR)
        with told_in_words(cls.logger), _quiet_pipe(cls.logger):
            super().invoke(**options)

    @classmethod
    def cb_discover(cls, *arguments: Any) -> None:  # noqa: ANN401  passed on as they are
        """Discover from the command line."""
        with told_in_words(cls.logger), _quiet_pipe(cls.logger):
            super().cb_discover(*arguments)

    @classmethod
    def cb_test(cls, *arguments: Any) -> None:  # noqa: ANN401  passed on as they are
        """Try the connection from the command line."""
        with told_in_words(cls.logger), _quiet_pipe(cls.logger):
            super().cb_test(*arguments)

    def _reset_state_progress_markers(self) -> None:
        # The first thing that the SDK's (final) `sync_all` does, and the only one before it emits the state.
        super()._reset_state_progress_markers()
        try:
            self.prepare()
        except PROBLEMS as problem:
            self._leave_word(problem)
            raise

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        self._config = {
            name: value
            for name, value in with_ledger(self._config).items()
            if value is not None and (value != "" or name in self.keeps_empty)
        }
        try:
            return super()._validate_config(raise_errors=raise_errors)
        except ConfigValidationError as problem:
            problem.errors = [self._without_secrets(error) for error in problem.errors]
            raise

    def _without_secrets(self, text: str) -> str:
        for name, schema in self.config_jsonschema["properties"].items():
            if schema.get("secret") and name in self._config:
                text = text.replace(repr(self._config[name]), "(secret)").replace(str(self._config[name]), "(secret)")
        return text

    def _paged(self) -> list[PagedStream]:
        return [stream for stream in self.streams.values() if isinstance(stream, self.stream_types)]


@contextlib.contextmanager
def _quiet_pipe(logger: logging.Logger) -> Iterator[None]:
    """A target that died has told why: a traceback of the tap's on top of it would hide that."""
    try:
        yield
    except BrokenPipeError as problem:
        # The interpreter flushes standard output when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        logger.error("The target stopped reading; its own message says why.")  # noqa: TRY400  see above
        raise SystemExit(1) from problem
