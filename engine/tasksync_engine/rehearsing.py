"""A sync of both directions that writes nothing: on a copy of the ledger, each step recorded as a row of a plan."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tasksync_engine.engine import Engine
from tasksync_engine.intake import SYNCED, take
from tasksync_engine.ledger import deletions, open_ledger, parked
from tasksync_engine.ledger.deletions import HELD
from tasksync_engine.ledger.scratch import scratch
from tasksync_engine.ledger.store import now
from tasksync_engine.plan import NAME, VERSION, DirectionPlan, Plan, Row, Waiting, digest_of_mapping, row_of
from tasksync_engine.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.destination import Destination
    from tasksync_engine.settings import EngineSettings
    from tasksync_engine.steps import Step
    from tasksync_mappings import FieldMap

Piece = tuple[str, "Sequence[Mapping[str, Any]]"]
"""Some records of a stream; all users come in one."""

COMPLETE: Piece = ("", ())
"""What comes last where everything was read."""


@dataclass(frozen=True, slots=True)
class Way:
    """One direction.

    Attributes:
        direction: Its name.
        settings: Its target's settings.
        connect: Makes its destination.
        read: What its tap would read, given the address of the ledger that is true now.
    """

    direction: str
    settings: EngineSettings
    connect: Callable[[FieldMap], Destination]
    read: Callable[[str], Generator[Piece]]


@dataclass(slots=True)
class _Recorder:
    """Lets every step pass, and keeps it as a row."""

    fields: FieldMap
    here: Rehearsal
    earlier: Rehearsal | None
    rows: list[Row]

    def passes(self, step: Step) -> bool:
        source_is_real = self.earlier is None or not self.earlier.touched(step.source.id)
        current_is_real = step.current is None or not self.here.touched(step.current.id)
        row = row_of(step, self.fields, source_is_real=source_is_real, current_is_real=current_is_real)
        self.rows.append(row)
        return True


def rehearse(ways: Sequence[Way], ledger_url: str) -> Plan:
    """What a sync would do now, its directions one after the other, each as the one before it would leave things.

    The ledger's lock is held meanwhile: a sync beside it would make the plan untrue while it is made.

    Raises:
        Busy: A run is going on.
        EngineError: The ledger, the mapping or a setting cannot be used.
        ClientError: A service cannot be read.
    """
    with open_ledger(ledger_url) as ledger, ledger.running(), scratch(ledger) as url:
        return rehearse_on(url, ways)


def rehearse_on(url: str, ways: Sequence[Way]) -> Plan:
    """As `rehearse`, on a copy that is there already, and that is another one afterwards."""
    parts: list[DirectionPlan] = []
    earlier: Rehearsal | None = None
    mapping = ""
    for way in ways:
        engine = Engine(replace(way.settings, ledger_url=url, dry_run=False), rehearsed(way.connect))
        engine.open()
        part, earlier = _part(engine, way, url, earlier)
        parts.append(part)
        mapping = digest_of_mapping(engine.context.fields)
    with open_ledger(url) as copied:
        owners = copied.get("org_id"), copied.get("account_id")
        return Plan(VERSION, now().isoformat(), copied.id, *owners, mapping, parts)


def rehearsed(connect: Callable[[FieldMap], Destination]) -> Callable[[FieldMap], Destination]:
    """What makes a destination that is only rehearsed."""
    return lambda fields: Rehearsal(connect(fields))


def _part(engine: Engine, way: Way, url: str, earlier: Rehearsal | None) -> tuple[DirectionPlan, Rehearsal]:
    context = engine.context
    here = context.destination
    if not isinstance(here, Rehearsal):
        raise TypeError(type(here))
    rows: list[Row] = []
    context.gate = _Recorder(context.fields, here, earlier, rows)
    error: BaseException | None = None
    try:
        with closing(way.read(url)) as pieces:  # a tap that still reads is ended, whatever happens here
            feed(engine, pieces, earlier)
        complete = bool(context.counts["complete"])
        part = DirectionPlan(way.direction, complete, _counts(context), _parked(context), _held(context), rows)
    except BaseException as caught:
        error = caught
        raise
    finally:
        engine.close(error)
    return part, here


def feed(engine: Engine, pieces: Iterator[Piece], earlier: Rehearsal | None = None) -> None:
    """Take what was read, and where that was everything, finish.

    Args:
        engine: The run, opened.
        pieces: What was read.
        earlier: What the direction before this one would have written to the records that are read now.
    """
    synced = SYNCED[engine.context.target]
    late = {_id(raw): raw for raw in earlier.changed()} if earlier else {}
    complete = False
    for stream, records in pieces:
        if earlier is not None and stream == synced:
            for raw in records:
                late.pop(_id(raw), None)
            take(engine, stream, [earlier.shown(raw) for raw in records])
        else:
            take(engine, stream, records)
        complete = complete or (stream, records) == COMPLETE
    if complete:
        # What the other direction would write would be read here, however long ago it had been changed.
        take(engine, synced, list(late.values()))
        engine.finish()


def _id(raw: Mapping[str, Any]) -> str:
    return str(raw.get("Id") or raw.get("id") or "")


def _counts(context: Context) -> dict[str, int]:
    return {what: number for what, number in sorted(context.counts.items()) if number and what != "complete"}


def _parked(context: Context) -> list[Waiting]:
    """What this run would park, or try in vain."""
    with context.ledger.reading() as connection:
        found = [change for change in parked.everything(connection) if change.run_id == context.run_id]
    return [
        Waiting(
            change.side,
            change.record_id,
            _name(context, change.payload),
            change.code,
            change.category,
            change.message,
        )
        for change in found
        if change.side == context.source
    ]


def _held(context: Context) -> list[Waiting]:
    with context.ledger.reading() as connection:
        found = deletions.in_state(connection, [HELD])
    return [
        Waiting(deletion.side, deletion.record_id, _name(context, deletion.tombstone))
        for deletion in found
        if deletion.side == context.source
    ]


def _name(context: Context, raw: Mapping[str, Any]) -> str | None:
    held = raw.get(context.fields.named(NAME).column(context.source))
    return str(held) if held else None
