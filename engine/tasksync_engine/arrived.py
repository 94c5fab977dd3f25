"""What a run that crashed, or whose answers got lost, had written to a link's records (sync-rules §7.4).

Before an update or a deletion goes out the ledger notes it on the link. Where that note is still there, the values
that the destination holds now tell whether the write arrived: what we wrote ourselves is no edit of the other side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tasksync_engine.ledger.links import Ahead
from tasksync_mappings.fields import same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasksync_engine.ledger.links import Link
    from tasksync_mappings import Base, FieldMap, Side


def going_out(link: Link, side: Side, base: Base | None) -> Link:
    """The link with a note of what is about to go to one side: values, or (None) its deletion."""
    return replace(link, ahead=Ahead(side, base))


def base_of(link: Link, fields: FieldMap, records: Mapping[Side, Mapping[str, Any] | None]) -> Base:
    """The link's base, with the fields whose noted write arrived as they were to be.

    Args:
        link: The link.
        fields: The field map.
        records: What either side holds now; None where it is gone.
    """
    ahead = link.ahead
    if ahead is None or ahead.base is None:
        return link.base
    held = records.get(ahead.side)
    base = dict(link.base)
    for row in fields.fields:
        meant = ahead.base.get(row.name)
        column = row.column(ahead.side)
        if held is None or meant is None or column not in held:
            continue
        if same(row, ahead.side, held[column], meant.on(ahead.side)):
            base[row.name] = meant
    return base


def is_ours(link: Link, side: Side) -> bool:
    """Whether the tombstone of this side's record may be that of a deletion which we sent ourselves."""
    return link.ahead is not None and link.ahead.base is None and link.ahead.side == side
