"""A copy of the project with its plugins installed, run by Meltano and as bare pipes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring.usage import Usage, start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from measuring.world import World

ROOT = Path(__file__).resolve().parents[2]
PIPES = (("tap-salesconnect", "target-salesforce-tasks"), ("tap-salesforce-tasks", "target-salesconnect"))
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
        self._meltano(["install"], {})

    def state(self, world: World, states: tuple[dict[str, Any], ...]) -> None:
        """Give Meltano the bookmarks of both directions."""
        for (tap, target), state in zip(PIPES, states, strict=True):
            text = json.dumps({"singer_state": state})
            self._meltano(["state", "set", "--force", f"sandbox:{tap}-to-{target}", text], self._variables(world))

    def sync(self, world: World) -> dict[str, Usage]:
        """`meltano run sync`."""
        return {"meltano run sync": self._meltano(["run", "sync"], self._variables(world))}

    def pipes(self, world: World, states: tuple[dict[str, Any], ...]) -> tuple[dict[str, Usage], tuple[Any, ...]]:
        """Both directions as `tap | target`; returns what each process cost, and the new bookmarks."""
        costs: dict[str, Usage] = {}
        after = []
        for (tap, target), state in zip(PIPES, states, strict=True):
            folder = Path(self._folder, "pipes", str(world.pairs.number))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
            used, new = self._pipe(folder, world, tap, target)
            costs |= used
            after.append(new)
        return costs, tuple(after)

    def _pipe(self, folder: Path, world: World, tap: str, target: str) -> tuple[dict[str, Usage], Any]:
        read, write = os.pipe()
        catalog = str(self._folder / "catalogs" / f"{tap}.json")
        options = ["--config", self._config(folder, world, tap), "--state", str(folder / "state.json")]
        reading = start(
            [self._executable("extractors", tap), *options, "--catalog", catalog], folder / f"{tap}.log", stdout=write
        )
        config = self._config(folder, world, target)
        writing = start(
            [self._executable("loaders", target), "--config", config],
            folder / f"{target}.log",
            stdin=read,
            stdout=(written := os.open(folder / "states", os.O_RDWR | os.O_CREAT | os.O_TRUNC)),
        )
        for end in (read, write, written):
            os.close(end)
        used = {tap: reading.end(), target: writing.end()}
        return used, json.loads((folder / "states").read_text(encoding="utf-8").splitlines()[-1])

    def _config(self, folder: Path, world: World, plugin: str) -> str:
        shared = {"ledger_url": world.ledger_url, "loopback_only": True}
        if plugin.endswith("salesconnect"):
            settings = {"api_url": world.urls["sales_connect"], "token": "sandbox"}
        else:
            settings = {
                "login_url": world.urls["salesforce"],
                "client_id": "sandbox",
                "client_secret": "sandbox",
            }
        path = folder / f"{plugin}.json"
        path.write_text(json.dumps(shared | settings), encoding="utf-8")
        return str(path)

    def _executable(self, kind: str, plugin: str) -> str:
        return str(self._folder / ".meltano" / kind / plugin / "venv/bin" / plugin)

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
