"""`tasksync shards …`: the plan of the shards, and one shard's sync through Meltano."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from tasksync_console.address import LEDGER_URL, find_address
from tasksync_console.bookmarks import DATABASE_URI, SYSTEM_FOLDER, has_state_tables, suffix, system_folder
from tasksync_console.pipelines import PIPELINES, target_settings
from tasksync_console.printing import screen
from tasksync_console.project import Project
from tasksync_console.tapping import meltano_command
from tasksync_console.words import many
from tasksync_engine.connecting import sales_connect_client
from tasksync_engine.errors import Busy, ConfigError
from tasksync_engine.ledger import shards
from tasksync_engine.ledger.store import now
from tasksync_engine.sharding import RECENT, Shard, make_plan, told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tasksync_engine.ledger import Ledger

SHARD = "TASKSYNC_SHARD"
_NAME = re.compile(r"[1-9][0-9]{0,8}")


def cut(number: int | None) -> list[Shard]:
    """Renew the roster from Sales Connect, and cut it into shards.

    Args:
        number: How many; None: as many as there are.

    Raises:
        EngineError: A run is going on, the ledger cannot serve shards, or a setting cannot be used.
        ClientError: A service cannot be read.
    """
    project, address = Project.here(), find_address()
    pipeline = PIPELINES[0]
    settings, config = target_settings(project, pipeline, address.url)
    _make_state_tables(project)
    with sales_connect_client(project.plugin_settings(pipeline.tap)) as client:
        return make_plan(settings, pipeline.connect(config), client, number)


def _make_state_tables(project: Project) -> None:
    """Let Meltano make its tables in a database that shards share: of several that do so at once all but one fail.

    Raises:
        ConfigError: Meltano is not there, or cannot use the database.
    """
    if not has_state_tables(project):
        words = [meltano_command(project), "state", "list"]
        environment = os.environ | {"MELTANO_ENVIRONMENT": project.environment}
        done = subprocess.run(words, cwd=project.folder, env=environment, capture_output=True, check=False)  # noqa: S603 - the project's own Meltano
        if done.returncode:
            message = f"Meltano cannot use its system database ({DATABASE_URI}): run `meltano state list` to see why."
            raise ConfigError(message)


def present(ledger: Ledger) -> list[Shard]:
    """The plan there is."""
    with ledger.reading() as connection:
        return told(shards.assignment(connection), shards.activity(connection, now() - RECENT))


def as_json(plan: Sequence[Shard]) -> list[dict[str, Any]]:
    """The plan, shard by shard."""
    return [{"shard": shard.name, "users": shard.users, "activity": shard.activity} for shard in plan]


def print_plan(plan: Sequence[Shard]) -> None:
    """The plan for people."""
    if not plan:
        screen().print("There are no shards: one run syncs all users. `tasksync shards plan --count N` makes some.")
    for shard in plan:
        users = many(shard.users, "user")
        screen().print(f"shard {shard.name}: {users}, {many(shard.activity, 'change')} in the last {RECENT.days} days")


# One shard's sync.


def run(shard: str, *, force: bool) -> int:
    """Sync one shard by `meltano run`; returns its exit code.

    Raises:
        Busy: This shard's sync is going on here.
        ConfigError: Meltano is not there, its plugins are not installed, or that is no name of a shard.
    """
    if not _NAME.fullmatch(shard):
        message = f"{shard!r} is no name of a shard: they are called 1, 2, and so on. `tasksync shards` lists them."
        raise ConfigError(message)
    project = Project.here()
    folder = system_folder(project, shard)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        message = f"The sync of shard {shard} is going on here already. Wait for it to end."
        raise Busy(message) from error
    with lock:
        _link_plugins(project, folder)
        return _run(_words(project, shard, force=force), project.folder, _environment(project, shard, folder))


def _link_plugins(project: Project, folder: Path) -> None:
    """Show Meltano the plugins that the project has installed; else it would install them once for each shard."""
    installed = system_folder(project, None)
    for pipeline in PIPELINES:
        for kind, plugin in (("extractors", pipeline.tap), ("loaders", pipeline.target)):
            there, here = installed / kind / plugin, folder / kind / plugin
            if not there.is_dir():
                message = f"The plugin {plugin} is not installed: run `meltano install` in {project.folder} first."
                raise ConfigError(message)
            here.parent.mkdir(exist_ok=True)
            if here.is_symlink() and here.readlink() != there:
                here.unlink()
            if not here.is_symlink():
                here.symlink_to(there)


def _words(project: Project, shard: str, *, force: bool) -> list[str]:
    pairs = [plugin for pipeline in PIPELINES for plugin in (pipeline.tap, pipeline.target)]
    forced = ["--force"] if force else []
    return [meltano_command(project), "run", *forced, "--state-id-suffix", suffix(shard), *pairs]


def _environment(project: Project, shard: str, folder: Path) -> dict[str, str]:
    own = [plugin for pipeline in PIPELINES for plugin in (pipeline.tap, pipeline.target)]
    others = {f"{plugin}_SHARD".upper().replace("-", "_") for plugin in own}
    kept = {name: value for name, value in os.environ.items() if name not in others}
    return {
        **kept,
        "MELTANO_ENVIRONMENT": project.environment,
        SYSTEM_FOLDER: str(folder),
        SHARD: shard,
        LEDGER_URL: find_address().url,
    }


def _run(words: Sequence[str], folder: Path, environment: dict[str, str]) -> int:
    """Run Meltano; a signal that ends this command ends it and its plugins too."""
    process = subprocess.Popen(words, cwd=folder, env=environment)  # noqa: S603 - the project's own Meltano
    previous = signal.signal(signal.SIGTERM, lambda got, _: process.send_signal(got))
    try:
        return process.wait()
    except KeyboardInterrupt:
        return process.wait()  # the terminal tells Meltano too
    finally:
        signal.signal(signal.SIGTERM, previous)
