"""Single records: create, read, update, upsert, delete (Salesforce facts, §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError, not_found
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, resource
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.records import checks
from tasksync_sandbox.salesforce.records.values import kept
from tasksync_sandbox.salesforce.records.writer import ManyMatchesError, Writer
from tasksync_sandbox.salesforce.resources import conditions
from tasksync_sandbox.salesforce.soql.operands import Names
from tasksync_sandbox.salesforce.soql.select import show_fields

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import Field, SObject

UPSERT_TELLS_SINCE = 46.0


class RecordResources:
    """Records of one org, one at a time."""

    def __init__(self, org: Org) -> None:
        """Read and write this org."""
        self._org = org

    def resources(self) -> list[Resource]:
        """Return the resources; the create is with the object's basic information."""
        return [
            resource(
                "/sobjects/{object}/{id}", GET=self.read, PATCH=self.update, DELETE=self.delete, POST=self.create_by
            ),
            resource(
                "/sobjects/{object}/{field}/{value}",
                GET=self.read_by,
                PATCH=self.upsert,
                DELETE=self.delete_by,
                POST=self.create_by,
            ),
        ]

    def writer(self, call: Call) -> Writer:
        """Return what writes for a call."""
        return Writer(
            self._org,
            call.faults,
            user=call.user,
            version=call.number,
            call=f"{call.method} {call.path}",
        )

    def create(self, call: Call) -> Answer:
        """Create a record."""
        sobject = self._org.database.schema.get(call.names["object"])
        return created(call, sobject, self.writer(call).create(sobject, call.object_body()))

    def create_by(self, call: Call) -> Answer:
        """Create a record where an external id's place says `Id`: the insert that looks like an upsert."""
        sobject = self._org.database.schema.get(call.names["object"])
        field = call.names.get("field") or call.names["id"]
        if field.lower() != "id" or "value" in call.names:
            raise SalesforceError(Code.METHOD_NOT_ALLOWED, "HTTP Method 'POST' not allowed.", 405)
        return created(call, sobject, self.writer(call).create(sobject, call.object_body()))

    def read(self, call: Call) -> Answer:
        """Show a record, whole or by `fields`."""
        sobject = self._org.database.schema.get(call.names["object"])
        row = self._row(sobject, call.names["id"])
        if conditions.unchanged(call, row):
            return Answer(None, 304)
        return Answer(self._record(call, sobject, row), headers=conditions.headers(sobject, row))

    def _row(self, sobject: SObject, record_id: str) -> Row:
        found = long_id(record_id)
        row = self._org.database.table(sobject).get(found) if found else None
        if row is None:
            raise not_found() if found else unknown_external_id(record_id)
        if row.IsDeleted:
            raise SalesforceError(Code.ENTITY_IS_DELETED, "entity is deleted", 404)
        return row

    def _record(self, call: Call, sobject: SObject, row: Row) -> dict[str, Any]:
        fields = requested_fields(sobject, call.params.get("fields"))
        show = show_fields(sobject, fields, Names(self._org.database, sobject, None), self._org.database)
        return show([row], call.version)[0]

    def update(self, call: Call) -> Answer:
        """Change a record."""
        sobject = self._org.database.schema.get(call.names["object"])
        refuse_own_id(call.object_body(), "Id")
        writer = self.writer(call)
        conditions.check_write(call, _target(writer, sobject, call.names["id"]), sobject)
        writer.update(sobject, call.names["id"], call.object_body())
        return Answer(None, 204)

    def delete(self, call: Call) -> Answer:
        """Put a record into the recycle bin."""
        sobject = self._org.database.schema.get(call.names["object"])
        writer = self.writer(call)
        writer.delete(sobject, _target(writer, sobject, call.names["id"]).Id)
        return Answer(None, 204)

    def _key(self, call: Call) -> tuple[SObject, Field]:
        sobject = self._org.database.schema.get(call.names["object"])
        return sobject, external_id(sobject, call.names["field"])

    def read_by(self, call: Call) -> Answer:
        """Show the record with an external id."""
        sobject, field = self._key(call)
        found = self._matches(sobject, field, call.names["value"])
        if len(found) > 1:
            return self._many(call, sobject, [row.Id for row in found])
        if conditions.unchanged(call, found[0]):
            return Answer(None, 304)
        return Answer(self._record(call, sobject, found[0]), headers=conditions.headers(sobject, found[0]))

    def _matches(self, sobject: SObject, field: Field, value: str) -> list[Row]:
        """Return the living records with an external id; none is a 404."""
        key = kept(field, value)
        found = checks.holding(self._org.database, sobject, field, key) if key is not None else []
        if not found:
            raise not_found()
        return found

    def delete_by(self, call: Call) -> Answer:
        """Put the record with an external id into the recycle bin."""
        sobject, field = self._key(call)
        found = self._matches(sobject, field, call.names["value"])
        if len(found) > 1:
            return self._many(call, sobject, [row.Id for row in found])
        self.writer(call).delete(sobject, found[0].Id)
        return Answer(None, 204)

    def upsert(self, call: Call) -> Answer:
        """Update the record with an external id, or create one."""
        sobject, field = self._key(call)
        body, value = call.object_body(), call.names["value"]
        refuse_own_id(body, field.name)
        refuse_own_id(body, "Id")
        writer = self.writer(call)
        may_create = call.params.get("updateOnly", "").lower() != "true"
        if field.name == "Id":
            writer.update(sobject, value, body)
            return upserted(call, sobject, value, created_now=False)
        try:
            record_id, was_created = writer.upsert(sobject, field, value, body, create=may_create)
        except ManyMatchesError as many:
            return self._many(call, sobject, many.ids)
        return upserted(call, sobject, record_id, created_now=was_created)

    def _many(self, call: Call, sobject: SObject, ids: list[str]) -> Answer:
        return Answer([f"{call.base}/sobjects/{sobject.name}/{record_id}" for record_id in ids], 300)


