"""What is on this machine: `.env`, the mapping and the catalogs, the ledger, the scheduler."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasksync_console.doctor.symptom import Symptom
from tasksync_console.services import PLUGINS
from tasksync_console.words import DIRECTIONS, SERVICES, moment, some, span
from tasksync_engine.errors import EngineError
from tasksync_engine.ledger import Ledger, browsing, migrate, overview, runs
from tasksync_engine.ledger.database import connect
from tasksync_engine.ledger.store import LEDGER_ID, now
from tasksync_mappings import MappingError, load_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Engine

    from tasksync_console.address import Address
    from tasksync_console.project import Project
    from tasksync_mappings import FieldMap, Side

OTHERS = 0o077
TAPS: Mapping[Side, tuple[str, str]] = {
    "reminder": ("tap-salesconnect", "reminders"),
    "task": ("tap-salesforce-tasks", "tasks"),
}
LATE, DEAD = 3, 12
"""After how many intervals without a complete run the scheduler looks slow, and dead."""
LONG = timedelta(hours=2)
"""A run that goes on for longer was most likely killed."""
_EVERY_MINUTES = re.compile(r"\*/(\d{1,2}) \* \* \* \*")
_NAMED = {"@hourly": 60, "@daily": 1440, "@weekly": 10_080, "* * * * *": 1}


def look_at_environment(project: Project) -> Iterator[Symptom]:
    """`.env` holds secrets: only its owner may read it."""
    path = project.folder / ".env"
    if not path.is_file():
        return
    if path.stat().st_mode & OTHERS:
        yield Symptom("credentials", "warn", f"{path} can be read by others on this machine.", f"chmod 600 {path}")
    else:
        yield Symptom("credentials", "ok", f"{path} can be read by its owner alone.")


def look_at_mapping(project: Project) -> tuple[list[Symptom], FieldMap | None]:
    """Whether both targets use one mapping, and whether it can be used."""
    paths = {side: project.plugin_settings(plugin).get("mapping_path") for side, plugin in PLUGINS.items()}
    if len(set(paths.values())) > 1:
        remedy = "Set mapping_path of both targets to the same file."
        return [Symptom("mapping", "fail", "The two targets have different mapping files.", remedy)], None
    path = next(iter(paths.values()))
    try:
        fields = load_mapping(path)
    except MappingError as error:
        return [Symptom("mapping", "fail", str(error), "Correct it: docs/mapping.md.")], None
    named = path or "the packaged one"
    return [Symptom("mapping", "ok", f"{len(fields.fields)} fields ({named}).")], fields


def look_at_catalogs(project: Project, fields: FieldMap) -> Iterator[Symptom]:
    """A column that the mapping names and the catalog lacks is dropped without a word, and never synced."""
    for side, (tap, stream) in TAPS.items():
        path = project.folder / "catalogs" / f"{tap}.json"
        if not path.is_file():
            what = f"There is no {path}: {tap} is discovered on every run, which costs a second."
            yield Symptom("catalog", "warn", what, "Run `make catalogs`.")
            continue
        try:
            columns = _columns(path, stream)
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            yield Symptom("catalog", "fail", f"{path} is no catalog with a stream {stream}.", "Run `make catalogs`.")
            continue
        missing = sorted(set(_needed(fields, side)) - columns)
        if missing:
            what = f"{tap} does not read {some(missing, 5)}, which the mapping names: {SERVICES[side]}'s never sync."
            remedy = f"Add them to extra_fields of {tap}, and run `make catalogs`."
            yield Symptom("catalog", "fail", what, remedy)
        else:
            yield Symptom("catalog", "ok", f"{tap} reads every column that the mapping names.")


def _needed(fields: FieldMap, side: Side) -> list[str]:
    link = [fields.task_field] if side == "task" and fields.task_field else []
    return [*fields.columns(side), *link]


def _columns(path: Path, stream: str) -> set[str]:
    streams = json.loads(path.read_text(encoding="utf-8"))["streams"]
    return set(next(one for one in streams if one["tap_stream_id"] == stream)["schema"]["properties"])


def look_at_ledger(address: Address) -> tuple[list[Symptom], Ledger | None]:
    """Whether it can be read, is of this version, and belongs to its owner alone; nothing is migrated.

    Returns:
        What was found, and the ledger, where it can be read further.
    """
    if address.is_missing():
        return [Symptom("ledger", "warn", f"There is none at {address.shown()} yet.", "The first run makes it.")], None
    try:
        engine = connect(address.url, create=False)
        with engine.connect():
            pass
        current = migrate.is_current(engine)
    except (EngineError, OSError) as error:
        return [Symptom("ledger", "fail", str(error), "")], None
    except Exception as error:  # noqa: BLE001 - drivers have errors of their own
        what = f"The ledger {address.shown()} cannot be read ({type(error).__name__})."
        return [Symptom("ledger", "fail", what, "Check TASKSYNC_LEDGER_URL and the database behind it.")], None
    found = [*_readers(address)]
    if not current:
        return [*found, _version(engine)], None
    ledger = Ledger(engine, "")
    with ledger.reading() as connection:
        ledger.id = overview.remembered(connection, LEDGER_ID) or ""
        links = overview.count_links(connection).get("open", 0)
        found += [Symptom("ledger", "ok", f"{address.shown()}: {links} open links.")]
        found += [*_going_on(connection)]
    return found, ledger


def _version(engine: Engine) -> Symptom:
    from sqlalchemy import text  # noqa: PLC0415 - slow to import, and seldom needed

    with engine.connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if version is not None and version > migrate.HEAD:
        remedy = "Install that version, or restore an older backup."
        return Symptom("ledger", "fail", "It was written by a newer tasksync.", remedy)
    what = "It was written by an older tasksync; the next run brings it up to date."
    return Symptom("ledger", "warn", what, "Back it up before: `tasksync ledger backup FILE`.")


def _readers(address: Address) -> Iterator[Symptom]:
    file = address.file()
    if file is not None and Path(file).stat().st_mode & OTHERS:
        what = f"{file} can be read by others on this machine; it holds names, notes and email addresses."
        yield Symptom("ledger", "warn", what, f"chmod 600 {file}*")


def _going_on(connection: Any) -> Iterator[Symptom]:  # noqa: ANN401 - SQLAlchemy's connection
    for run in runs.latest(connection, limit=2):
        if run["outcome"] != runs.RUNNING:
            continue
        age = now() - run["started_at"]
        told = f"Run {run['id']} ({run['direction']}) has been going on since {moment(run['started_at'])}"
        if age > LONG:
            what = f"{told}: it was killed, or hangs."
            yield Symptom("lock", "warn", what, "If its process lives, look at its log; else the next run goes on.")
        else:
            yield Symptom("lock", "ok", f"{told}; a second one would stop at once.")


def look_at_scheduler(project: Project, ledger: Ledger | None) -> Iterator[Symptom]:
    """How old the last complete run is, measured by the schedule's interval."""
    intervals = [found for entry in project.top_level("schedules") or () if (found := _minutes(entry)) is not None]
    if not intervals:
        remedy = "Check that cron, systemd or an orchestrator runs the job `sync`."
        yield Symptom("scheduler", "warn", "meltano.yml has no schedule whose interval is known.", remedy)
        return
    interval = timedelta(minutes=min(intervals))
    if ledger is None:
        yield Symptom("scheduler", "warn", "No run is known yet.", "Run the job `sync` once, then schedule it.")
        return
    with ledger.reading() as connection:
        latest = [browsing.last_complete_run(connection, direction) for direction in DIRECTIONS]
    ended = [run["started_at"] for run in latest if run is not None]
    if len(ended) < len(latest):
        yield Symptom("scheduler", "warn", "Not both directions ran to their end yet.", "Run `meltano run sync`.")
        return
    yield _punctual(now() - min(ended), interval)


def _punctual(age: timedelta, interval: timedelta) -> Symptom:
    said = f"The last complete sync began {span(age.total_seconds())} ago; the schedule says every "
    said += f"{span(interval.total_seconds())}."
    if age <= LATE * interval:
        return Symptom("scheduler", "ok", said)
    remedy = "Look whether the scheduler runs, and at the last runs: `tasksync status`. docs/operations.md has both."
    return Symptom("scheduler", "fail" if age > DEAD * interval else "warn", said, remedy)


def _minutes(entry: Any) -> int | None:  # noqa: ANN401 - a piece of YAML
    interval = str(entry.get("interval")) if isinstance(entry, dict) else ""
    every = _EVERY_MINUTES.fullmatch(interval)
    return int(every[1]) if every and int(every[1]) else _NAMED.get(interval)
