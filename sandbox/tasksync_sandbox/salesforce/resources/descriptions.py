"""Objects and fields as the API tells them (Salesforce facts, §3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.http import Answer, Call, Resource, resource
from tasksync_sandbox.salesforce.resources import conditions
from tasksync_sandbox.salesforce.schema import TEXT_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.schema import Field, SObject

_SOAP_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip
_DIGITS = 8
_BYTES_PER_CHARACTER = 3
_GLOBAL_NAMES = (
    "createable", "custom", "customSetting", "deletable", "keyPrefix", "label", "labelPlural", "layoutable",
    "mergeable", "name", "queryable", "replicateable", "retrieveable", "searchable", "triggerable", "undeletable",
    "updateable", "urls",
)  # fmt: skip


class DescriptionResources:
    """Descriptions of one org's objects."""

    def __init__(self, org: Org, create: Callable[[Call], Answer]) -> None:
        """Describe this org; `create` makes a record, on the same path as an object's basic information."""
        self._org = org
        self._create = create
        self._since = datetime.now(UTC).replace(microsecond=0)
        self._version = 0

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [
            resource("/sobjects", GET=self.everything),
            resource("/sobjects/{object}", GET=self.basic, POST=self._create),
            resource("/sobjects/{object}/describe", GET=self.describe),
        ]

    def _changed(self) -> datetime:
        """Return when the schema was last changed."""
        if self._version != self._org.database.schema.version:
            self._version = self._org.database.schema.version
            self._since = self._org.core.clock.now().replace(microsecond=0)
        return self._since

    def _unless_seen(self, call: Call, body: Callable[[], Any]) -> Answer:
        changed = self._changed()
        if conditions.seen_since(call, changed):
            return Answer(None, 304)
        return Answer(body(), headers={"Last-Modified": conditions.http_date(changed)})

    def everything(self, call: Call) -> Answer:
        """List all objects."""

        def body() -> dict[str, Any]:
            objects = [{name: d[name] for name in _GLOBAL_NAMES} for d in map(self._whole(call), self._objects())]
            return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}

        return self._unless_seen(call, body)

    def _objects(self) -> list[SObject]:
        return self._org.database.schema.all()

    def _whole(self, call: Call) -> Callable[[SObject], dict[str, Any]]:
        return lambda sobject: described(sobject, call.base)

    def basic(self, call: Call) -> Answer:
        """Describe an object without its fields, with the records that were used last (none)."""
        sobject = self._org.database.schema.get(call.names["object"])
        whole = described(sobject, call.base)
        return Answer({"objectDescribe": {name: whole[name] for name in _GLOBAL_NAMES}, "recentItems": []})

    def describe(self, call: Call) -> Answer:
        """Describe an object with its fields."""
        sobject = self._org.database.schema.get(call.names["object"])

        def body() -> dict[str, Any]:
            return {**described(sobject, call.base), "childRelationships": self._children(sobject)}

        return self._unless_seen(call, body)

    def _children(self, parent: SObject) -> list[dict[str, Any]]:
        return [
            {
                "childSObject": child.name,
                "field": field.name,
                "relationshipName": child_relationship(child, field, parent),
                "cascadeDelete": False,
            }
            for child in self._objects()
            for field in child.fields.values()
            if parent.name in field.reference_to
        ]


def child_relationship(child: SObject, field: Field, parent: SObject) -> str | None:
    """Return the name under which a parent's children hang in a tree; None for references that make none."""
    names = {"Task": ("WhoId", "WhatId"), "Contact": ("AccountId",), "Opportunity": ("AccountId",)}
    return child.plural if field.name in names.get(child.name, ()) and parent.name in field.reference_to else None


def described(sobject: SObject, base: str) -> dict[str, Any]:
    """Return the description of an object; `base` is what its paths start with."""
    url = f"{base}/sobjects/{sobject.name}"
    fixed = {
        "activateable": False, "compactLayoutable": True, "custom": False, "customSetting": False,
        "deprecatedAndHidden": False, "feedEnabled": True, "hasSubtypes": False, "isInterface": False,
        "isSubtype": False, "layoutable": True, "mergeable": False, "mruEnabled": False, "queryable": True,
        "retrieveable": True, "searchLayoutable": True, "searchable": True, "triggerable": True,
    }  # fmt: skip
    own = {
        "name": sobject.name,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "keyPrefix": sobject.prefix,
        "createable": sobject.createable,
        "updateable": sobject.updateable,
        "deletable": sobject.deletable,
        "undeletable": sobject.undeletable,
        "replicateable": sobject.replicateable,
        "fields": [_field(field, sobject) for field in sobject.fields.values()],
        "recordTypeInfos": [],
        "childRelationships": [],
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }
    return fixed | own


def _field(field: Field, sobject: SObject) -> dict[str, Any]:
    return {"name": field.name, "label": field.label, **_kind(field), **_rules(field, sobject), **_FIXED}


def _kind(field: Field) -> dict[str, Any]:
    """Return what the field's values are."""
    return {
        "type": field.type,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "length": field.length,
        "byteLength": field.length * _BYTES_PER_CHARACTER if field.type in TEXT_TYPES else field.length,
        "precision": field.precision if field.type != "int" else 0,
        "digits": _DIGITS if field.type == "int" else 0,
        "scale": field.scale,
        "picklistValues": [
            {"active": v.active, "defaultValue": v.default, "label": v.value, "validFor": None, "value": v.value}
            for v in field.picklist
        ],
        "restrictedPicklist": field.restricted,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "polymorphicForeignKey": field.polymorphic,
        "namePointing": field.polymorphic,
    }


def _rules(field: Field, sobject: SObject) -> dict[str, Any]:
    """Return what may be done with the field."""
    return {
        "nillable": field.nillable,
        "createable": field.createable,
        "updateable": field.updateable,
        "defaultedOnCreate": field.defaulted,
        "defaultValue": field.default_value() if field.type != "boolean" else False,
        "calculated": field.calculated,
        "custom": field.custom,
        "externalId": field.external_id,
        "unique": field.unique,
        "caseSensitive": field.case_sensitive,
        "idLookup": field.external_id or field.name == "Id",
        "filterable": field.filterable,
        "sortable": field.sortable,
        "groupable": field.groupable,
        "aggregatable": field.filterable,
        "nameField": field.name == sobject.name_field,
        "permissionable": field.createable and field.nillable,
    }


_FIXED = dict.fromkeys(("dependentPicklist", "deprecatedAndHidden", "autoNumber", "encrypted", "htmlFormatted"), False)
