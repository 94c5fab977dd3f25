"""Rows as they are kept: one immutable struct per object, values in the form in which answers show them."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast

import msgspec

from tasksync_sandbox.salesforce.schema.objects import STANDARD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.schema import Field, SObject

_PYTHON_TYPES: dict[str, Any] = {
    "boolean": bool,
    "int": int | None,
    "double": float | None,
    "currency": float | None,
    "percent": float | None,
}


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What every row has; the fields of its object follow in the struct made for it.

    Attributes:
        Id: in 18 characters.
        Custom: values of declared fields that the struct has no place for.
    """

    Id: str
    IsDeleted: bool = False
    CreatedDate: str
    CreatedById: str
    LastModifiedDate: str
    LastModifiedById: str
    SystemModstamp: str
    Custom: dict[str, Any] = {}


def _row_type(sobject: SObject) -> type[Row]:
    own = [f for f in sobject.fields.values() if f.name not in Row.__struct_fields__]
    members = [(f.name, _PYTHON_TYPES.get(f.type, str | None), False if f.type == "boolean" else None) for f in own]
    made_type = msgspec.defstruct(
        f"{sobject.name}Row", members, bases=(Row,), frozen=True, kw_only=True, omit_defaults=True, gc=False
    )
    return cast("type[Row]", made_type)


ROW_TYPES: dict[str, type[Row]] = {sobject.name: _row_type(sobject) for sobject in STANDARD.values()}
_PLACES: dict[str, frozenset[str]] = {name: frozenset(kind.__struct_fields__) for name, kind in ROW_TYPES.items()}


def has_place(sobject: SObject, field: Field) -> bool:
    """Say whether the object's struct has an attribute for the field."""
    return field.name in _PLACES[sobject.name]


def getter(sobject: SObject, field: Field) -> Callable[[Row], Any]:
    """Return a function that reads the field from a row."""
    if has_place(sobject, field):
        return attrgetter(field.name)
    name, empty = field.name, False if field.type == "boolean" else None
    return lambda row: row.Custom.get(name, empty)


def changed(sobject: SObject, row: Row, values: dict[str, Any]) -> Row:
    """Return the row with other values, by field name."""
    places = _PLACES[sobject.name]
    own = {name: value for name, value in values.items() if name in places}
    custom = {name: value for name, value in values.items() if name not in places}
    if custom:
        own["Custom"] = {**row.Custom, **custom}
    return msgspec.structs.replace(row, **own)


def made(sobject: SObject, values: dict[str, Any]) -> Row:
    """Return a new row from values by field name."""
    places = _PLACES[sobject.name]
    custom = {name: value for name, value in values.items() if name not in places}
    own = {name: value for name, value in values.items() if name in places}
    return ROW_TYPES[sobject.name](**own, Custom=custom) if custom else ROW_TYPES[sobject.name](**own)
