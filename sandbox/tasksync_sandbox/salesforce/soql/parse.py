"""Text to query."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedToken, VisitError

from tasksync_sandbox.salesforce.errors import Code
from tasksync_sandbox.salesforce.soql.problem import Problem, malformed
from tasksync_sandbox.salesforce.soql.syntax import (
    AllFields,
    Call,
    Comparison,
    Logical,
    Order,
    Path,
    Query,
    Selected,
    Value,
)

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.soql.syntax import Condition

MAX_LENGTH = 100_000
MAX_OFFSET = 2000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_KINDS: dict[str, Any] = {
    "NUMBER": "number",
    "DATE": "date",
    "DATETIME": "datetime",
    "DATE_LITERAL": "relative",
    "NULL": "null",
    "TRUE": "boolean",
    "FALSE": "boolean",
}


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """Return the query that the text says.

    Raises:
        SalesforceError: MALFORMED_QUERY with row and column; NUMBER_OUTSIDE_VALID_RANGE for an OFFSET above 2,000.
    """
    try:
        return _parse(text)
    except Problem as problem:
        raise problem.located(text) from None


def _parse(text: str) -> Query:
    if len(text) > MAX_LENGTH:
        raise malformed(MAX_LENGTH, "SOQL statement is longer than 100000 characters")
    try:
        parsed = _PARSER.parse(text)
    except UnexpectedToken as error:
        token = error.token
        if token.type == "$END":
            raise malformed(len(text), "unexpected token: '<EOF>'") from None
        raise malformed(token.start_pos or 0, f"unexpected token: '{token}'") from None
    except UnexpectedCharacters as error:
        message = f"line {error.line}:{error.column - 1} no viable alternative at character '{error.char}'"
        raise malformed(error.pos_in_stream or 0, message) from None
    except VisitError as error:
        if isinstance(error.orig_exc, Problem):
            raise error.orig_exc from None
        raise
    if not isinstance(parsed, Query):
        raise TypeError(parsed)
    return parsed


def _unescape(literal: str, at: int, *, keep_wildcards: bool = True) -> str:
    r"""Return what a quoted literal means; `\_` and `\%` stay for LIKE to read."""

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name[0] == "u" and len(name) > 1:
            return chr(int(name[1:], 16))
        if name in "_%" and keep_wildcards:
            return match[0]
        if name.lower() not in _ESCAPES:
            raise malformed(at, f"Invalid string literal '{literal[1:-1]}'. Illegal character sequence '\\{name}'")
        return _ESCAPES[name.lower()]

    return _ESCAPE.sub(one, literal[1:-1])


class _Reader(Transformer[Token, Any]):
    """Turns lark's tree, as it grows, into the query; method names are the grammar's."""

    def PATH(self, token: Token) -> Path:  # noqa: N802  lark calls a token's method by the token's name
        return Path(str(token), token.start_pos or 0)

    def call(self, parts: list[Any]) -> Call:
        function, argument = parts
        return Call(function.upper(), argument, function.start_pos)

    def select_path(self, parts: list[Any]) -> Selected:
        return Selected(parts[0], parts[1] and str(parts[1]))

    select_call = select_path

    def select_all(self, parts: list[Any]) -> AllFields:
        return AllFields(parts[1].upper(), parts[0].start_pos)

    def all_of(self, parts: list[Any]) -> Logical:
        return Logical("and", tuple(parts[::2]))

    def any_of(self, parts: list[Any]) -> Logical:
        return Logical("or", tuple(parts[::2]))

    def none_of(self, parts: list[Any]) -> Logical:
        return Logical("not", (parts[1],))

    def value(self, parts: list[Token]) -> Value:
        token = parts[0]
        at = token.start_pos or 0
        if token.type == "STRING":
            return Value("string", str(token), at)
        return Value(_KINDS[token.type], str(token), at)

    def compare(self, parts: list[Any]) -> Comparison:
        left, operator, right = parts
        name = "!=" if operator == "<>" else str(operator)
        return Comparison(left, name, (_literal(right),), left.at)

    def like(self, parts: list[Any]) -> Comparison:
        return Comparison(parts[0], "like", (_literal(parts[2], keep_wildcards=True),), parts[0].at)

    def within(self, parts: list[Any]) -> Comparison:
        return Comparison(parts[0], "in", parts[2], parts[0].at)

    def without(self, parts: list[Any]) -> Comparison:
        return Comparison(parts[0], "not in", parts[3], parts[0].at)

    def includes(self, parts: list[Any]) -> Comparison:
        return Comparison(parts[0], "includes", parts[2], parts[0].at)

    def excludes(self, parts: list[Any]) -> Comparison:
        return Comparison(parts[0], "excludes", parts[2], parts[0].at)

    def values(self, parts: list[Value]) -> tuple[Value, ...]:
        return tuple(map(_literal, parts))

    def subquery(self, parts: list[Query]) -> Query:
        return parts[0]

    def groups(self, parts: list[Path | Call]) -> tuple[Path | Call, ...]:
        return tuple(parts)

    def orders(self, parts: list[Order]) -> tuple[Order, ...]:
        return tuple(parts)

    def order(self, parts: list[Any]) -> Order:
        what, direction, _, nulls = parts
        descending = direction is not None and direction.type == "DESC"
        return Order(what, descending, nulls is None or nulls.type == "FIRST")

    def query(self, parts: list[Any]) -> Query:
        clauses = _clauses(parts)
        where: Condition | None = clauses.get("WHERE")
        entity = clauses["FROM"]
        return Query(
            tuple(part for part in parts if isinstance(part, Selected | AllFields)),
            str(entity),
            entity.start_pos or 0,
            clauses["alias"],
            where,
            clauses.get("GROUP", ()),
            clauses.get("HAVING"),
            clauses.get("ORDER", ()),
            _whole(clauses.get("LIMIT")),
            _offset(clauses.get("OFFSET")),
        )


def _literal(value: Value, *, keep_wildcards: bool = False) -> Value:
    if value.kind != "string":
        return value
    return Value("string", _unescape(value.text, value.at, keep_wildcards=keep_wildcards), value.at)


def _clauses(parts: list[Any]) -> dict[str, Any]:
    """Return what follows each clause's keyword."""
    found: dict[str, Any] = {}
    for position, part in enumerate(parts):
        if isinstance(part, Token) and part.type in {"FROM", "WHERE", "HAVING", "LIMIT", "OFFSET"}:
            found[part.type] = parts[position + 1]
            if part.type == "FROM":
                found["alias"] = parts[position + 2] and str(parts[position + 2])
        elif isinstance(part, Token) and part.type == "BY":
            found[parts[position - 1].type] = parts[position + 1]
    return found


def _whole(token: Token | None) -> int | None:
    if token is None:
        return None
    if not token.isdecimal():
        raise malformed(token.start_pos or 0, f"unexpected token: '{token}'")
    return int(token)


def _offset(token: Token | None) -> int | None:
    number = _whole(token)
    if number is not None and number > MAX_OFFSET and token is not None:
        raise Problem(Code.NUMBER_OUTSIDE_VALID_RANGE, "Maximum SOQL offset allowed is 2000", token.start_pos or 0)
    return number


_PARSER = Lark(
    resources.files(__package__).joinpath("soql.lark").read_text("utf-8"),
    start="query",
    parser="lalr",
    lexer="contextual",
    maybe_placeholders=True,
    transformer=_Reader(),
)
