"""The mapping file, read and checked once; and what it makes of a record of either side."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import jsonschema
import yaml

from tasksync_mappings.fields import DOES_NOT_TRAVEL, Field, Kind, Pair, Side, Users, same, to_reminder, to_task
from tasksync_mappings.subject import DEFAULT_TEMPLATE, TEMPLATE_FIELDS, carries_name, render, template_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ASSIGNEE: Final = Field("assignee", "assignee_id", "OwnerId", Kind.USER)
"""The pair that is ours and not the file's: it is translated by the roster."""

Values = dict[str, Any]
Base = dict[str, Pair]


class MappingError(Exception):
    """A mapping file that cannot be used; the message names the file, the place in it and what is wrong."""


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

    def named(self, name: str) -> Field:
        """The field pair of a canonical name."""
        return next(field for field in self.fields if field.name == name)

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
        return {
            field.name: render(self.template, reminder, field.max_length) or None
            if field.kind is Kind.SUBJECT
            else to_task(field, reminder.get(field.reminder), self.users)
            for field in self.fields.fields
        }

    def get(self, task: Mapping[str, Any]) -> Values:
        """The reminder values that writing this task would produce; a value may be `DOES_NOT_TRAVEL`."""
        values = {field.name: to_reminder(field, task.get(field.task), self.users) for field in self.fields.fields}
        name = values["name"]
        values["name"] = name if isinstance(name, str) and name.strip() else self.fields.default_name
        return values

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
            if (field.kind is Kind.SUBJECT and side == "task") or field.column(side) not in record:
                continue
            held = base.get(field.name)
            if held is None or not same(field, side, record.get(field.column(side)), held.on(side)):
                return False
        return True


def _read(path: Path | None) -> tuple[str, Any]:
    name = str(path) if path else "reminder-task.yml"
    try:
        text = (
            path.read_text(encoding="utf-8")
            if path
            else resources.files(__package__).joinpath("reminder-task.yml").read_text(encoding="utf-8")
        )
        return name, yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        message = f"Mapping file {name} cannot be read: {reason}. Set mapping_path to a copy of reminder-task.yml."
        raise MappingError(message) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        message = f"Mapping file {name} is not valid YAML{where}: {getattr(error, 'problem', None) or 'see the file'}."
        raise MappingError(message) from error


@functools.cache
def _schema() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("reminder-task.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _mistakes(document: Any) -> Iterator[str]:  # noqa: ANN401 - whatever the YAML held
    validator = jsonschema.Draft202012Validator(_schema())
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if error is not None:
        yield f"{'.'.join(str(part) for part in error.absolute_path) or 'the file'}: {error.message}"
        return
    template = (document.get("subject") or {}).get("template")
    for name in template_fields(template) if template else ():
        if name not in TEMPLATE_FIELDS:
            yield f"subject.template: {{{{{name}}}}} is not a field; known are {', '.join(TEMPLATE_FIELDS)}"
    pairs = [(f"fields.{name}", row) for name, row in document["fields"].items()]
    pairs += [(f"extra_fields.{name}", row) for name, row in (document.get("extra_fields") or {}).items()]
    yield from _pair_mistakes(pairs, document["link"]["task_field"])


def _pair_mistakes(pairs: list[tuple[str, Any]], link_field: str | None) -> Iterator[str]:
    taken = {"task": {link_field: "link.task_field"} if link_field else {}, "reminder": {}}
    for path, row in pairs:
        for side, seen in taken.items():
            if row[side] in seen:
                yield f"{path}.{side}: {row[side]} is used already, by {seen[row[side]]}"
            seen[row[side]] = path
        values = row.get("values")
        if values and len(set(values.values())) < len(values):
            yield f"{path}.values: two reminder values share one task value, so it could not be read back"
        if values and row["import_as"] not in values:
            yield f"{path}.import_as: {row['import_as']!r} is none of the values' keys"


def _field(name: str, row: Mapping[str, Any]) -> Field:
    values = row.get("values")
    return Field(
        name=name,
        reminder=row["reminder"],
        task=row["task"],
        kind=Kind(row["kind"]),
        values=MappingProxyType(dict(values)) if values else None,
        import_as=row.get("import_as"),
        max_length=row.get("max_length"),
    )


def load_mapping(path: str | Path | None = None) -> FieldMap:
    """Read and check a mapping file; without a path, the one in this package.

    Args:
        path: The file, or None (or an empty string) for the packaged `reminder-task.yml`.

    Raises:
        MappingError: The file cannot be read, is not YAML, or breaks `reminder-task.schema.json`; the message names
            the file and the path within it (sync-rules §3).
    """
    name, document = _read(Path(path) if path else None)
    for mistake in _mistakes(document):
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
