"""Mapping files for tests: the packaged one with parts replaced, and the message that a bad one is refused with."""

import copy
from importlib import resources

import pytest
import yaml

from tasksync_mappings import MappingError, load_mapping

PACKAGED = resources.files("tasksync_mappings").joinpath("reminder-task.yml").read_text(encoding="utf-8")
EXTRA = {"reminder": "call_outcome", "task": "CallDisposition", "kind": "text"}


def document(**parts):
    """The packaged file with parts replaced: `fields__status__kind="text"` reaches inside; `...` removes."""
    changed = copy.deepcopy(yaml.safe_load(PACKAGED))
    for path, value in parts.items():
        *inner, last = path.split("__")
        place = changed
        for key in inner:
            place = place[key]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return changed


def written(folder, content):
    """The path of a new mapping file, given as text, bytes or a document."""
    path = folder / "map.yml"
    if not isinstance(content, bytes):
        text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        content = text.encode("utf-8")
    path.write_bytes(content)
    return path


def refused(path):
    """The message that a file is refused with: one short line that names the file, here as FILE."""
    with pytest.raises(MappingError) as refusal:
        load_mapping(path)
    message = str(refusal.value)
    assert str(path) in message
    assert "\n" not in message
    assert len(message) - len(str(path)) < 300
    return message.replace(str(path), "FILE")
