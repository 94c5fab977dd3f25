"""Batches on their way: each is looked up while the one before it is written, and carried out behind it.

What is looked up is read and nothing more. It counts for nothing where a batch that was carried out meanwhile touched
one of the same records: then it is looked up again, as if that batch had been settled long before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from tasksync_engine.batch import Batch
from tasksync_engine.parking import invalid
from tasksync_engine.records import InvalidRecord
from tasksync_engine.unsettled import is_repeatable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record

REMEMBERED = 4
"""Batches of which it is known what they touched: more than can be under way at once."""


@dataclass(slots=True)
class Ahead:
    """The batches of one run.

    Attributes:
        context: The run.
        done: How many were carried out.
    """

    context: Context
    done: int = 0
    _touched: deque[frozenset[str]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def is_possible(self) -> bool:
        """Whether a batch may be looked up before the one before it is settled.

        Not in a dry run, whose ledger only pretends; nor where a create cannot be repeated, so that what an unsettled
        one made is looked for among all that nobody knows of; nor beside other shards' runs, from whom a batch keeps
        its records while it is at work.
        """
        alone = self.context.scope is None and not self.context.settings.dry_run
        return alone and is_repeatable(self.context)

    def begin(self, raws: Sequence[Mapping[str, Any]]) -> Callable[[], None]:
        """Look up a batch; what is left to do is returned, and is to be done in the order of the batches.

        Raises:
            StopRun: The destination cannot go on.
        """
        seen = self.done
        records, refused = self._read(raws)
        batch = Batch(self.context)
        batch.look_up(records)
        return partial(self._carry_out, batch, records, refused, len(raws), seen)

    def _read(self, raws: Sequence[Mapping[str, Any]]) -> tuple[list[Record], list[Parked]]:
        """The records, and what is no record of its API, to be parked; a later version replaces an earlier one."""
        records: dict[str, Record] = {}
        refused: dict[str, Parked] = {}
        read = self.context.read_source
        for raw in raws:
            try:
                record = read(raw)
            except InvalidRecord as error:
                change = invalid(self.context.source, raw, str(error), self.context.run_id)
                refused[change.record_id] = change
                records.pop(change.record_id, None)
            else:
                records[record.id] = record
                if refused:
                    refused.pop(record.id, None)
        return list(records.values()), list(refused.values())

    def _carry_out(
        self, batch: Batch, records: Sequence[Record], refused: Sequence[Parked], number: int, seen: int
    ) -> None:
        self.context.counts["read"] += number
        meanwhile = list(self._touched)[seen - self.done :] if self.done > seen else []
        if meanwhile and batch.is_outdated(meanwhile):
            batch = Batch(self.context)
            batch.look_up(records)
        elif self.done > seen:
            batch.read_again()
        if refused:
            batch.park_invalid(refused)
        try:
            batch.carry_out()
        finally:
            self._touched.append(batch.touched)
            self.done += 1
