# noqa: INP001 - a script, no package
"""Write what can go stale in hub/, the plugins' definitions in the form of hub.meltano.com.

Name, namespace, address, capabilities and settings come from the plugins and from meltano.yml; the words around them
stay as they are. `--check` writes nothing and exits with 1 where a file is out of date.
"""

from __future__ import annotations

import sys
import tomllib
from typing import TYPE_CHECKING, Any

import yaml
from docs import PLUGINS, ROOT, declared

if TYPE_CHECKING:
    from pathlib import Path

REPOSITORY = "https://git.example.com/tasksync"
COPIED = ("kind", "options", "sensitive", "env")
"""What a definition says of a setting as meltano.yml does; its variable there (`env_aliases`) is this project's own."""
WIDTH = 110
SPELT = {"api": "API", "url": "URL", "oauth": "OAuth", "ca": "CA"}


def definition(plugin: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """A plugin's definition: what was there, with everything renewed that is told elsewhere.

    Args:
        plugin: As it is in meltano.yml.
        old: The definition so far.
    """
    name = plugin["name"]
    folder = name if name in PLUGINS else "console"
    about = tomllib.loads((ROOT / folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    renewed = {
        "name": name,
        "namespace": plugin["namespace"],
        "variant": "tasksync",
        "description": about["description"],
        "pip_url": f"git+{REPOSITORY}.git#subdirectory={folder}",
        "repo": REPOSITORY,
        "docs": f"{REPOSITORY}/blob/main/{folder}/README.md",
    }
    renewed |= {key: plugin[key] for key in ("executable", "capabilities", "commands") if key in plugin}
    return {**renewed, **{key: old[key] for key in old if key not in renewed}, "settings": settings(plugin)}


def settings(plugin: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings, with the words and defaults that the plugin declares."""
    known = declared(PLUGINS[plugin["name"]]) if plugin["name"] in PLUGINS else {}
    return [setting(one, known.get(one["name"], {})) for one in plugin["settings"]]


def setting(given: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """One setting. A ledger's place in this project is no default elsewhere: without one, a tap works alone."""
    name = given["name"]
    found = {"name": name, "label": schema.get("title") or label(name)}
    found |= {key: given[key] for key in COPIED if key in given}
    if "default" in schema:
        found["value"] = schema["default"]
    return found | ({"description": schema["description"]} if "description" in schema else {})


def label(name: str) -> str:
    """A setting's name in words."""
    words = " ".join(SPELT.get(word, word) for word in name.split("_"))
    return words[0].upper() + words[1:]


def definitions() -> dict[Path, str]:
    """Each file's text as it should be."""
    found = {}
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    for kind, plugins in project["plugins"].items():
        for plugin in plugins:
            path = ROOT / "hub" / kind / f"{plugin['name']}.yml"
            old = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
            found[path] = yaml.safe_dump(definition(plugin, old), sort_keys=False, width=WIDTH, allow_unicode=True)
    return found


def main() -> int:
    """Write, or check."""
    stale = {
        path: text
        for path, text in definitions().items()
        if not path.exists() or text != path.read_text(encoding="utf-8")
    }
    for path, text in stale.items():
        if "--check" in sys.argv:
            print(f"{path.relative_to(ROOT)} is out of date: run `make docs`.")  # noqa: T201 - a command's answer
        else:
            path.write_text(text, encoding="utf-8")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
