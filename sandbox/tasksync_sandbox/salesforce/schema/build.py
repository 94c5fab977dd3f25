"""Short spellings in which the object tables are written.

A field's flags are the letters of the Object Reference's properties: C create, U update, F filter, S sort, G group,
N nillable, D defaulted on create, R restricted picklist.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.schema.model import Field, PicklistValue, SObject

if TYPE_CHECKING:
    from collections.abc import Iterable

_DEFAULT_LENGTHS = {"id": 18, "reference": 18, "email": 80, "phone": 40, "picklist": 255, "url": 255}
_NUMBERS = {"int": (8, 0), "double": (18, 2), "currency": (18, 2), "percent": (5, 2)}


def field(name: str, kind: str, length: int = 0, flags: str = "CUFSGN", **more: Any) -> Field:  # noqa: ANN401  Field's attributes
    """Return a field from its name, type, length in characters and flags."""
    precision, scale = _NUMBERS.get(kind, (0, 0))
    values: dict[str, Any] = {
        "length": length or _DEFAULT_LENGTHS.get(kind, 0),
        "label": re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " ")),
        "createable": "C" in flags,
        "updateable": "U" in flags,
        "filterable": "F" in flags,
        "sortable": "S" in flags,
        "groupable": "G" in flags,
        "nillable": "N" in flags,
        "defaulted": "D" in flags,
        "restricted": "R" in flags,
        "precision": precision,
        "scale": scale,
    }
    return Field(name, kind, **(values | more))


def reference(
    name: str,
    *targets: str,
    flags: str = "CUFSGN",
    relationship: str | None = None,
    **more: Any,  # noqa: ANN401  Field's attributes
) -> Field:
    """Return a reference; its relationship is the name without `Id` unless given."""
    return field(
        name,
        "reference",
        flags=flags,
        reference_to=targets,
        relationship=relationship or name.removesuffix("Id"),
        **more,
    )


def picklist(name: str, length: int, values: Iterable[str], flags: str = "CUFSGN", **more: Any) -> Field:  # noqa: ANN401  Field's attributes
    """Return a picklist; `*` before a value marks the default, `!` one that closes a task."""
    entries = tuple(PicklistValue(value.lstrip("*!"), "*" in value[:2], "!" in value[:2]) for value in values)
    return field(name, "picklist", length, flags, picklist=entries, **more)


def audit_fields() -> list[Field]:
    """Return the fields that Salesforce keeps on every object."""
    return [
        field("Id", "id", flags="FSGD"),
        field("IsDeleted", "boolean", flags="FSGD"),
        field("CreatedDate", "datetime", flags="FSD"),
        reference("CreatedById", "User", flags="FSGD"),
        field("LastModifiedDate", "datetime", flags="FSD"),
        reference("LastModifiedById", "User", flags="FSGD"),
        field("SystemModstamp", "datetime", flags="FSD"),
    ]


def sobject(name: str, prefix: str, fields: Iterable[Field], **more: Any) -> SObject:  # noqa: ANN401  SObject's attributes
    """Return an object with the audit fields before its own."""
    given = [*audit_fields(), *fields]
    label = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    plural = label[:-1] + "ies" if label.endswith("y") else label + "s"
    return SObject(
        name,
        label,
        plural,
        prefix,
        {f.name.lower(): f for f in given},
        relationships={f.relationship.lower(): f for f in given if f.relationship},
        **more,
    )
