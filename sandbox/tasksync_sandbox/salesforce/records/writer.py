"""Creates, updates, upserts and deletes single records; the caller decides what a failure undoes."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING, Any

import msgspec

from tasksync_sandbox.salesforce.errors import Code, SalesforceError, not_found
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.records import checks, series
from tasksync_sandbox.salesforce.records.derive import derived
from tasksync_sandbox.salesforce.records.recurrence import check_pattern
from tasksync_sandbox.salesforce.records.values import cannot_read, kept
from tasksync_sandbox.salesforce.rows import changed, getter, made

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tasksync_sandbox.core.faults import RequestFaults
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import Field, SObject

    Values = dict[str, Any]

ALWAYS_IGNORED = frozenset({"attributes"})


class Writer:
    """Writes for one request.

    Attributes:
        now: the stamp of everything that the request writes.
    """

    def __init__(self, org: Org, faults: RequestFaults, *, user: str, version: float, call: str) -> None:
        """Write as a user, with an API version, inside the caller's transaction.

        Args:
            org: where to.
            faults: those that concern the request.
            user: id of the user who writes.
            version: of the request's path.
            call: method and path, for the write list.
        """
        self._org = org
        self._database = org.database
        self._faults = faults
        self._user = user
        self._version = version
        self._call = call
        self.now = org.now()

    def create(self, sobject: SObject, body: Mapping[str, Any]) -> str:
        """Create a record and return its id.

        Raises:
            SalesforceError: it is refused.
        """
        if not sobject.createable:
            raise SalesforceError(
                Code.CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY, f"entity type cannot be inserted: {sobject.name}"
            )
        written = self._written(sobject, body, creating=True)
        self._strike(None, written)
        values: Values = dict(sobject.defaults)
        values |= {name: value for name, value in written.items() if value is not None or name not in values}
        if "ownerid" in sobject.fields and values.get("OwnerId") is None:
            values["OwnerId"] = self._user
        checks.check_required(sobject, values)
        self._check(sobject, None, values, written)
        if sobject.name == "Task":
            check_pattern(values)
        row = self.insert(sobject, values, written)
        if values.get("IsRecurrence") and sobject.name == "Task":
            series.start(self, sobject, row.Id, values)
        return row.Id

    def insert(self, sobject: SObject, values: Values, written: Collection[str] = ()) -> Row:
        """Store a new record with these values, which were checked; `written` names the fields that the caller sent."""
        now = self.now
        audit = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), now)
        audit |= dict.fromkeys(("CreatedById", "LastModifiedById"), self._user)
        values = values | derived(self._database, sobject, None, values, now)
        row = made(sobject, {"Id": self._org.next_id(sobject), **values, **audit})
        self._put(sobject, row, "create", written)
        return row

    def update(self, sobject: SObject, record_id: str, body: Mapping[str, Any]) -> None:
        """Change the given fields of a record; its stamps move even when no value differs.

        Raises:
            SalesforceError: it is refused; NOT_FOUND or ENTITY_IS_DELETED for a record that is not there.
        """
        row = self.existing(sobject, record_id)
        written = self._written(sobject, body, creating=False)
        self._strike(row, written)
        if getattr(row, "IsConverted", False) and sobject.name == "Lead":
            raise SalesforceError(Code.CANNOT_UPDATE_CONVERTED_LEAD, "cannot reference converted lead")
        checks.check_kept(sobject, written)
        values = msgspec.structs.asdict(row) | row.Custom | written
        news = {name: value for name, value in written.items() if value != self._value(sobject, row, name)}
        self._check(sobject, row, values, written, news)
        now = self.now
        stamps = {"LastModifiedDate": now, "SystemModstamp": now, "LastModifiedById": self._user}
        more = derived(self._database, sobject, row, values, now)
        if sobject.name == "Task":
            more |= series.follow(self, sobject, row, values | more, self._database.table(sobject))
        self._put(sobject, changed(sobject, row, written | more | stamps), "update", written)

    def _value(self, sobject: SObject, row: Row, name: str) -> Any:  # noqa: ANN401  any value
        return getter(sobject, sobject.fields[name.lower()])(row)

    def _check(
        self, sobject: SObject, row: Row | None, values: Values, written: Values, news: Values | None = None
    ) -> None:
        checks.check_references(self._database, sobject, written if news is None else news, self._version)
        if sobject.name == "Task":
            checks.check_task(row, values, written)
        checks.check_unique(self._database, sobject, row.Id if row else None, written)

    def delete(self, sobject: SObject, record_id: str) -> None:
        """Put a record into the recycle bin; the main record of a series takes its occurrences along.

        Raises:
            SalesforceError: NOT_FOUND, ENTITY_IS_DELETED, or the object's records cannot be deleted.
        """
        row = self.existing(sobject, record_id)
        if not sobject.deletable:
            raise SalesforceError(
                Code.INSUFFICIENT_ACCESS_OR_READONLY, f"entity type cannot be deleted: {sobject.name}"
            )
        self._strike(row, {})
        self.remove(sobject, row)
        if getattr(row, "IsRecurrence", False):
            for one in series.members(self._database.table(sobject), row.Id):
                self.remove(sobject, one)

    def remove(self, sobject: SObject, row: Row) -> None:
        """Mark a record as deleted and note it in the deletion log."""
        stamps = {"SystemModstamp": self.now, "LastModifiedDate": self.now, "LastModifiedById": self._user}
        self._put(sobject, changed(sobject, row, {"IsDeleted": True, **stamps}), "delete", ())
        self._org.log_deletion(sobject, row.Id, self.now, self._faults.visible_at())

    def upsert(
        self, sobject: SObject, field: Field, value: str, body: Mapping[str, Any], *, create: bool = True
    ) -> tuple[str, bool]:
        """Update the record with an external id, or create one; return its id, and whether it was created.

        Raises:
            ManyMatchesError: several records hold the value.
            SalesforceError: the write is refused; NOT_FOUND when it may not create.
        """
        if field.name == "Id":
            self.update(sobject, value, body)
            return long_id(value) or value, False
        key = kept(field, value)
        if key is None:
            raise SalesforceError(Code.MISSING_ARGUMENT, f"{field.name} not specified")
        found = checks.holding(self._database, sobject, field, key)
        if len(found) > 1:
            raise ManyMatchesError([row.Id for row in found])
        if found:
            self.update(sobject, found[0].Id, body)
            return found[0].Id, False
        if not create:
            raise not_found()
        return self.create(sobject, {**body, field.name: value}), True

    def existing(self, sobject: SObject, record_id: str) -> Row:
        """Return the record to be written.

        Raises:
            SalesforceError: MALFORMED_ID, NOT_FOUND or ENTITY_IS_DELETED.
        """
        found = long_id(record_id)
        if found is None or not found.startswith(sobject.prefix):
            message = f"{sobject.label} ID: id value of incorrect type: {record_id}"
            raise SalesforceError(Code.MALFORMED_ID, message, fields=("Id",))
        row = self._database.table(sobject).latest(found)
        if row is None:
            raise SalesforceError(Code.INVALID_CROSS_REFERENCE_KEY, "invalid cross reference id")
        if row.IsDeleted:
            raise SalesforceError(Code.ENTITY_IS_DELETED, "entity is deleted", 404)
        return row

    def _written(self, sobject: SObject, body: Mapping[str, Any], *, creating: bool) -> Values:
        """Return the fields of a body by their proper names, as rows keep them."""
        if not isinstance(body, dict):
            raise cannot_read(body, "sobject")
        fields: dict[str, Field] = {}
        for name in body:
            if name in ALWAYS_IGNORED:
                continue
            field = sobject.fields.get(name.lower())
            if field is None:
                raise SalesforceError(Code.INVALID_FIELD, f"No such column '{name}' on sobject of type {sobject.name}")
            fields[name] = field
        self._refuse_readonly(list(fields.values()), creating=creating)
        return {field.name: kept(field, body[name]) for name, field in fields.items()}

    def _refuse_readonly(self, fields: list[Field], *, creating: bool) -> None:
        refused = tuple(f.name for f in fields if not (f.createable if creating else f.updateable))
        if refused == ("Id",) and creating:
            raise SalesforceError(
                Code.INVALID_FIELD_FOR_INSERT_UPDATE, "cannot specify Id in an insert call", fields=("Id",)
            )
        if refused:
            message = (
                f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of this "
                "field and verify that it is read/write for your profile or permission set."
            )
            raise SalesforceError(Code.INVALID_FIELD_FOR_INSERT_UPDATE, message, fields=refused)

    def _strike(self, row: Row | None, written: Values) -> None:
        """Raise the error of a `row_error` fault that means this row."""
        before = {} if row is None else {**msgspec.structs.asdict(row), **row.Custom}
        fault = self._faults.row_error(ChainMap(written, before))
        if fault is not None:
            raise SalesforceError(fault.code, fault.message)

    def _put(self, sobject: SObject, row: Row, action: str, fields: Collection[str]) -> None:
        self._database.table(sobject).put(row, self._faults.visible_at())
        self._database.store.note_write(self._call, sobject.name, row.Id, action, list(fields))


class ManyMatchesError(Exception):
    """An external id that several records hold; `ids` are theirs."""

    def __init__(self, ids: list[str]) -> None:
        """Name the records."""
        super().__init__(ids)
        self.ids = ids
