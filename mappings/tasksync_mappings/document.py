"""A mapping file as YAML: read from its path, or from this package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from tasksync_mappings.errors import MappingError


class _Loader(yaml.SafeLoader):
    """YAML as PyYAML reads it, except that a key which stands twice is a mistake: the second would win silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's own signature
        seen = set()
        for key, _ in node.value:
            # 1 and "1" are two keys.
            found = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
            if found in seen:
                problem = f"the key {key.value[:60]!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(found)
        return super().construct_mapping(node, deep)


def read_document(path: str | Path | None) -> tuple[str, Any]:
    """The name of a mapping file and what its YAML holds, unchecked; without a path, the packaged file.

    Raises:
        MappingError: The file cannot be read, or it is not YAML.
    """
    name = str(path) if path else "reminder-task.yml"
    source = Path(path) if path else resources.files(__package__).joinpath(name)
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        message = f"Mapping file {name} cannot be read: {reason}. Set mapping_path to a copy of reminder-task.yml."
        raise MappingError(message) from error
    try:
        return name, yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"Mapping file {name} is not valid YAML{_where(error, text)}: {_problem(error)}."
        raise MappingError(message) from error


def _where(error: Exception, text: str) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f" at line {mark.line + 1}, column {mark.column + 1}"
    if isinstance(error, yaml.reader.ReaderError):
        return f" at line {text.count(chr(10), 0, error.position) + 1}"
    return ""


def _problem(error: Exception) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"the character #x{error.character:04x} may not stand in YAML"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    # A ValueError is a scalar that looks like a date or a number and is none.
    return " ".join(str(getattr(error, "problem", None) or error).split())[:150]
