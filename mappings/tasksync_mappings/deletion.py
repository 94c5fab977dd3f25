"""A tombstone against the living, or gone, record on the other side of its link (sync-rules §6).

Pure: no clock, no I/O.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tasksync_mappings.fields import other

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasksync_mappings.fields import Side
    from tasksync_mappings.mapping import Base, Translation


class DeletePolicy(StrEnum):
    """What a deletion does to a record that was changed meanwhile."""

    DELETE = "delete"
    KEEP = "keep"


class DeletionOutcome(StrEnum):
    """What a tombstone does to the living, or gone, record on the other side of its link (sync-rules §6)."""

    DELETE = "delete"
    DELETE_CHANGED = "delete, and record the lost values as a conflict"
    KEEP = "keep, unlinked"
    CLOSE = "already gone: close the link"


def merge_deletion(
    translation: Translation,
    source: Side,
    base: Base,
    current: Mapping[str, Any] | None,
    policy: DeletePolicy = DeletePolicy.DELETE,
) -> DeletionOutcome:
    """Decide a deletion of `source`'s record against the other side's current record (None: already gone).

    A link without a base counts as changed since the base (sync-rules §2.3).
    """
    if current is None:
        return DeletionOutcome.CLOSE
    if base and translation.is_echo(other(source), current, base):
        return DeletionOutcome.DELETE
    return DeletionOutcome.KEEP if policy == DeletePolicy.KEEP else DeletionOutcome.DELETE_CHANGED
