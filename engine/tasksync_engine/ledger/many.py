"""Many rows with one statement, at little cost for each.

SQLAlchemy takes a list apart into one parameter for each of its members, and prepares every row of an insert by itself:
for the rows of a batch that was a third of the ledger's time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, String, func, literal, select

from tasksync_engine.ledger.schema import Json, encode_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Insert, Update
    from sqlalchemy.engine.interfaces import Dialect


def among(connection: Connection, column: ColumnElement[str], ids: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a column holds one of these texts, however many: they are one parameter."""
    if connection.dialect.name == "sqlite":
        listed = func.json_each(literal(encode_json(list(ids)), String)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == func.any(literal(list(ids), ARRAY(String)))


def execute(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """Carry out a statement for each row: all of them have the same members, the statement's parameters by name."""
    if not rows:
        return
    compiled: Any = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    if compiled.positiontup is None:  # a driver that takes parameters by name
        connection.execute(statement, rows)
        return
    columns = [_values(compiled.binds[name], rows, connection.dialect) for name in compiled.positiontup]
    connection.exec_driver_sql(compiled.string, list(zip(*columns, strict=True)))


def _values(bind: Any, rows: Sequence[Mapping[str, Any]], dialect: Dialect) -> list[Any]:  # noqa: ANN401 - of any type
    """What the rows hold for one parameter, as the driver takes it; one that is none of theirs is the same in all."""
    if bind.key not in rows[0]:
        return [_processor(bind, dialect)(bind.value)] * len(rows)
    given = [row[bind.key] for row in rows]
    if isinstance(bind.type, Json):
        return [None if value is None else encode_json(value) for value in given]
    first = given[0]
    if all(value is first for value in given):  # as the time, the run and the side mostly are
        return [_processor(bind, dialect)(first)] * len(rows)
    return list(map(_processor(bind, dialect), given))


def _processor(bind: Any, dialect: Dialect) -> Callable[[Any], Any]:  # noqa: ANN401 - of any type
    found: Callable[[Any], Any] | None = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return found or _as_it_is


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - of any type
    return value
