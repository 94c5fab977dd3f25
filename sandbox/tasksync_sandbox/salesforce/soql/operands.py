"""Names in a query to fields and to functions that read them from a row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code
from tasksync_sandbox.salesforce.rows import getter
from tasksync_sandbox.salesforce.schema.objects import NAME
from tasksync_sandbox.salesforce.soql.problem import Problem, malformed
from tasksync_sandbox.salesforce.soql.syntax import Call, Path

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.database import Database
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import Field, SObject

    Read = Callable[[Row], Any]

MAX_DEPTH = 5
_HINT = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, slots=True)
class Operand:
    """Something that a condition or a sort key reads.

    Attributes:
        field: its field; for a function, a field of the function's type.
        read: its value in a row.
        direct: whether the row itself holds it, so that an index may serve.
        at: where in the query it stands.
    """

    field: Field
    read: Read
    direct: bool
    at: int


@dataclass(frozen=True, slots=True)
class Step:
    """A relationship on the way to a field: the reference that is followed, and where it leads."""

    reference: Field
    source: SObject
    target: SObject


class Names:
    """Resolves names against one object."""

    def __init__(self, database: Database, sobject: SObject, alias: str | None) -> None:
        """Resolve names of `sobject`, which may be prefixed with its name or alias."""
        self._database = database
        self.sobject = sobject
        self._own = {sobject.name.lower(), (alias or sobject.name).lower()}

    def resolve(self, path: Path) -> tuple[list[Step], Field]:
        """Return the relationships on the way, and the field.

        Raises:
            Problem: INVALID_FIELD.
        """
        parts = path.name.split(".")
        if len(parts) > 1 and parts[0].lower() in self._own and parts[0].lower() not in self.sobject.relationships:
            parts = parts[1:]
        here, steps = self.sobject, []
        if len(parts) > MAX_DEPTH + 1:
            raise Problem(Code.INVALID_FIELD, "maximum relationship depth exceeded", path.at)
        for part in parts[:-1]:
            reference = here.relationships.get(part.lower())
            if reference is None:
                message = (
                    f"Didn't understand relationship '{part}' in field path. If you are attempting to use a custom "
                    f"relationship, be sure to append the '__r' after the custom relationship name. {_HINT}"
                )
                raise Problem(Code.INVALID_FIELD, message, path.at)
            target = self._database.schema.target(reference)
            steps.append(Step(reference, here, target))
            here = target
        return steps, self._field(here, parts[-1], path.at)

    def _field(self, sobject: SObject, name: str, at: int) -> Field:
        found = sobject.fields.get(name.lower())
        if found is None:
            message = (
                f"No such column '{name}' on entity '{sobject.name}'. If you are attempting to use a custom field, "
                f"be sure to append the '__c' after the custom field name. {_HINT}"
            )
            raise Problem(Code.INVALID_FIELD, message, at)
        return found

    def operand(self, what: Path | Call) -> Operand:
        """Return what a condition or sort key reads."""
        if isinstance(what, Call):
            return self._function(what)
        steps, field = self.resolve(what)
        target = steps[-1].target if steps else self.sobject
        return Operand(field, self._through(steps, self.reader(target, field)), not steps, what.at)

    def reader(self, sobject: SObject, field: Field) -> Read:
        """Return a function that reads a field of an object's row, or of whatever row a Name stands for."""
        if sobject is not NAME:
            return getter(sobject, field)
        if field.name == "Type":
            return self._type_of
        name, empty = field.name, False if field.type == "boolean" else None
        return lambda row: getattr(row, name, empty)

    def _type_of(self, row: Row) -> str | None:
        found = self._database.object_of(row.Id)
        return found.name if found else None

    def _through(self, steps: list[Step], read: Read) -> Read:
        for step in reversed(steps):
            read = self._followed(self.reader(step.source, step.reference), read)
        return read

    def _followed(self, read_id: Read, read: Read) -> Read:
        find = self._database.find

        def follow(row: Row) -> Any:  # noqa: ANN401  a value of the row
            parent = find(read_id(row))
            return None if parent is None else read(parent)

        return follow

    def _function(self, call: Call) -> Operand:
        if call.function == "TOLABEL" and call.argument is not None:
            return replace(self.operand(call.argument), at=call.at)
        if call.function not in _FUNCTIONS or call.argument is None:
            raise malformed(call.at, f"unexpected token: '{call.function}'")
        inner = self.operand(call.argument)
        kind, start, stop = _FUNCTIONS[call.function]
        allowed = {"datetime"} if call.function in {"DAY_ONLY", "HOUR_IN_DAY"} else {"date", "datetime"}
        if inner.field.type not in allowed:
            raise malformed(call.at, f"Invalid function: {call.function} on field {inner.field.name}")
        return Operand(
            replace(inner.field, type=kind), _sliced(inner.read, kind, start, stop), direct=False, at=call.at
        )


_FUNCTIONS = {
    "DAY_ONLY": ("date", 0, 10),
    "CALENDAR_YEAR": ("int", 0, 4),
    "CALENDAR_MONTH": ("int", 5, 7),
    "DAY_IN_MONTH": ("int", 8, 10),
    "HOUR_IN_DAY": ("int", 11, 13),
}
"""Date functions: the type of their result and which part of the text they take."""


def _sliced(read: Read, kind: str, start: int, stop: int) -> Read:
    def part(row: Row) -> Any:  # noqa: ANN401  a value of the row
        value = read(row)
        if value is None:
            return None
        return value[start:stop] if kind == "date" else int(value[start:stop])

    return part
