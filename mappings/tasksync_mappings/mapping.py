"""The mapping file, read and checked once; and what it makes of a record of either side."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from tasksync_mappings.errors import MappingError
from tasksync_mappings.fields import DOES_NOT_TRAVEL, Field, Kind, Pair, Side, Users, same, to_reminder, to_task
from tasksync_mappings.subject import DEFAULT_TEMPLATE, carries_name, render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ASSIGNEE: Final = Field("assignee", "assignee_id", "OwnerId", Kind.USER)
"""The pair that is ours and not the file's: it is translated by the roster."""

_LENGTHS: Final = {"name": 255, "details": 32_000}
"""What Subject and Description take, in Salesforce's characters, where the file does not say (sync-rules §3)."""

Values = dict[str, Any]
Base = dict[str, Pair]


@dataclass(frozen=True, slots=True)
class FieldMap:
    """A checked mapping file.

    Attributes:
        fields: Every synced field pair, the assignee included, in the file's order.
        task_field: The Task's External ID field that carries the link, or None where the org has none.
        template: The file's subject template, or None where Sales Connect's settings decide.
        default_name: The name of a reminder whose task has no Subject.
    """

    fields: tuple[Field, ...]
    task_field: str | None
    template: str | None
    default_name: str
    _by_name: Mapping[str, Field] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {pair.name: pair for pair in self.fields})

    def named(self, name: str) -> Field:
        """The field pair of a canonical name."""
        return self._by_name[name]

    def columns(self, side: Side) -> list[str]:
        """The names that this map reads in one side's records."""
        return [field.column(side) for field in self.fields]

    def values(self, side: Side, record: Mapping[str, Any]) -> Values:
        """What a record holds, by canonical name, in its side's own terms."""
        return {field.name: record.get(field.column(side)) for field in self.fields}


@dataclass(frozen=True, slots=True)
class Translation:
    """A field map bound to what it depends on besides the records: the subject template and the roster."""

    fields: FieldMap
    users: Users
    settings_template: str | None = None

    @property
    def template(self) -> str:
        """The template in force: the mapping file's, else Sales Connect's, else the name alone."""
        return self.fields.template or self.settings_template or DEFAULT_TEMPLATE

    @property
    def name_travels(self) -> bool:
        """Whether a name edit reaches an existing task's Subject."""
        return carries_name(self.template)

    def put(self, reminder: Mapping[str, Any]) -> Values:
        """The task values that writing this reminder would produce; a value may be `DOES_NOT_TRAVEL`."""
        return {field.name: self.put_field(field, reminder) for field in self.fields.fields}

    def put_field(self, field: Field, reminder: Mapping[str, Any]) -> Any:  # noqa: ANN401 - see Pair
        """One of the values of `put`."""
        if field.kind is Kind.SUBJECT:
            return render(self.template, reminder, field.max_length) or None
        return to_task(field, reminder.get(field.reminder), self.users)

    def get(self, task: Mapping[str, Any]) -> Values:
        """The reminder values that writing this task would produce; a value may be `DOES_NOT_TRAVEL`."""
        return {field.name: self.get_field(field, task) for field in self.fields.fields}

    def get_field(self, field: Field, task: Mapping[str, Any]) -> Any:  # noqa: ANN401 - see Pair
        """One of the values of `get`."""
        value = to_reminder(field, task.get(field.task), self.users)
        if field.name != "name":
            return value
        return value if isinstance(value, str) and value.strip() else self.fields.default_name

    def get_for_import(self, task: Mapping[str, Any]) -> Values:
        """The values of a new reminder: `get`, with the map's stand-in where a picklist value does not travel."""
        values = self.get(task)
        for field in self.fields.fields:
            if values[field.name] is DOES_NOT_TRAVEL and field.kind is Kind.PICKLIST:
                values[field.name] = field.import_as
        return values

    def is_echo(self, side: Side, record: Mapping[str, Any], base: Base) -> bool:
        """Whether every field of a linked record equals the base: nothing to do, no call to make (sync-rules §5).

        A member that the record lacks altogether says nothing; it is not the same as null.
        """
        for field in self.fields.fields:
            column = field.column(side)
            if (field.kind is Kind.SUBJECT and side == "task") or column not in record:
                continue
            held = base.get(field.name)
            if held is None or not same(field, side, record[column], held.on(side)):
                return False
        return True


def _field(name: str, row: Mapping[str, Any]) -> Field:
    values = row.get("values")
    return Field(
        name=name,
        reminder=row["reminder"],
        task=row["task"],
        kind=Kind(row["kind"]),
        values=MappingProxyType(dict(values)) if values else None,
        import_as=row.get("import_as"),
        max_length=row.get("max_length", _LENGTHS.get(name)),
    )


def load_mapping(path: str | Path | None = None) -> FieldMap:
    """Read and check a mapping file; without a path, the one in this package.

    Args:
        path: The file, or None (or an empty string) for the packaged `reminder-task.yml`.

    Raises:
        MappingError: The file cannot be read, is not YAML, or breaks `reminder-task.schema.json`; the message names
            the file and the path within it (sync-rules §3).
    """
    # YAML and JSON Schema are slow to import, and what only knows the ledger reads no mapping file.
    from tasksync_mappings.checks import mistakes  # noqa: PLC0415
    from tasksync_mappings.document import read_document  # noqa: PLC0415

    name, document = read_document(path)
    for mistake in mistakes(document):
        message = f"Mapping file {name}, {mistake}. Nothing was read or written."
        raise MappingError(message)
    rows = {**document["fields"], **(document.get("extra_fields") or {})}
    subject = document.get("subject") or {}
    return FieldMap(
        fields=(*(_field(key, row) for key, row in rows.items()), ASSIGNEE),
        task_field=document["link"]["task_field"],
        template=subject.get("template"),
        default_name=subject.get("default_name", "Task"),
    )
