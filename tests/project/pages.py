"""What the pages show: their fenced blocks, by section."""

import re
import textwrap

import yaml

from .copies import ROOT, tracked

FENCED = re.compile(r"^(?P<indent> *)```(?P<kind>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.DOTALL | re.MULTILINE)
PAGES = [path for path in tracked() if path.suffix == ".md"]


def blocks(text, kind):
    """The contents of a text's blocks of one kind, in order."""
    return [textwrap.dedent(found["text"]) for found in FENCED.finditer(text) if found["kind"] == kind]


def section(page, title):
    """What stands under a heading, up to the next one like it."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return next(part for part in re.split(r"^#+ ", text, flags=re.MULTILINE) if part.startswith(f"{title}\n"))


def commands(page, title):
    """The commands of a section, with the programs of this project."""
    text = "\n".join(blocks(section(page, title), "sh"))
    return [re.sub(r"(^|[; ])(meltano|tasksync) ", r"\1.venv/bin/\2 ", line) for line in text.splitlines()]


def pieces(page, title):
    """The YAML of a section."""
    return [yaml.safe_load(text) for text in blocks(section(page, title), "yaml")]


def merge(document, piece):
    """Put a piece of YAML into a document: mappings by key, lists of named things by name, anything else as it is."""
    for key, value in piece.items():
        there = document.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            merge(there, value)
        elif isinstance(value, list) and all(isinstance(one, dict) and "name" in one for one in value):
            document[key] = list(there or [])
            for one in value:
                same = next((found for found in document[key] if found["name"] == one["name"]), None)
                if same is None or key == "settings":
                    document[key].append(one)
                else:
                    merge(same, one)
        else:
            document[key] = value
