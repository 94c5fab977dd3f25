"""All rows of the org, over the core's store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.core.table import Indexes
from tasksync_sandbox.salesforce.rows import ROW_TYPES, Row
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
        hashed |= {field.name: _key_reader(field) for field in sobject.external_ids}
        indexes = Indexes(hashed=hashed, ordered={BY_STAMP: _reader(BY_STAMP)})
        return self.store.table(sobject.name, ROW_TYPES[sobject.name], _read_id, indexes)

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


def _key_reader(field: Field) -> Callable[[Row], Any]:
    """Return a function from a row to what its external id counts as."""
    name = field.name

    def read(row: Row) -> Any:  # noqa: ANN401  a value of the row
        return index_key(field, getattr(row, name))

    return read


def index_key(field: Field, value: Any) -> Any:  # noqa: ANN401  a value of the field
    """Return what a value counts as where equal ones are looked for: lower case where case does not matter."""
    return value.lower() if isinstance(value, str) and not field.case_sensitive else value
