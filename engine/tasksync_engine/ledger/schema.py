"""The ledger's tables.

One row of `links` pairs one reminder with one task. Everything else hangs on a record of one side (`side` is
`reminder` or `task`, the side that the change came from) or on a run.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    true,
)

from tasksync_mappings import Pair

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

metadata = MetaData()
RECORD_ID = 255
"""The longest id that a record may have."""
LONGEST_KEY = 255
"""The longest idempotency key that a create may have."""
SHARD_NAME = 32
"""The longest name that a shard may have."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_BASE_DECODER = msgspec.json.Decoder(dict[str, Pair], float_hook=Decimal)
"""Fractions as the targets read them, so that a stored record equals the same record read again."""


def encode_json(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A value as JSON."""
    try:
        return _ENCODER.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):
        # A lone surrogate, which only an escape can hold, or a number of more than 64 bits.
        return json.dumps(value, separators=(",", ":"), default=float)


def decode_json(text: str) -> Any:  # noqa: ANN401 - any JSON
    """The reverse of `encode_json`."""
    return json.loads(text, parse_float=Decimal) if "\\u" in text else _DECODER.decode(text)


def _read_json(value: str | None) -> Any:  # noqa: ANN401 - any JSON
    return None if value is None else decode_json(value)


def _read_time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _read_base(value: str | None) -> dict[str, Pair]:
    if value is None:
        return {}
    if "\\u" in value:
        return {name: Pair(*values) for name, values in decode_json(value).items()}
    return _BASE_DECODER.decode(value)


class Json(TypeDecorator[Any]):
    """A JSON value as text: takes every string that an API sends, lone surrogates and NULs included."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002
        """Write a value as JSON."""
        return None if value is None else encode_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """Read JSON back."""
        return _read_json(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002
        """Without SQLAlchemy's own steps around each value."""
        return _read_json


class Pairs(Json):
    """A base: every link that is read has one, so it is read as what it is at once."""

    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """Read a base back."""
        return _read_base(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], Any]:  # noqa: ARG002
        """As Json's."""
        return _read_base


class Words(TypeDecorator[str]):
    """A text for people: what no database stores as text (NULs, lone surrogates) is written as an escape."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write what can be written, and name the rest."""
        return None if value is None else value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


@lru_cache(64)
def _utc_text(moment: datetime) -> str:
    """One batch writes the same time in all its rows."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Utc(TypeDecorator[datetime]):
    """An aware UTC time as sortable text, the same in every database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write a time in the one fixed format."""
        return None if value is None else _utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read a time back."""
        return _read_time(value)

    def result_processor(  # noqa: D102 - as Json's
        self,
        dialect: Dialect,  # noqa: ARG002
        coltype: object,  # noqa: ARG002
    ) -> Callable[[str | None], datetime | None]:
        return _read_time


def _side() -> Column[str]:
    return Column("side", String(8), primary_key=True)


def _record() -> Column[str]:
    return Column("record_id", String(RECORD_ID), primary_key=True)


meta = Table("meta", metadata, Column("key", String(64), primary_key=True), Column("value", Words, nullable=False))

roster = Table(
    "roster",
    metadata,
    Column("sales_connect_id", String(255), primary_key=True),
    Column("email", Words),
    Column("name", Words),
    Column("salesforce_id", String(18)),
    Column("is_on", Boolean, nullable=False),
    Column("enabled_at", Utc),
    Column("left_out", Words),
    Column("time_zone", Words),
    Column("shard", String(SHARD_NAME)),
)

links = Table(
    "links",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("reminder_id", String(255), nullable=False),
    Column("task_id", String(18), nullable=False),
    Column("state", String(8), nullable=False),
    Column("base", Pairs, nullable=False),
    Column("reminder_user", String(255)),
    Column("task_user", String(18)),
    Column("origin", String(16), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("closed_at", Utc),
    Column("task_stamp", Utc),
    Column("ahead", Json),
    Column("pointer_owed", Boolean, nullable=False, server_default=false()),
)

parked = Table(
    "parked",
    metadata,
    _side(),
    _record(),
    Column("code", String(80), nullable=False),
    Column("category", String(32), nullable=False),
    Column("message", Words, nullable=False),
    Column("payload", Json, nullable=False),
    Column("base", Json, nullable=False),
    Column("user_id", String(255)),
    Column("attempts", Integer, nullable=False),
    Column("parked_at", Utc, nullable=False),
    Column("retry_at", Utc),
    Column("run_id", Integer, nullable=False),
    Column("reported", Boolean, nullable=False),
    Column("owed", Boolean, nullable=False, server_default=true()),
)

deletions = Table(
    "deletions",
    metadata,
    _side(),
    _record(),
    Column("state", String(8), nullable=False),
    Column("deleted_at", Utc),
    Column("tombstone", Json, nullable=False),
    Column("noted_at", Utc, nullable=False),
    Column("run_id", Integer, nullable=False),
    Column("user_id", String(255)),
)

intents = Table(
    "intents",
    metadata,
    _side(),
    _record(),
    Column("key", String(LONGEST_KEY), nullable=False),
    Column("base", Json, nullable=False),
    Column("besides", Json, nullable=False),
    Column("noted_at", Utc, nullable=False),
    Column("sent", Json),
    Column("later", Json),
)

conflicts = Table(
    "conflicts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("reminder_id", String(255), nullable=False),
    Column("task_id", String(18), nullable=False),
    Column("field", String(64), nullable=False),
    Column("base", Json),
    Column("reminder_value", Json),
    Column("task_value", Json),
    Column("winner", String(8), nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("reminder_id", String(255)),
    Column("task_id", String(18)),
    Column("action", String(32), nullable=False),
    Column("detail", Json, nullable=False),
    Column("side", String(8)),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("direction", String(16), nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("outcome", String(16), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("counts", Json, nullable=False),
    Column("api_calls", Integer, nullable=False),
    Column("seconds", Float),
    Column("message", Words),
    Column("shard", String(SHARD_NAME)),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", Integer, nullable=False),
    Column("action", String(32), nullable=False),
    Column("reminder_id", String(255)),
    Column("task_id", String(18)),
    Column("detail", Json, nullable=False),
)

shards = Table(
    "shards",
    metadata,
    Column("name", String(SHARD_NAME), primary_key=True),
    Column("reserved", Integer, nullable=False, server_default="0"),
)

claims = Table(
    "claims",
    metadata,
    _side(),
    _record(),
    Column("shard", String(SHARD_NAME)),
    Column("settled_at", Utc),
    Column("settled_by", Integer),
)

rereads = Table(
    "rereads",
    metadata,
    _side(),
    _record(),
    Column("user_id", String(255)),
    Column("noted_at", Utc, nullable=False),
)


def mapping_of(row: Any) -> Mapping[str, Any]:  # noqa: ANN401 - SQLAlchemy's row is generic
    """A result row by column name."""
    mapping: Mapping[str, Any] = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    return mapping
