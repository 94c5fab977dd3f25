"""How far each direction has read: the bookmarks, as Meltano's system database keeps them.

They are read for people only. Nothing is decided by them, so a database that cannot be read is told and no more.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasksync_engine.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_console.project import Project

DATABASE_URI = "MELTANO_DATABASE_URI"
BACKEND_URI = "MELTANO_STATE_BACKEND_URI"
SYSTEM_FOLDER = "MELTANO_SYS_DIR_ROOT"
LONG_AGO = datetime.min.replace(tzinfo=UTC)
SYSTEM_DATABASE = "systemdb"
PIPELINES = {
    "to-salesforce": ("tap-salesconnect-to-target-salesforce-tasks", "reminders"),
    "to-salesconnect": ("tap-salesforce-tasks-to-target-salesconnect", "tasks"),
}
"""Of each direction what its state is called behind the environment, and the stream whose bookmark counts."""
_QUERY = "SELECT partial_state, completed_state FROM state WHERE state_id = "


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a direction has read.

    Attributes:
        state_id: What `meltano state get` takes.
        read_until: Everything that the service stamped up to then was read and settled.
        read_at: When the last complete reading began.
        complete: Whether that reading got to its end.
        of_this_ledger: Whether it goes with this ledger; if not, the next run reads everything again.
        problem: Why it is not known, in words.
    """

    state_id: str
    read_until: datetime | None = None
    read_at: datetime | None = None
    complete: bool | None = None
    of_this_ledger: bool | None = None
    problem: str | None = None


def bookmarks(project: Project, ledger_id: str, shards: Mapping[str, Sequence[str]]) -> dict[str, Bookmark]:
    """The bookmark of each direction; raises nothing but for an `.env` that cannot be read.

    Args:
        project: Whose.
        ledger_id: The ledger's.
        shards: By direction, the shards that ran last: theirs is told that is furthest behind. None: all users' run.

    Raises:
        ConfigError: `.env` cannot be read.
    """
    backend = project.variable(BACKEND_URI) or _told(project.top_level("state_backend"), "uri")
    ids = {direction: f"{project.environment}:{name}" for direction, (name, _) in PIPELINES.items()}
    if backend and backend != SYSTEM_DATABASE:
        where = f"it is kept in another state backend ({backend.partition(':')[0]}); `meltano state get` shows it"
        return {direction: Bookmark(state_id, problem=where) for direction, state_id in ids.items()}
    found = {}
    for direction, state_id in ids.items():
        whose: Sequence[str | None] = shards.get(direction) or [None]
        marks = [_bookmark(project, direction, (state_id, shard), ledger_id) for shard in whose]
        found[direction] = min(marks, key=lambda mark: (not mark.problem, mark.read_until or LONG_AGO))
    return found


def _told(value: object, key: str) -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def system_folder(project: Project, shard: str | None) -> Path:
    """Meltano's own folder; each shard's sync has one, for two runs of a plugin in one folder break each other."""
    if shard is not None:
        return project.folder / ".tasksync" / "shards" / project.environment / shard
    return Path(project.variable(SYSTEM_FOLDER) or project.folder / ".meltano")


def suffix(shard: str) -> str:
    """What the ids of a shard's states end with."""
    return f"shard-{shard}"


def _bookmark(project: Project, direction: str, whose: tuple[str, str | None], ledger_id: str) -> Bookmark:
    stream = PIPELINES[direction][1]
    state_id = whose[0] if whose[1] is None else f"{whose[0]}:{suffix(whose[1])}"
    try:
        row = _state(project, state_id, whose[1])
        if row is None:
            return Bookmark(state_id, problem="there is none yet")
        mark: dict[str, Any] = {}
        for stored in (row[1], row[0]):  # what a run that broke off has told comes on top
            mark |= _stream(stored, stream)
    except (OSError, sqlite3.Error, LedgerError, ValueError, TypeError, AttributeError):
        return Bookmark(state_id, problem=f"Meltano's system database cannot be read here ({DATABASE_URI})")
    return Bookmark(
        state_id,
        read_until=_time(mark.get("replication_key_value")),
        read_at=_time(mark.get("read_at")),
        complete=mark.get("complete") is True,
        of_this_ledger=mark.get("ledger") == ledger_id,
    )


def _stream(stored: str | None, stream: str) -> Mapping[str, Any]:
    state = json.loads(stored or "{}")
    return ((state.get("singer_state") or {}).get("bookmarks") or {}).get(stream) or {}


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    told = datetime.fromisoformat(text)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _state(project: Project, state_id: str, shard: str | None) -> tuple[str | None, str | None] | None:
    """(partial, completed), as Meltano stores them; nothing is created or locked."""
    uri = project.variable(DATABASE_URI) or project.top_level("database_uri")
    if not isinstance(uri, str) or not uri:
        return _in_file(system_folder(project, shard) / "meltano.db", state_id)
    text = uri.replace("$MELTANO_PROJECT_ROOT", str(project.folder))
    if text.startswith("sqlite:///"):
        return _in_file(Path(text.removeprefix("sqlite:///")), state_id)
    return _in_database(text, state_id)


def has_state_tables(project: Project) -> bool:
    """Whether Meltano's tables are there, in a database that is no file; a file is never shared by shards."""
    uri = project.variable(DATABASE_URI) or project.top_level("database_uri")
    if not isinstance(uri, str) or not uri or uri.startswith("sqlite:"):
        return True
    try:
        _in_database(uri, "")
    except LedgerError:
        return False
    return True


def _in_file(path: Path, state_id: str) -> tuple[str | None, str | None] | None:
    if not path.is_file():
        return None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
        row: tuple[str | None, str | None] | None = connection.execute(f"{_QUERY}?", (state_id,)).fetchone()
        return row


def _in_database(uri: str, state_id: str) -> tuple[str | None, str | None] | None:
    from sqlalchemy import text  # noqa: PLC0415 - slow to import, and seldom needed
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - see above

    from tasksync_engine.ledger.database import connect  # noqa: PLC0415 - see above

    engine = connect(uri, create=False)
    try:
        with engine.connect() as connection:
            row = connection.execute(text(f"{_QUERY}:id"), {"id": state_id}).first()
    except SQLAlchemyError as error:
        raise LedgerError(DATABASE_URI) from error
    finally:
        engine.dispose()
    return None if row is None else (row[0], row[1])
