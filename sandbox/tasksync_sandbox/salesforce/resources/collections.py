"""sObject Collections: many records in one call (Salesforce facts, §4)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, objects, resource
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.records.writer import ManyMatchesError, Writer
from tasksync_sandbox.salesforce.resources.records import external_id, requested_fields
from tasksync_sandbox.salesforce.soql.operands import Names
from tasksync_sandbox.salesforce.soql.select import show_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.resources.records import RecordResources
    from tasksync_sandbox.salesforce.schema import SObject

    Work = Callable[[Writer, dict[str, Any]], dict[str, Any]]

MOST_RECORDS, MOST_READ, MOST_CHUNKS = 200, 2000, 10
ROLLED_BACK = SalesforceError(
    Code.ALL_OR_NONE_OPERATION_ROLLED_BACK,
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class _RollBack(Exception):
    """Undo the request's writes; `results` is what to answer."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__()
        self.results = results


def _require_all(results: list[dict[str, Any]]) -> None:
    if not all(result["success"] for result in results):
        raise _RollBack(results)


class CollectionResources:
    """Many records of one org at a time."""

    def __init__(self, org: Org, records: RecordResources) -> None:
        """Read and write this org."""
        self._org = org
        self._schema = org.database.schema
        self._records = records

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [
            resource("/composite/sobjects", since=42.0, POST=self.create, PATCH=self.update, DELETE=self.delete),
            resource("/composite/sobjects/{object}", since=42.0, GET=self.read, POST=self.read),
            resource("/composite/sobjects/{object}/{field}", since=46.0, PATCH=self.upsert),
        ]

    def create(self, call: Call) -> Answer:
        """Create records."""

        def one(writer: Writer, record: dict[str, Any]) -> dict[str, Any]:
            return _success(writer.create(self._typed(record), _fields(record)))

        return self._carry_out(call, _records(call), one)

    def update(self, call: Call) -> Answer:
        """Change records; each names its own id, none twice."""
        seen: set[str] = set()

        def one(writer: Writer, record: dict[str, Any]) -> dict[str, Any]:
            record_id = next((value for name, value in record.items() if name.lower() == "id"), None)
            if not isinstance(record_id, str):
                raise SalesforceError(Code.MISSING_ARGUMENT, "Id not specified in an update call")
            key = long_id(record_id) or record_id
            if key in seen:
                raise SalesforceError(Code.DUPLICATE_VALUE, f"Duplicate id specified: {record_id}", fields=("Id",))
            seen.add(key)
            writer.update(self._typed(record), record_id, _fields(record, "id"))
            return _success(key)

        return self._carry_out(call, _records(call), one)

    def upsert(self, call: Call) -> Answer:
        """Update records by an external id, or create them; all are of the URL's object."""
        sobject = self._schema.get(call.names["object"])
        field = external_id(sobject, call.names["field"])
        seen: set[str] = set()

        def one(writer: Writer, record: dict[str, Any]) -> dict[str, Any]:
            if self._typed(record) != sobject:
                raise SalesforceError(Code.INVALID_TYPE, f"record is not of type {sobject.name}")
            value = next((v for name, v in record.items() if name.lower() == field.name.lower()), None)
            if value is None or value == "":
                raise SalesforceError(Code.MISSING_ARGUMENT, f"{field.name} not specified")
            key = str(value) if field.case_sensitive else str(value).lower()
            if key in seen:
                message = f"Duplicate external id specified: {value}"
                raise SalesforceError(Code.DUPLICATE_VALUE, message, fields=(field.name,))
            seen.add(key)
            try:
                record_id, created = writer.upsert(sobject, field, str(value), _fields(record, field.name.lower()))
            except ManyMatchesError as many:
                message = f"{field.name}: more than one record found for external id field: {many.ids}"
                raise SalesforceError(Code.DUPLICATE_EXTERNAL_ID, message, fields=(field.name,)) from None
            return {**_success(record_id), "created": created}

        return self._carry_out(call, _records(call), one)

    def delete(self, call: Call) -> Answer:
        """Put records into the recycle bin."""
        ids = [part.strip() for part in call.params.get("ids", "").split(",") if part.strip()]
        if not ids:
            raise SalesforceError(Code.MISSING_ARGUMENT, "ids is a required parameter")

        def one(writer: Writer, record: dict[str, Any]) -> dict[str, Any]:
            found = long_id(record["id"])
            sobject = self._org.database.object_of(found) if found else None
            if sobject is None:
                message = f"malformed id {record['id']}"
                raise SalesforceError(Code.MALFORMED_ID, message)
            writer.delete(sobject, record["id"])
            return _success(found or "")

        all_or_none = call.params.get("allOrNone", "").lower() == "true"
        return self._carry_out(call, [{"id": one_id} for one_id in ids], one, all_or_none=all_or_none)

    def _carry_out(
        self, call: Call, records: list[dict[str, Any]], work: Work, *, all_or_none: bool | None = None
    ) -> Answer:
        """Do the work for each record; a refused one is a result, not the end."""
        self._check_size(records)
        if all_or_none is None:
            all_or_none = bool(call.object_body().get("allOrNone", False))
        writer = self._records.writer(call)
        try:
            with self._org.store.transaction():
                results = [self._one(writer, record, work) for record in records]
                if all_or_none:
                    _require_all(results)
        except _RollBack as undone:
            results = [r if not r["success"] else _failure(ROLLED_BACK) for r in undone.results]
        return Answer(results)

    def _one(self, writer: Writer, record: dict[str, Any], work: Work) -> dict[str, Any]:
        try:
            with self._org.store.transaction():
                return work(writer, record)
        except SalesforceError as error:
            if error.code == "JSON_PARSER_ERROR":
                raise
            return _failure(error)

    def _check_size(self, records: list[dict[str, Any]]) -> None:
        if len(records) > MOST_RECORDS:
            message = f"record limit reached. cannot submit more than {MOST_RECORDS} records in this request"
            raise SalesforceError(Code.REQUEST_LIMIT_EXCEEDED, message)
        kinds = [_kind(record) or str(record.get("id", ""))[:3] for record in records]
        chunks = 1 + sum(before != after for before, after in pairwise(kinds))
        if chunks > MOST_CHUNKS:
            message = f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. Please rearrange the data."
            raise SalesforceError(Code.INVALID_OPERATION, message)

    def _typed(self, record: dict[str, Any]) -> SObject:
        kind = _kind(record)
        sobject = self._schema.find(kind) if isinstance(kind, str) else None
        if sobject is None:
            raise SalesforceError(Code.INVALID_TYPE, f"sObject type '{kind}' is not supported.")
        return sobject

    def read(self, call: Call) -> Answer:
        """Show records by id, in the order of the request; null for each that is not there."""
        sobject = self._schema.get(call.names["object"])
        if call.method == "POST":
            body = call.object_body()
            ids, names = body.get("ids"), body.get("fields")
        else:
            ids, names = _listed(call.params.get("ids")), _listed(call.params.get("fields"))
        if not isinstance(ids, list) or not isinstance(names, list) or not ids or not names:
            raise SalesforceError(Code.MISSING_ARGUMENT, "ids and fields are required")
        if not all(isinstance(one, str) for one in (*ids, *names)):
            raise SalesforceError(Code.JSON_PARSER_ERROR, "ids and fields: arrays of text are required")
        if len(ids) > MOST_READ:
            message = f"record limit reached. cannot submit more than {MOST_READ} records in this request"
            raise SalesforceError(Code.REQUEST_LIMIT_EXCEEDED, message)
        fields = requested_fields(sobject, ",".join(names))
        show = show_fields(sobject, fields, Names(self._org.database, sobject, None), self._org.database)
        table = self._org.database.table(sobject)
        rows = [table.get(long_id(one) or "") for one in ids]
        shown = iter(show([row for row in rows if row is not None and not row.IsDeleted], call.version))
        return Answer([None if row is None or row.IsDeleted else next(shown) for row in rows])


def _kind(record: dict[str, Any]) -> Any:  # noqa: ANN401  whatever JSON holds
    """Return the object that a record says it is of."""
    attributes = record.get("attributes")
    return attributes.get("type") if isinstance(attributes, dict) else None


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _records(call: Call) -> list[dict[str, Any]]:
    return objects(call.object_body().get("records"), "records")


def _fields(record: dict[str, Any], without: str = "attributes") -> dict[str, Any]:
    """Return a record's fields, without what says which record it is."""
    return {name: value for name, value in record.items() if name.lower() not in {"attributes", without}}


def _success(record_id: str) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": []}


def _failure(error: SalesforceError) -> dict[str, Any]:
    return {"success": False, "errors": [error.as_result()]}
