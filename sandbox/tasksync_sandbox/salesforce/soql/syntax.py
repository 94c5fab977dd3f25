"""A parsed query: names are as written, `at` is where in the text (from 0) a part starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

Kind = OneOf["string", "number", "date", "datetime", "relative", "null", "boolean"]


@dataclass(frozen=True, slots=True)
class Value:
    """One literal; `text` is unescaped for a string and as written for the rest."""

    kind: Kind
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """A field, with the relationships before it: `Owner.Email`."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field, or of nothing: `COUNT()`."""

    function: str
    argument: Path | None
    at: int


@dataclass(frozen=True, slots=True)
class Selected:
    """One entry of the field list."""

    what: Path | Call
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class AllFields:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    group: str
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operand against one value, several, or another query's rows."""

    left: Path | Call
    operator: str
    right: tuple[Value, ...] | Query
    at: int


@dataclass(frozen=True, slots=True)
class Logical:
    """Conditions joined by AND, OR or NOT."""

    operator: OneOf["and", "or", "not"]
    parts: tuple[Condition, ...]


Condition = Comparison | Logical


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key."""

    what: Path | Call
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole SELECT."""

    selected: tuple[Selected | AllFields, ...]
    entity: str
    entity_at: int
    alias: str | None = None
    where: Condition | None = None
    groups: tuple[Path | Call, ...] = ()
    having: Condition | None = None
    orders: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
