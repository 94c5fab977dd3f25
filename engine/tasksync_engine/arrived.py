"""What a run that crashed, or whose answers got lost, had written to a link's records (sync-rules §7.4).

Before an update or a deletion goes out the ledger notes it on the link. Where that note is still there, the values
that the destination holds now tell whether the write arrived: what we wrote ourselves is no edit of the other side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasksync_engine.ledger.links import Ahead
from tasksync_mappings.fields import other, same

if TYPE_CHECKING:
    from collections.abc import Collection

    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import Base, Field, FieldMap, Pair, Side


def going_out(link: Link, record: Record, base: Base | None, doubtful: Collection[str] = ()) -> Link:
    """The link with a note of what is about to be written over a record: values, or (None) its deletion.

    Args:
        link: The open link.
        record: As it was read for the decision.
        base: The base that the link is to have.
        doubtful: Fields of which it is not known yet whether an earlier write to the other record arrived.
    """
    ahead = Ahead(record.side, base, record.stamp, kept(link, other(record.side), doubtful))
    return link.moved(link.base, link.reminder_user, link.task_user, ahead)


def kept(link: Link, side: Side, doubtful: Collection[str]) -> Ahead | None:
    """What stays noted of a write to one side's record: the fields that are still doubtful, and no others."""
    if link.ahead is None:
        return None
    note = next((note for note in _notes(link) if note.side == side), None)
    if note is None or note.base is None:
        return None
    base = {name: pair for name, pair in note.base.items() if name in doubtful}
    return replace(note, base=base, before=None) if base else None


def _notes(link: Link) -> list[Ahead]:
    """The newest first."""
    return [note for note in (link.ahead, link.ahead.before if link.ahead else None) if note is not None]


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is known of a noted write.

    Attributes:
        base: The link's base, with the fields that arrived as they were to be.
        doubtful: Fields of a record that somebody touched, of which nobody knows whether the write arrived. They hold
            their old value: it never arrived, or it did and was set back. Or they hold what was written while the other
            record holds its old value: our write arrived and the other record was set back, or somebody wrote the same.
    """

    base: Base
    doubtful: frozenset[str] = frozenset()


def look(link: Link, fields: FieldMap, *records: Record | None) -> Arrived:
    """Look for a link's noted writes among its records as they are now; one that is gone (None) says nothing."""
    base, doubtful = dict(link.base), set[str]()
    for note in _notes(link):
        held = next((record for record in records if record and record.side == note.side), None)
        far = next((record for record in records if record and record.side != note.side), None)
        if note.base is None or held is None:
            continue
        for row in fields.fields:
            meant, old, column = note.base.get(row.name), link.base.get(row.name), row.column(note.side)
            if meant is None or column not in held.raw:
                continue
            arrived = same(row, note.side, held.raw[column], meant.on(note.side))
            if arrived:
                base[row.name] = meant
            if old and held.stamp > note.stamp:
                back = far is not None and _is_set_back(row, far, old, meant)
                stayed = same(row, note.side, held.raw[column], old.on(note.side))
                doubtful |= {row.name} if (back if arrived else stayed) else set()
    return Arrived(base, frozenset(doubtful))


def _is_set_back(row: Field, record: Record, old: Pair, meant: Pair) -> bool:
    """Whether the record that the write came from holds its old value again, which is another one than was written."""
    held = record.raw.get(row.column(record.side))
    return same(row, record.side, held, old.on(record.side)) and not same(row, record.side, held, meant.on(record.side))


def is_ours(link: Link, side: Side) -> bool:
    """Whether the tombstone of this side's record may be that of a deletion which we sent ourselves."""
    return any(note.base is None and note.side == side for note in _notes(link))
