"""A copy of the project with its plugins installed, run by Meltano and as bare pipes."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import yaml

from measuring.plugins import PIPES, ROOT
from measuring.usage import Usage, start

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from measuring.world import World

OURS = ("MELTANO_", "SALESFORCE_", "SALES_CONNECT_", "SANDBOX_", "TASKSYNC_", "TAP_", "TARGET_")


class Project:
    """The project as it is now, in another folder."""

    def __init__(self, folder: Path) -> None:
        """Copy it and install its plugins."""
        self._folder = folder
        ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
        left_out = shutil.ignore_patterns(".git", *(line.rstrip("/") for line in ignored))
        shutil.copytree(ROOT, folder, ignore=left_out)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        self._add_empty_plugins()
        self._meltano(["install"], {})
        self._compile()

    def state(self, world: World, states: tuple[dict[str, Any], ...]) -> None:
        """Give Meltano the bookmarks of both directions."""
        for (tap, target), state in zip(PIPES, states, strict=True):
            text = json.dumps({"singer_state": state})
            self._meltano(["state", "set", "--force", f"sandbox:{tap}-to-{target}", text], self._variables(world))

    def sync(self, world: World) -> dict[str, Usage]:
        """`meltano run sync`."""
        return {"meltano run sync": self._meltano(["run", "sync"], self._variables(world))}

    def nothing(self, world: World) -> dict[str, Usage]:
        """Two pipelines of plugins of the Singer SDK that have nothing to say, run as ours are."""
        blocks = ["tap-empty", "target-empty"] * 2
        return {"two empty pipelines": self._meltano(["run", *blocks], self._variables(world))}

    def _add_empty_plugins(self) -> None:
        path = self._folder / "meltano.yml"
        project = yaml.safe_load(path.read_text(encoding="utf-8"))
        for kind, plugin in (("extractors", "tap-empty"), ("loaders", "target-empty")):
            script = self._folder / plugin
            floor = ROOT / "benchmarks/floors" / f"empty_{plugin.partition('-')[0]}.py"
            script.write_text(f'#!/bin/sh\nexec "{ROOT}/.venv/bin/python" "{floor}" "$@"\n', encoding="utf-8")
            script.chmod(0o755)
            name = plugin.replace("-", "_")
            known = {"capabilities": ["discover", "catalog", "state"]} if kind == "extractors" else {}
            project["plugins"][kind].append({"name": plugin, "namespace": name, "executable": str(script), **known})
        path.write_text(yaml.safe_dump(project), encoding="utf-8")

    def _compile(self) -> None:
        """Compile our own code, as `make sync` does: the floor's is compiled, and Python may be told not to write."""
        packages = [str(found.parent) for found in self._folder.glob("*/pyproject.toml")]
        start(
            [".venv/bin/python", "-m", "compileall", "-q", *packages],
            self._folder / "compiled.log",
            place=(self._folder, os.environ),
        ).end()

    def _variables(self, world: World) -> dict[str, str]:
        return {
            "SALESFORCE_LOGIN_URL": world.urls["salesforce"],
            "SALES_CONNECT_URL": world.urls["sales_connect"],
            "TASKSYNC_LEDGER_URL": world.ledger_url,
            "MELTANO_DATABASE_URI": f"sqlite:///{self._folder}/meltano-{world.pairs.number}.db",
        }

    def _meltano(self, arguments: list[str], variables: Mapping[str, str]) -> Usage:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
        environment |= {"MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", **variables}
        line = [".venv/bin/meltano", *arguments]
        log = self._folder / "meltano.log"
        return start(line, log, place=(self._folder, environment)).end()
