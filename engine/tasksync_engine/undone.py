"""What is parked of a change that a run carried over and a person took back: only what was undone of it.

Pure: no clock, no I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_mappings import other

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.undoing import Met
    from tasksync_mappings import Base, FieldMap


def payload_of(met: Met, link: Link, fields: FieldMap) -> dict[str, Any]:
    """The source's record as far as the run carried it over and it is undone now."""
    deed = met.deed
    side = other(deed.side)
    changed_at = deed.about["changed_at"]
    user = link.user(side)
    payload: dict[str, Any] = (
        {"id": deed.reminder_id, "updated_at": changed_at, "assignee_id": user}
        if side == "reminder"
        else {"Id": deed.task_id, "SystemModstamp": changed_at, "LastModifiedDate": changed_at, "OwnerId": user}
    )
    for name in met.verdict.put_back:
        wrote = deed.fields[name]
        if wrote.base_after is not None:
            payload[fields.named(name).column(side)] = wrote.base_after.on(side)
    return payload | (deed.about.get("rendered_with") or {})


def with_earlier(payload: Mapping[str, Any], base: Base, earlier: Parked | None) -> tuple[dict[str, Any], Base]:
    """What is parked once an older run of the same record is undone too: of a field, its newest change stays."""
    if earlier is None:
        return dict(payload), base
    return {**payload, **earlier.payload}, {**earlier.base, **base}


def undone_base(base: Base, change: Parked, fields: FieldMap) -> Base:
    """The base with what was undone as the source had it: a record that equals this has nothing new to carry over."""
    known = dict(base)
    for row in fields.fields:
        column = row.column(change.side)
        if row.name in change.base and column in change.payload:
            held = known.get(row.name) or change.base[row.name]
            known[row.name] = held.having(change.side, change.payload[column])
    return known
