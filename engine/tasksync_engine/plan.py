"""A plan: what a sync of both directions would do, row by row, with what each record was like when it was judged.

Pure: no clock, no I/O.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgspec

from tasksync_engine.errors import ConfigError
from tasksync_engine.rehearsal import is_made
from tasksync_mappings.fields import comparable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_engine.records import Record
    from tasksync_engine.steps import Step
    from tasksync_mappings import Conflict, FieldMap

VERSION = 1
NAME = "name"


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one record was like.

    Attributes:
        id: Its id.
        at: Its stamp; None: it was judged as the plan's earlier rows would leave it.
        values: By field, a digest of what it held; fields that it lacked are not among them.
    """

    id: str
    at: str | None
    values: dict[str, str]


class Met(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A conflict that a row decides."""

    field: str
    base: list[Any] | None
    reminder: Any
    task: Any
    winner: str


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step.

    Attributes:
        action: As `steps.Action`.
        to: The side that is written to.
        reminder_id: The reminder; None: it is yet to be made.
        task_id: The task; None: it is yet to be made.
        name: What the reminder or the task is called.
        source: The record that the change comes from.
        current: The other side's record; None: there is none.
        writes: What goes out, by column.
        fields: Of an update, by field: the rule, and the value before and after.
        conflicts: What it decides.
        retried: Whether the change had been parked.
    """

    action: str
    to: str
    reminder_id: str | None
    task_id: str | None
    name: str | None
    source: Seen
    current: Seen | None
    writes: dict[str, Any]
    fields: dict[str, dict[str, Any]]
    conflicts: list[Met]
    retried: bool


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record whose change would be parked, or whose deletion the brake would hold; `code` then is empty."""

    side: str
    record_id: str
    name: str | None
    code: str = ""
    category: str = ""
    message: str = ""


class DirectionPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one direction's run would do.

    Attributes:
        direction: Its name.
        complete: Whether the tap read to its end; deletions are planned only then.
        counts: As the run would report them.
        parked: What would be parked.
        held: What the brake would hold.
        rows: The steps, in order.
    """

    direction: str
    complete: bool
    counts: dict[str, int]
    parked: list[Waiting]
    held: list[Waiting]
    rows: list[Row]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What both directions would do, one after the other, and for whose data.

    Attributes:
        tasksync_plan: The version of this form.
        made_at: When, RFC 3339.
        ledger: The ledger's id.
        org_id: The Salesforce org.
        account_id: The Sales Connect tenant.
        mapping: A digest of the field map.
        directions: In the order of a sync.
    """

    tasksync_plan: int
    made_at: str
    ledger: str
    org_id: str | None
    account_id: str | None
    mapping: str
    directions: list[DirectionPlan]


def plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value as a file gives it back: so that what was written and what was read can be compared."""
    return json.loads(json.dumps(value, default=str))


def digest_of_mapping(fields: FieldMap) -> str:
    """Changes with whatever the mapping says."""
    return hashlib.sha256(repr(fields).encode()).hexdigest()


def seen(record: Record, fields: FieldMap, *, as_it_is: bool = True) -> Seen:
    """What a record is like."""
    values = {}
    for row in fields.fields:
        column = row.column(record.side)
        if column in record.raw:
            held = json.dumps(comparable(row, record.side, record.raw[column]), sort_keys=True, default=str)
            values[row.name] = hashlib.blake2b(held.encode(), digest_size=8).hexdigest()
    return Seen(record.id, record.stamp.isoformat() if as_it_is else None, values)


def row_of(step: Step, fields: FieldMap, *, source_is_real: bool, current_is_real: bool) -> Row:
    """A step as a row.

    Args:
        step: The step.
        fields: The field map.
        source_is_real: Whether the source is as the service has it, and not as an earlier row would leave it.
        current_is_real: Likewise of the other record.
    """
    reminder_id, task_id = _ids(step)
    return Row(
        step.action.value,
        step.to,
        reminder_id,
        task_id,
        _name(step, fields),
        seen(step.source, fields, as_it_is=source_is_real),
        None if step.current is None else seen(step.current, fields, as_it_is=current_is_real),
        plain(dict(step.writes)),
        plain(dict(step.fields)),
        [_met(conflict) for conflict in step.conflicts],
        step.retried,
    )


def _ids(step: Step) -> tuple[str | None, str | None]:
    if step.source.side == step.to:  # a pointer: the task is what goes out
        task_id = str(next(iter(step.writes.values())))
        return step.source.id, None if is_made(task_id) else task_id
    other = None if is_made(step.other_id) else step.other_id or None
    return (step.source.id, other) if step.source.side == "reminder" else (other, step.source.id)


def _name(step: Step, fields: FieldMap) -> str | None:
    name = fields.named(NAME)
    for record in (step.source, step.current):
        held = record.raw.get(name.column(record.side)) if record is not None else None
        if held:
            return str(held)
    return None


def _met(conflict: Conflict) -> Met:
    base = conflict.base and [plain(conflict.base.reminder), plain(conflict.base.task)]
    values = conflict.values
    return Met(conflict.field, base or None, plain(values.reminder), plain(values.task), conflict.winner)


def encode(plan: Plan) -> str:
    """A plan as a file: whoever changes anything in it is told so."""
    content = msgspec.to_builtins(plan)
    return json.dumps({**content, "sha256": _checksum(content)}, indent=1) + "\n"


def _checksum(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def decode(text: str, name: str) -> Plan:
    """A plan of a file.

    Args:
        text: What is in it.
        name: What it is called.

    Raises:
        ConfigError: It is no plan, one of another version, or was changed.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        message = f"{name} is no plan: it is not JSON. `tasksync plan --save FILE` writes one."
        raise ConfigError(message) from error
    version = content.get("tasksync_plan") if isinstance(content, dict) else None
    if version is None:
        message = f"{name} is no plan: `tasksync plan --save FILE` writes one."
        raise ConfigError(message)
    if version != VERSION:
        message = f"{name} is a plan of version {version!r}, and this is version {VERSION}: make a new plan."
        raise ConfigError(message)
    told = content.pop("sha256", None)
    if told != _checksum(content):
        message = f"{name} was changed after it was saved: a plan is carried out as it was made, or not at all."
        raise ConfigError(message)
    try:
        return msgspec.convert(content, Plan)
    except msgspec.ValidationError as error:
        message = f"{name} is malformed: {error}. Make a new plan."
        raise ConfigError(message) from error


def all_rows(plan: Plan) -> Iterator[Row]:
    """The rows of both directions."""
    for part in plan.directions:
        yield from part.rows
