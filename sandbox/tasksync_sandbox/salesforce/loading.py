"""Records put in as they are given: dates and ids too, and what follows from them derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tasksync_sandbox.salesforce.errors import SalesforceError
from tasksync_sandbox.salesforce.ids import long_id
from tasksync_sandbox.salesforce.records.derive import derived
from tasksync_sandbox.salesforce.records.values import kept
from tasksync_sandbox.salesforce.rows import made

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import SObject

_STAMPS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
_ORDER = ("Organization", "User", "Group", "Account", "Contact", "Lead", "Opportunity", "Task")
"""Objects before those whose derived fields look at them."""


class Loader:
    """Loads records into an org, inside the caller's transaction."""

    def __init__(self, org: Org) -> None:
        """Load into this org."""
        self._org = org
        self._database = org.database

    def load(self, payload: dict[str, Any]) -> dict[str, int]:
        """Merge records by id, object by object; return how many of each.

        Raises:
            ValueError: the payload is not understood.
        """
        objects = payload.get("objects")
        if set(payload) != {"objects"} or not isinstance(objects, dict):
            message = 'expected {"objects": {"Task": [...], ...}}'
            raise ValueError(message)
        counts = {}
        for name in sorted(objects, key=lambda n: _ORDER.index(n) if n in _ORDER else len(_ORDER)):
            sobject = self._database.schema.find(name)
            if sobject is None:
                message = f"no object {name}"
                raise ValueError(message)
            counts[sobject.name] = self._load(sobject, objects[name])
        return counts

    def _load(self, sobject: SObject, records: list[dict[str, Any]]) -> int:
        """Load one object's records; those later in the list see the earlier ones only once all are in."""
        table = self._database.table(sobject)
        now = self._org.now()
        rows: dict[str, Row] = {}
        for record in records:
            try:
                row = self._row(sobject, record, now)
            except SalesforceError as error:
                message = f"{sobject.name} {record.get('Id')}: {error.message}"
                raise ValueError(message) from None
            rows[row.Id] = row
        table.put_all(rows.values())
        for row in rows.values():
            if row.IsDeleted:
                self._org.log_deletion(sobject, row.Id, row.SystemModstamp, None)
        return len(rows)

    def _row(self, sobject: SObject, record: dict[str, Any], now: str) -> Row:
        given: dict[str, Any] = {}
        for name, value in record.items():
            field = sobject.fields.get(name.lower())
            if field is not None:
                given[field.name] = kept(field, value)
            elif name != "attributes" and not isinstance(value, dict):
                message = f"{sobject.name} has no field {name}"
                raise ValueError(message)
        record_id = long_id(given.get("Id") or "") or self._org.next_id(sobject)
        if not record_id.startswith(sobject.prefix):
            message = f"{record_id} is no id of {sobject.name}"
            raise ValueError(message)
        old = self._database.table(sobject).latest(record_id)
        before = self._defaults(sobject, given, now) if old is None else {**msgspec.structs.asdict(old), **old.Custom}
        before.pop("Custom", None)
        values = {**before, **given, "Id": record_id}
        return made(sobject, {**values, **self._derived(sobject, old, values, given)})

    def _defaults(self, sobject: SObject, given: dict[str, Any], now: str) -> dict[str, Any]:
        """Return what a record that is new has without being told."""
        created = given.get("CreatedDate") or min((given[name] for name in _STAMPS if given.get(name)), default=now)
        latest = max((given[name] for name in _STAMPS if given.get(name)), default=created)
        values: dict[str, Any] = dict(sobject.defaults)
        values |= {"CreatedDate": created, "LastModifiedDate": latest, "SystemModstamp": latest}
        values |= dict.fromkeys(("CreatedById", "LastModifiedById"), self._org.user_id)
        if "ownerid" in sobject.fields and sobject.name != "Group":
            values["OwnerId"] = self._org.user_id
        if sobject.name == "User":
            values["IsActive"] = True
        return values

    def _derived(
        self, sobject: SObject, old: Row | None, values: dict[str, Any], given: dict[str, Any]
    ) -> dict[str, Any]:
        found = derived(self._database, sobject, old, values, values["LastModifiedDate"])
        if given.get("CompletedDateTime") and found.get("IsClosed"):
            found["CompletedDateTime"] = given["CompletedDateTime"]
        if given.get("Name") and sobject.name in {"User", "Contact", "Lead"} and not given.get("LastName"):
            found["Name"] = given["Name"]
        return found
