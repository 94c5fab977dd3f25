"""The objects of one org: the standard ones, changed as a test asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.schema.build import field
from tasksync_sandbox.salesforce.schema.model import Field, PicklistValue, SObject
from tasksync_sandbox.salesforce.schema.objects import NAME, STANDARD


class Schema:
    """Objects by name, whatever its case; each change makes a new `version` so that compiled queries are dropped."""

    def __init__(self) -> None:
        """Start with the standard objects and the link field."""
        self._objects = dict(STANDARD)
        self.version = 0

    def reset(self) -> None:
        """Return to the standard objects and the link field."""
        self._objects = dict(STANDARD)
        self.version += 1

    def find(self, name: str) -> SObject | None:
        """Return the object of this name."""
        return self._objects.get(name.lower())

    def get(self, name: str) -> SObject:
        """Return the object of this name; an unknown one is a 404."""
        found = self.find(name)
        if found is None:
            raise SalesforceError(Code.NOT_FOUND, "The requested resource does not exist", 404)
        return found

    def by_prefix(self, record_id: str) -> SObject | None:
        """Return the object whose records' ids start like this one."""
        return next((s for s in self._objects.values() if s.prefix == record_id[:3]), None)

    def all(self) -> list[SObject]:
        """Return every object, by name."""
        return sorted(self._objects.values(), key=lambda s: s.name)

    def target(self, reference: Field) -> SObject:
        """Return the object whose fields a relationship offers: the one it points at, or Name for several."""
        return NAME if reference.polymorphic else self.get(reference.reference_to[0])

    def change(self, changes: dict[str, dict[str, Any]]) -> None:
        """Apply a control request's `remove`, `add`, `picklists` and `restricted` to objects: all of it or nothing.

        Raises:
            ValueError: an object or field that does not exist, or a declaration that makes no field.
        """
        objects = dict(self._objects)
        for name, settings in changes.items():
            found = objects.get(name.lower())
            if found is None:
                message = f"no object {name}"
                raise ValueError(message)
            objects[name.lower()] = _changed(found, settings)
        self._objects = objects
        self.version += 1


def _changed(sobject: SObject, settings: dict[str, Any]) -> SObject:
    fields = dict(sobject.fields)
    for gone in settings.get("remove", []):
        del fields[_existing(fields, gone).name.lower()]
    for declaration in settings.get("add", []):
        added = declare(declaration)
        fields[added.name.lower()] = added
    for picklist, values in settings.get("picklists", {}).items():
        fields[picklist.lower()] = replace(_existing(fields, picklist), picklist=_entries(values))
    for restricted in settings.get("restricted", []):
        fields[restricted.lower()] = replace(_existing(fields, restricted), restricted=True)
    relationships = {f.relationship.lower(): f for f in fields.values() if f.relationship}
    return replace(sobject, fields=fields, relationships=relationships)


def _existing(fields: dict[str, Field], name: str) -> Field:
    found = fields.get(name.lower())
    if found is None:
        message = f"no field {name}"
        raise ValueError(message)
    return found


def _entries(values: list[Any]) -> tuple[PicklistValue, ...]:
    """Read picklist values: plain text, or objects with value, default, closed and active."""
    entries = [PicklistValue(**v) if isinstance(v, dict) else PicklistValue(v, closed=v == "Completed") for v in values]
    if entries and not any(entry.default for entry in entries):
        entries[0] = replace(entries[0], default=True)
    return tuple(entries)


_DECLARABLE = {"label", "unique", "external_id", "case_sensitive", "restricted", "precision", "scale", "reference_to"}
_SPELLINGS = {"externalId": "external_id", "caseSensitive": "case_sensitive", "referenceTo": "reference_to"}


def declare(declaration: dict[str, Any]) -> Field:
    """Return a custom field from its name, type, length and properties.

    Raises:
        ValueError: a property that no custom field has, or no name.
    """
    given = {_SPELLINGS.get(key, key): value for key, value in declaration.items()}
    name, kind, length = given.pop("name", None), given.pop("type", "string"), given.pop("length", 0)
    required, values = given.pop("required", False), given.pop("picklist", [])
    unknown = set(given) - _DECLARABLE
    if not name or unknown:
        message = f"not a field declaration: {sorted(unknown) or declaration}"
        raise ValueError(message)
    if "reference_to" in given:
        given["reference_to"] = tuple(given["reference_to"])
        given["relationship"] = name.removesuffix("__c") + "__r"
    flags = ("CU" if kind == "textarea" and length > _LONGEST_PLAIN_TEXT else "CUFSG") + ("" if required else "N")
    length = length or (_LONGEST_PLAIN_TEXT if kind in {"string", "textarea"} else 0)
    return field(name, kind, length, flags, custom=True, picklist=_entries(values), **given)


_LONGEST_PLAIN_TEXT = 255