def _target(writer: Writer, sobject: SObject, record_id: str) -> Row:
    """Return the record that a URL names; what collections call a wrong reference is a 404 here."""
    try:
        return writer.existing(sobject, record_id)
    except SalesforceError as error:
        if error.code == Code.INVALID_CROSS_REFERENCE_KEY:
            raise not_found() from None
        raise


def created(call: Call, sobject: SObject, record_id: str) -> Answer:
    """Return the answer of a create."""
    location = f"{call.base}/sobjects/{sobject.name}/{record_id}"
    return Answer({"id": record_id, "success": True, "errors": []}, 201, {"Location": location})


def upserted(call: Call, sobject: SObject, record_id: str, *, created_now: bool) -> Answer:
    """Return the answer of an upsert, which says more since version 46."""
    tells = call.number >= UPSERT_TELLS_SINCE
    if created_now:
        answer = created(call, sobject, record_id)
        if tells:
            answer.body["created"] = True
        return answer
    if not tells:
        return Answer(None, 204)
    return Answer({"id": record_id, "success": True, "errors": [], "created": False})


def external_id(sobject: SObject, name: str) -> Field:
    """Return an object's external id field.

    Raises:
        SalesforceError: 404 where the field does not exist or is none.
    """
    field = sobject.fields.get(name.lower())
    if field is None or not (field.external_id or field.name == "Id"):
        raise unknown_external_id(name)
    return field


def unknown_external_id(name: str) -> SalesforceError:
    """Return the 404 of a path segment that names no external id field."""
    return not_found(f"Provided external ID field does not exist or is not accessible: {name}")


def refuse_own_id(body: dict[str, Any], name: str) -> None:
    """Refuse a body that repeats what the URL says.

    Raises:
        SalesforceError: INVALID_FIELD.
    """
    if any(key.lower() == name.lower() for key in body):
        raise SalesforceError(Code.INVALID_FIELD, f"The {name} field should not be specified in the sobject data.")


def requested_fields(sobject: SObject, names: str | None) -> list[Field]:
    """Return the fields that a comma-separated list names; all without one.

    Raises:
        SalesforceError: INVALID_FIELD.
    """
    if not names:
        return list(sobject.fields.values())
    found = []
    for name in names.split(","):
        field = sobject.fields.get(name.strip().lower())
        if field is None:
            raise SalesforceError(
                Code.INVALID_FIELD, f"No such column '{name.strip()}' on sobject of type {sobject.name}"
            )
        found.append(field)
    return found
