"""What an object and a field are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

TEXT_TYPES = frozenset({"string", "textarea", "picklist", "combobox", "email", "phone", "url", "multipicklist"})
"""Types compared without regard to case and written as JSON strings."""


NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
"""Types written as JSON numbers."""


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One value of a picklist; `closed` matters for Task.Status alone."""

    value: str
    default: bool = False
    closed: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """One field, with the properties that describe tells (Object Reference, "Field Properties")."""

    name: str
    type: str
    length: int = 0
    label: str = ""
    createable: bool = False
    updateable: bool = False
    filterable: bool = True
    sortable: bool = True
    groupable: bool = True
    nillable: bool = True
    defaulted: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    restricted: bool = False
    custom: bool = False
    calculated: bool = False
    since: float = 0.0
    precision: int = 0
    scale: int = 0
    picklist: tuple[PicklistValue, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None

    @property
    def required(self) -> bool:
        """Say whether a create without a value is refused."""
        return self.createable and not self.nillable and not self.defaulted and self.type != "boolean"

    @property
    def polymorphic(self) -> bool:
        """Say whether the reference may point at several objects."""
        return len(self.reference_to) > 1

    def default_value(self) -> str | None:
        """Return the value that a create without this field stores."""
        return next((entry.value for entry in self.picklist if entry.default), None)


@dataclass(frozen=True)
class SObject:
    """One object: its fields by lower-case name, and what may be done with it."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: dict[str, Field]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    undeletable: bool = True
    replicateable: bool = True
    name_field: str = "Name"
    relationships: dict[str, Field] = field(default_factory=dict)

    @cached_property
    def defaults(self) -> dict[str, str]:
        """What a create stores in fields that it is not told, by name."""
        return {f.name: value for f in self.fields.values() if (value := f.default_value()) is not None}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Names of the fields without which a create is refused."""
        return tuple(f.name for f in self.fields.values() if f.required)

    @cached_property
    def unique_fields(self) -> tuple[Field, ...]:
        """Fields whose values no two living records share."""
        return tuple(f for f in self.fields.values() if f.unique)

    @cached_property
    def external_ids(self) -> tuple[Field, ...]:
        """Fields by which records can be addressed."""
        return tuple(f for f in self.fields.values() if f.external_id)
