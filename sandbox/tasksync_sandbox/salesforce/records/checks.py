"""Rules between fields and between records, with the codes that Salesforce refuses by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.database import index_key
from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.ids import short_id
from tasksync_sandbox.salesforce.records.values import wrong_id
from tasksync_sandbox.salesforce.rows import getter

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.database import Database
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import Field, SObject

    Values = dict[str, Any]

QUEUE_OWNERS_SINCE = 48.0


def check_references(database: Database, sobject: SObject, written: Values, version: float) -> None:
    """Refuse references to records that are missing, deleted or of another object.

    Raises:
        SalesforceError: MALFORMED_ID, INVALID_CROSS_REFERENCE_KEY, INACTIVE_OWNER_OR_USER or
            CANNOT_UPDATE_CONVERTED_LEAD.
    """
    for name, value in written.items():
        field = sobject.fields[name.lower()]
        if field.type != "reference" or value is None:
            continue
        target = database.object_of(value)
        if target is not None and target.name not in field.reference_to:
            raise wrong_id(field, value)
        row = database.living(value)
        if row is None or target is None or (target.name == "Group" and version < QUEUE_OWNERS_SINCE):
            raise SalesforceError(Code.INVALID_CROSS_REFERENCE_KEY, "invalid cross reference id", fields=(field.name,))
        if field.name == "OwnerId" and target.name == "User" and not getattr(row, "IsActive", True):
            message = f"operation performed with inactive user [{short_id(value)}] as owner of {sobject.name.lower()}"
            raise SalesforceError(Code.INACTIVE_OWNER_OR_USER, message, fields=("OwnerId",))
        if getattr(row, "IsConverted", False):
            raise SalesforceError(
                Code.CANNOT_UPDATE_CONVERTED_LEAD, "cannot reference converted lead", fields=(field.name,)
            )


def check_required(sobject: SObject, values: Values) -> None:
    """Refuse a new record without the fields that it must have.

    Raises:
        SalesforceError: REQUIRED_FIELD_MISSING.
    """
    _refuse_missing(tuple(name for name in sobject.required if values.get(name) is None))


def check_kept(sobject: SObject, written: Values) -> None:
    """Refuse a change that empties a field that must have a value.

    Raises:
        SalesforceError: REQUIRED_FIELD_MISSING.
    """
    emptied = (name for name, value in written.items() if value is None)
    _refuse_missing(tuple(name for name in emptied if not sobject.fields[name.lower()].nillable))


def _refuse_missing(missing: tuple[str, ...]) -> None:
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise SalesforceError(Code.REQUIRED_FIELD_MISSING, message, fields=missing)


def check_unique(database: Database, sobject: SObject, record_id: str | None, written: Values) -> None:
    """Refuse a value that another living record holds; the recycle bin holds none.

    Raises:
        SalesforceError: DUPLICATE_VALUE, naming the holder by its 15-character id.
    """
    for field in sobject.unique_fields:
        value = written.get(field.name)
        if value is None:
            continue
        holders = [row for row in holding(database, sobject, field, value) if row.Id != record_id]
        if holders:
            holder = short_id(holders[0].Id)
            message = f"duplicate value found: {field.name} duplicates value on record with id: {holder}"
            raise SalesforceError(Code.DUPLICATE_VALUE, message, fields=(field.name,))


def holding(database: Database, sobject: SObject, field: Field, value: Any) -> list[Row]:  # noqa: ANN401  any value
    """Return the living records with a value, for a writer: late commits are waited for."""
    table = database.table(sobject)
    if field.name in table.hashed:
        found = [table.rows[record_id] for record_id in table.holder(field.name, index_key(value))]
    else:
        for record_id in list(table.late):
            table.latest(record_id)
        found = list(table.rows.values())
    read, key = getter(sobject, field), _folded(field, value)
    return [row for row in found if not row.IsDeleted and _folded(field, read(row)) == key]


def _folded(field: Field, value: Any) -> Any:  # noqa: ANN401  any value
    """Return what a value counts as: lower case where case does not matter."""
    return value if field.case_sensitive else index_key(value)


def check_task(old: Row | None, values: Values, written: Values) -> None:
    """Refuse what a task cannot be: a lead with a What, or a change to a recurring series' own dates and status.

    Raises:
        SalesforceError: FIELD_INTEGRITY_EXCEPTION or INVALID_FIELD_FOR_INSERT_UPDATE.
    """
    if (values.get("WhoId") or "").startswith("00Q") and values.get("WhatId"):
        message = "Related To ID: a task of a lead cannot be related to another record"
        raise SalesforceError(Code.FIELD_INTEGRITY_EXCEPTION, message, fields=("WhatId",))
    if values.get("IsRecurrence"):
        fixed = [name for name in ("ActivityDate", "Status") if name in written and old is not None]
        if old is None and written.get("ActivityDate") is not None:
            fixed = ["ActivityDate"]
        if fixed:
            message = f"Unable to create/update fields: {', '.join(fixed)}. A recurring task has none of its own."
            raise SalesforceError(Code.INVALID_FIELD_FOR_INSERT_UPDATE, message, fields=tuple(fixed))
