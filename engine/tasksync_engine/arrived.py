"""What a run that crashed, or whose answers got lost, had written to a link's records (sync-rules §7.4).

Before an update or a deletion goes out the ledger notes it on the link. Where that note is still there, the values
that the destination holds now tell whether the write arrived: what we wrote ourselves is no edit of the other side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasksync_engine.ledger.links import Ahead
from tasksync_mappings.fields import same

if TYPE_CHECKING:
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import Base, FieldMap, Side


def going_out(link: Link, record: Record, base: Base | None) -> Link:
    """The link with a note of what is about to be written over a record: values, or (None) its deletion."""
    return replace(link, ahead=Ahead(record.side, base, record.stamp))


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is known of a noted write.

    Attributes:
        base: The link's base, with the fields that arrived as they were to be.
        doubtful: Fields that hold their old value although somebody touched the record: either the write never
            arrived, or it did and was set back.
    """

    base: Base
    doubtful: frozenset[str] = frozenset()


def look(link: Link, fields: FieldMap, *records: Record | None) -> Arrived:
    """Look for a link's noted write among its records as they are now; one that is gone (None) says nothing."""
    ahead = link.ahead
    held = next((record for record in records if record and ahead and record.side == ahead.side), None)
    if ahead is None or ahead.base is None or held is None:
        return Arrived(link.base)
    base, doubtful = dict(link.base), set()
    for row in fields.fields:
        meant, old, column = ahead.base.get(row.name), link.base.get(row.name), row.column(ahead.side)
        if meant is None or column not in held.raw:
            continue
        if same(row, ahead.side, held.raw[column], meant.on(ahead.side)):
            base[row.name] = meant
        elif old and held.stamp > ahead.stamp and same(row, ahead.side, held.raw[column], old.on(ahead.side)):
            doubtful.add(row.name)
    return Arrived(base, frozenset(doubtful))


def is_ours(link: Link, side: Side) -> bool:
    """Whether the tombstone of this side's record may be that of a deletion which we sent ourselves."""
    return link.ahead is not None and link.ahead.base is None and link.ahead.side == side
