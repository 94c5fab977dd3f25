"""The field list to a function that shows rows as answers do."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code
from tasksync_sandbox.salesforce.rows import has_place
from tasksync_sandbox.salesforce.schema.objects import NAME
from tasksync_sandbox.salesforce.soql.problem import Problem, malformed
from tasksync_sandbox.salesforce.soql.syntax import AllFields, Call, Path, Selected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tasksync_sandbox.salesforce.database import Database
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import Field, SObject
    from tasksync_sandbox.salesforce.soql.operands import Names, Read, Step
    from tasksync_sandbox.salesforce.soql.syntax import Query

    Show = Callable[[Iterable[Row], str], list[dict[str, Any]]]
    """Rows, and the version in the request's path, to records."""
    Parent = Callable[[str, str], dict[str, Any] | None]
    """The id of a record that a relationship points at, and the version, to what is shown of it."""

FIELDS_LIMIT = 200


class Branch:
    """The fields shown of one object, and the relationships below it.

    Attributes:
        sobject: the object.
        reference: what points at it; of no meaning for the query's own object.
        entries: by name, in the order of the query.
    """

    def __init__(self, sobject: SObject, reference: Field) -> None:
        """Show nothing yet."""
        self.sobject = sobject
        self.reference = reference
        self.entries: dict[str, Field | Branch] = {}

    def add(self, steps: list[Step], field: Field, at: int) -> None:
        """Take in a path below this object."""
        if not steps:
            if field.name in self.entries:
                raise Problem(Code.INVALID_FIELD, f"duplicate field selected: {field.name}", at)
            self.entries[field.name] = field
            return
        step = steps[0]
        name = step.reference.relationship or step.reference.name
        branch = self.entries.get(name)
        if not isinstance(branch, Branch):
            branch = self.entries[name] = Branch(step.target, step.reference)
        branch.add(steps[1:], field, at)


def shown_fields(query: Query, names: Names) -> list[tuple[list[Step], Field, int]]:
    """Return the paths of the field list, FIELDS() unfolded.

    Raises:
        Problem: MALFORMED_QUERY for FIELDS(ALL) or FIELDS(CUSTOM) without a LIMIT of at most 200.
    """
    found: list[tuple[list[Step], Field, int]] = []
    for entry in query.selected:
        if isinstance(entry, AllFields):
            found += [([], field, entry.at) for field in _group(entry, names.sobject, query.limit)]
        elif isinstance(entry, Selected) and isinstance(entry.what, Path):
            if entry.alias:
                raise malformed(entry.what.at, "only aggregate expressions use field aliasing")
            found.append((*names.resolve(entry.what), entry.what.at))
        elif isinstance(entry.what, Call) and entry.what.function == "TOLABEL" and entry.what.argument is not None:
            found.append((*names.resolve(entry.what.argument), entry.what.at))
        else:
            raise malformed(entry.what.at, f"unexpected token: '{entry.what}'")
    return found


def _group(entry: AllFields, sobject: SObject, limit: int | None) -> list[Field]:
    if entry.group not in {"ALL", "STANDARD", "CUSTOM"}:
        raise malformed(entry.at, f"unexpected token: '{entry.group}'")
    if entry.group != "STANDARD" and (limit is None or limit > FIELDS_LIMIT):
        message = "The SOQL FIELDS function must have a LIMIT of at most 200"
        raise malformed(entry.at, message)
    wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[entry.group]
    return [field for field in sobject.fields.values() if field.custom in wanted]


def show(query: Query, names: Names, database: Database) -> Show:
    """Return the function that shows the query's rows."""
    return _compiled(selected(query, names), names, database)


def selected(query: Query, names: Names) -> Branch:
    """Return what the query shows."""
    root = Branch(names.sobject, names.sobject.fields["id"])
    for steps, field, at in shown_fields(query, names):
        root.add(steps, field, at)
    return root


def show_fields(sobject: SObject, fields: Iterable[Field], names: Names, database: Database) -> Show:
    """Return the function that shows these fields of an object's rows."""
    root = Branch(sobject, sobject.fields["id"])
    for field in fields:
        root.entries.setdefault(field.name, field)
    return _compiled(root, names, database)


def _compiled(root: Branch, names: Names, database: Database) -> Show:
    name = root.sobject.name
    labels, read, parents = _values(root, names, database)

    def shown(rows: Iterable[Row], version: str) -> list[dict[str, Any]]:
        base = f"/services/data/v{version}/sobjects/{name}/"
        records = [
            {"attributes": {"type": name, "url": base + row.Id}, **dict(zip(labels, read(row), strict=True))}
            for row in rows
        ]
        for label, parent in parents:
            _fill(records, label, parent, version)
        return records

    return shown


def _values(branch: Branch, names: Names, database: Database) -> tuple[tuple[str, ...], Read, list[tuple[str, Parent]]]:
    """Return the labels, a function that reads all their values at once, and the parents to fill in afterwards."""
    fields = [entry.reference if isinstance(entry, Branch) else entry for entry in branch.entries.values()]
    parents = [
        (label, _parent(entry, names, database)) for label, entry in branch.entries.items() if isinstance(entry, Branch)
    ]
    return tuple(branch.entries), _together(branch.sobject, fields, names), parents


def _together(sobject: SObject, fields: list[Field], names: Names) -> Read:
    """Return one reader for all values; plain attributes are read in one step of C."""
    if len(fields) > 1 and sobject is not NAME and all(has_place(sobject, field) for field in fields):
        return attrgetter(*(field.name for field in fields))
    readers = [names.reader(sobject, field) for field in fields]
    return lambda row: tuple(read(row) for read in readers)


def _parent(branch: Branch, names: Names, database: Database) -> Parent:
    labels, read, parents = _values(branch, names, database)

    def shown(record_id: str, version: str) -> dict[str, Any] | None:
        row, sobject = database.find(record_id), database.object_of(record_id)
        if row is None or sobject is None:
            return None
        url = f"/services/data/v{version}/sobjects/{sobject.name}/{row.Id}"
        record = {"attributes": {"type": branch.sobject.name, "url": url}, **dict(zip(labels, read(row), strict=True))}
        for label, parent in parents:
            _fill([record], label, parent, version)
        return record

    return shown


def _fill(records: list[dict[str, Any]], label: str, parent: Parent, version: str) -> None:
    """Replace, in all records, the id under a relationship's name by the record that it points at."""
    seen: dict[str, dict[str, Any] | None] = {}
    for record in records:
        record_id = record[label]
        if record_id is not None:
            if record_id not in seen:
                seen[record_id] = parent(record_id, version)
            record[label] = seen[record_id]
