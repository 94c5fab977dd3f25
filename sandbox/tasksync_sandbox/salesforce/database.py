"""All rows of the org, over the core's store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.core.table import Indexes
from tasksync_sandbox.salesforce.rows import ROW_TYPES, Row, getter
from tasksync_sandbox.salesforce.schema import Schema
from tasksync_sandbox.salesforce.schema.objects import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.core.store import Store
    from tasksync_sandbox.core.table import Table
    from tasksync_sandbox.salesforce.schema import Field, SObject

BY_STAMP = "SystemModstamp"
_HASHED = ("OwnerId", "WhoId", "WhatId", "AccountId", "RecurrenceActivityId")


class Database:
    """Tables by object, and the schema that says what they hold."""

    def __init__(self, store: Store) -> None:
        """Declare a table with its indexes for each object."""
        self.store = store
        self.schema = Schema()
        self._tables = {sobject.name: self._declare(sobject) for sobject in STANDARD.values()}

    def _declare(self, sobject: SObject) -> Table[Row]:
        hashed = {name: _reader(name) for name in _HASHED if name.lower() in sobject.fields}
        hashed |= {field.name: _key_reader(sobject, field) for field in sobject.external_ids}
        indexes = Indexes(hashed=hashed, ordered={BY_STAMP: _reader(BY_STAMP)})
        return self.store.table(sobject.name, ROW_TYPES[sobject.name], _read_id, indexes)

    def change_schema(self, changes: dict[str, dict[str, Any]]) -> None:
        """Change objects, and add an index for each external id that is new.

        Raises:
            ValueError: a change that cannot be made.
        """
        self.schema.change(changes)
        for sobject in map(self.schema.get, changes):
            table = self._tables[sobject.name]
            for field in sobject.external_ids:
                if field.name not in table.hashed:
                    table.add_hashed(field.name, _key_reader(sobject, field))

    def table(self, sobject: SObject) -> Table[Row]:
        """Return the rows of an object."""
        return self._tables[sobject.name]

    def object_of(self, record_id: str) -> SObject | None:
        """Return the object that an id belongs to, by its prefix."""
        return self.schema.by_prefix(record_id)

    def find(self, record_id: str | None) -> Row | None:
        """Return the record of any object, as readers see it."""
        sobject = self.schema.by_prefix(record_id) if record_id else None
        return self._tables[sobject.name].get(record_id) if sobject and record_id else None

    def living(self, record_id: str | None) -> Row | None:
        """Return the record of any object unless it is deleted."""
        row = self.find(record_id)
        return None if row is None or row.IsDeleted else row


def _read_id(row: Row) -> str:
    return row.Id


def _reader(name: str) -> Callable[[Row], Any]:
    def read(row: Row) -> Any:  # noqa: ANN401  a value of the row
        return getattr(row, name)

    return read


def _key_reader(sobject: SObject, field: Field) -> Callable[[Row], Any]:
    """Return a function from a row to its key in the index of an external id."""
    get = getter(sobject, field)

    def read(row: Row) -> Any:  # noqa: ANN401  a value of the row
        return index_key(get(row))

    return read


def index_key(value: Any) -> Any:  # noqa: ANN401  a value of the field
    """Return an external id as its index holds it: in lower case, so that it serves whether or not case matters."""
    return value.lower() if isinstance(value, str) else value
