"""One row of an ingest job: values as CSV has them, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.records.writer import ManyMatchesError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_sandbox.core.store import Store
    from tasksync_sandbox.salesforce.records.writer import Writer
    from tasksync_sandbox.salesforce.schema import Field, SObject

_LONGEST_HEADER = 32_000
NULL = "#N/A"
"""What stands for an explicit null; a value that is empty changes nothing."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What a job's columns are.

    Attributes:
        sobject: the object that the rows are of.
        operation: insert, update, upsert or delete.
        external_id: the field of an upsert.
        header: the names, in any case.
    """

    sobject: SObject
    operation: str
    external_id: Field | None
    header: Sequence[str]

    @property
    def key(self) -> str:
        """The field that says which record a row is about."""
        return self.external_id.name if self.external_id else "Id"

    @property
    def names(self) -> list[str]:
        """The names as the object spells them."""
        return [self.sobject.fields[name.lower()].name for name in self.header]

    def problem(self) -> str | None:
        """Say what is wrong with them, if anything."""
        lower = [name.lower() for name in self.header]
        unknown = next((name for name in self.header if name.lower() not in self.sobject.fields), None)
        lacks_key = self.operation != "insert" and self.key.lower() not in lower
        problems = (
            (not lower, "the data is empty"),
            (sum(map(len, lower)) > _LONGEST_HEADER, "the header is longer than 32,000 characters"),
            (unknown is not None, f"Field name not found : {unknown}"),
            (len(set(lower)) < len(lower), "a field name occurs twice"),
            (self.operation == "delete" and lower != ["id"], "the 'delete' batch must contain only ids"),
            (lacks_key, f"Field name not found : {self.key}"),
        )
        return next((f"InvalidBatch : {words}" for is_wrong, words in problems if is_wrong), None)


class RowWork:
    """Writes the rows of one batch."""

    def __init__(self, writer: Callable[[], Writer], store: Store, columns: Columns) -> None:
        """Write rows with these columns; `writer` makes what writes, with the stamp of that moment."""
        self._new_writer = writer
        self._store = store
        self._sobject = columns.sobject
        self._operation = columns.operation
        self._key = columns.key
        self._external_id = columns.external_id
        self._names = columns.names
        self._seen: set[str] = set()

    def write_all(self, rows: Sequence[list[str]], successes: list[list[str]], failures: list[list[str]]) -> None:
        """Write rows in one transaction and note what became of each; a refused one holds up no other."""
        writer = self._new_writer()
        with self._store.transaction():
            for row in rows:
                try:
                    with self._store.transaction():
                        record_id, created = self._written(writer, row)
                except SalesforceError as error:
                    failures.append([self._id_of(row), _shown(error), *row])
                else:
                    successes.append([record_id, str(created).lower(), *row])

    def _written(self, writer: Writer, row: list[str]) -> tuple[str, bool]:
        body: dict[str, Any] = {
            name: None if value == NULL else value for name, value in zip(self._names, row, strict=True) if value
        }
        if self._operation == "insert":
            return writer.create(self._sobject, body), True
        key = body.pop(self._key, None)
        if not isinstance(key, str):
            raise SalesforceError(Code.MISSING_ARGUMENT, f"{self._key} not specified")
        self._check_once(key)
        if self._external_id is not None:
            return self._upserted(writer, self._external_id, key, body)
        if self._operation == "delete":
            writer.delete(self._sobject, key)
        else:
            writer.update(self._sobject, key, body)
        return long_id(key) or key, False

    def _upserted(self, writer: Writer, field: Field, key: str, body: dict[str, Any]) -> tuple[str, bool]:
        try:
            return writer.upsert(self._sobject, field, key, body)
        except ManyMatchesError as many:
            message = f"{field.name}: more than one record found for external id field: {many.ids}"
            raise SalesforceError(Code.DUPLICATE_EXTERNAL_ID, message, fields=(field.name,)) from None

    def _check_once(self, key: str) -> None:
        """Refuse the second row of a batch for one record."""
        exact = self._external_id is not None and self._external_id.case_sensitive
        same = key if exact else key.lower()
        if self._external_id is None:
            same = long_id(key) or key
        if same in self._seen:
            raise SalesforceError(Code.DUPLICATE_VALUE, f"Duplicate id specified: {key}", fields=(self._key,))
        self._seen.add(same)

    def _id_of(self, row: list[str]) -> str:
        """Return the id that a refused row named; one that was to be made has none."""
        if self._operation in {"insert", "upsert"} and self._key != "Id":
            return ""
        named = dict(zip(self._names, row, strict=True)).get("Id", "")
        return long_id(named) or named


def _shown(error: SalesforceError) -> str:
    """Write an error as results do: code, message, fields."""
    code = Code.INVALID_TYPE_ON_FIELD_IN_RECORD if error.code == Code.JSON_PARSER_ERROR else error.code
    return f"{code}:{error.message}:{', '.join(error.fields)} --"
