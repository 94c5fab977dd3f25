"""What is wrong with a mapping file, each mistake with its path, in words for the person who edits the file."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import jsonschema

from tasksync_mappings.subject import TEMPLATE_FIELDS, template_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jsonschema.exceptions import ValidationError

_LONGEST_PATH: Final = 100
_LONGEST_VALUE: Final = 40
_TYPES: Final = {"object": "a mapping", "string": "text", "integer": "a whole number", "null": "null"}


def mistakes(document: Any) -> Iterator[str]:  # noqa: ANN401 - whatever the YAML held
    """Every mistake as `path: words`, on one line; the schema's alone where the file breaks it."""
    errors = list(jsonschema.Draft202012Validator(_schema()).iter_errors(document))
    if errors:
        for error in sorted(errors, key=_rank):
            yield f"{_path(error.absolute_path)}: {_in_words(error)}"
        return
    template = (document.get("subject") or {}).get("template")
    for name in template_fields(template) if template else ():
        if name not in TEMPLATE_FIELDS:
            yield f"subject.template: {{{{{_shown(name)}}}}} is not a field; known are {', '.join(TEMPLATE_FIELDS)}"
    if not (document.get("subject") or {}).get("default_name", "Task").strip():
        yield "subject.default_name: must not be blank"
    pairs = [(f"fields.{name}", row) for name, row in document["fields"].items()]
    pairs += [(f"extra_fields.{_shown(name)}", row) for name, row in (document.get("extra_fields") or {}).items()]
    yield from _column_mistakes(pairs, document["link"]["task_field"])
    yield from _picklist_mistakes(pairs)


@functools.cache
def _schema() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("reminder-task.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _rank(error: ValidationError) -> tuple[bool, int, bool]:
    """A wrong version first, then the outermost; an unknown key says more than the key that it was meant to be."""
    return list(error.absolute_path) != ["version"], len(error.absolute_path), error.validator != "additionalProperties"


def _column_mistakes(pairs: Sequence[tuple[str, Mapping[str, Any]]], link_field: str | None) -> Iterator[str]:
    never = {column.lower() for column in _schema()["$defs"]["task_column"]["not"]["enum"]}
    link = [("link", "task", link_field)] if link_field else []
    columns = [(path, side, row[side]) for path, row in pairs for side in ("reminder", "task")]
    taken: dict[tuple[str, str], str] = {}
    for path, side, column in link + columns:
        place = "link.task_field" if path == "link" else f"{path}.{side}"
        # Salesforce reads field names without regard to case, so `type` is Type.
        key = side, column.lower() if side == "task" else column
        if side == "task" and column.lower() in never:
            yield f"{place}: {_not_ours(column)}"
        if key in taken:
            yield f"{place}: {_shown(column)} is used already, by {taken[key]}"
        taken.setdefault(key, place)


def _picklist_mistakes(pairs: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    for path, row in pairs:
        first: dict[str, str] = {}
        for reminder_value, task_value in row.get("values", {}).items():
            if task_value in first:
                yield (
                    f"{path}.values: {_shown(first[task_value])} and {_shown(reminder_value)} both become "
                    f"{_shown(task_value)}, so it could not be read back"
                )
            first.setdefault(task_value, reminder_value)
        if "values" in row and row["import_as"] not in row["values"]:
            yield f"{path}.import_as: {_shown(row['import_as'])} is none of the keys of values"


def _not_ours(column: str) -> str:
    return f"{_shown(column)} must not be mapped: it is read-only, or the connector never writes it or sets it itself"


@dataclass(frozen=True, slots=True)
class _Breach:
    """One keyword of the schema that a value breaks, and what that keyword wanted."""

    keyword: str
    wanted: Any
    found: Any
    known: Sequence[str]


def _required(breach: _Breach) -> str:
    absent = [key for key in breach.wanted if key not in breach.found]
    return f"{', '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing"


def _unknown(breach: _Breach) -> str:
    unknown = [_shown(key) for key in breach.found if key not in breach.known]
    more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    return f"unknown key {unknown[0]}{more}; known are {', '.join(breach.known)}"


def _type(breach: _Breach) -> str:
    wanted = [breach.wanted] if isinstance(breach.wanted, str) else breach.wanted
    words = f"must be {' or '.join(_TYPES[name] for name in wanted)}, not {_shown(breach.found)}"
    # YAML reads a bare yes, no, on or off as true or false, and 2026-11-20 as a date.
    scalar = breach.found is not None and not isinstance(breach.found, str | list | dict)
    return f"{words} (put it in quotes)" if scalar and "string" in wanted else words


_WORDS: Final[Mapping[str, Callable[[_Breach], str]]] = {
    "required": _required,
    "additionalProperties": _unknown,
    "type": _type,
    "const": lambda breach: f"must be {breach.wanted}, not {_shown(breach.found)}",
    "enum": lambda breach: f"{_shown(breach.found)} is none of {', '.join(breach.wanted)}",
    "not": lambda breach: _not_ours(breach.found),
    "pattern": lambda breach: f"{_shown(breach.found)} is not a field name: it does not match {breach.wanted}",
    "minLength": lambda _: "must not be empty",
    "minProperties": lambda _: "must not be empty",
    "maxLength": lambda breach: f"must not be longer than {breach.wanted} characters",
    "minimum": lambda breach: f"must be at least {breach.wanted}, not {_shown(breach.found)}",
    "maximum": lambda breach: f"must be at most {breach.wanted}, not {_shown(breach.found)}",
}


def _in_words(error: ValidationError) -> str:
    schema = error.schema if isinstance(error.schema, dict) else {}
    breach = _Breach(str(error.validator), error.validator_value, error.instance, list(schema.get("properties", ())))
    if "propertyNames" not in error.absolute_schema_path:
        return _WORDS[breach.keyword](breach)
    if breach.keyword == "not":
        return f"the key {_shown(breach.found)} is one of our own fields; choose another name"
    return f"the key {_WORDS[breach.keyword](breach)}"


def _shown(value: object) -> str:
    """A value short enough for a message, and never a whole part of the file."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    printable = text if text.isprintable() and text else repr(text)
    return printable if len(printable) <= _LONGEST_VALUE else f"{printable[:_LONGEST_VALUE]}…"


def _path(parts: Sequence[object]) -> str:
    path = ".".join(_shown(part) for part in parts) or "the file"
    return path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}…"
