"""Creates that were begun and never settled: what they made holds one of the values that were sent (sync-rules §7.4).

Pure: no clock, no I/O. A create that is repeated carries the source's values of that moment. Where nobody has told
which of them arrived, the record itself has to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_mappings import Kind
from tasksync_mappings.fields import same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.records import Record
    from tasksync_mappings import Base, Field, FieldMap, Pair


def sent_with(begun: Intent | None, key: str, base: Base) -> tuple[Base, tuple[Base, ...]]:
    """The bases under which a create has gone out, the first one apart: what it made, it made with one of them.

    Args:
        begun: The earlier create that was never settled.
        key: The idempotency key of the one that goes out now; another key makes another record.
        base: What the link will have, if this one makes the record.
    """
    if begun is None or begun.key != key:
        return base, ()
    known = (begun.base, *begun.later)
    return begun.base, begun.later if base == known[-1] else (*begun.later, base)


def base_of_made(intent: Intent, made: Record, fields: FieldMap, *, written_over: bool) -> Base:
    """The base of a pair one of whose records an unsettled create made.

    A field in which its tries differ has the values that the record shows, while nobody can have touched it since. It
    has none where that cannot be told: so that a difference is a conflict, and nothing is written over unsaid.

    Args:
        intent: The create.
        made: What it made, as it is now.
        fields: The field map.
        written_over: Whether a later try writes over what an earlier one had made.
    """
    base = dict(intent.base)
    untouched = made.created_at is not None and made.stamp == made.created_at
    for row, sent in _in_dispute(intent, fields):
        shown = _shown(row, made, sent)
        if shown is not None and (untouched or (written_over and shown == sent[-1])):
            base[row.name] = shown
        elif row.kind is not Kind.SUBJECT:  # without a base a name is let be: its first value shows that it changed
            del base[row.name]
    return base


def base_for_deletion(intent: Intent, living: Record, fields: FieldMap) -> Base:
    """The base by which to tell whether the living record of a pair was changed: one of the values sent is no change.

    Args:
        intent: The create that made the pair.
        living: The record that is left of it.
        fields: The field map.
    """
    shown = {row.name: _shown(row, living, sent) for row, sent in _in_dispute(intent, fields)}
    return dict(intent.base) | {name: pair for name, pair in shown.items() if pair is not None}


def _in_dispute(intent: Intent, fields: FieldMap) -> list[tuple[Field, Sequence[Pair]]]:
    """The fields in which the tries of a create differ, with what each sent."""
    tries = (intent.base, *intent.later)
    told = [(row, [base[row.name] for base in tries if row.name in base]) for row in fields.fields]
    return [(row, sent) for row, sent in told if row.name in intent.base and any(pair != sent[0] for pair in sent)]


def _shown(row: Field, record: Record, sent: Sequence[Pair]) -> Pair | None:
    """The latest of the values sent that a record holds."""
    held = record.raw.get(row.column(record.side))
    return next((pair for pair in reversed(sent) if same(row, record.side, held, pair.on(record.side))), None)
