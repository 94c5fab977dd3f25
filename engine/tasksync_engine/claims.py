"""What a shard's run claims while it works on it, and what it leaves to the next run (sync-rules §7.6).

Both records of a link are claimed before either is decided, and given up once the outcome is settled. A record that
another shard works on, or that was settled since this run's tap began to read, may be newer than what was read: nothing
is decided by it, and the next run reads it afresh. What a run had claimed that broke off counts as settled then.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tasksync_engine.errors import Busy, ConfigError
from tasksync_engine.ledger import claims, rereads, shards
from tasksync_engine.tap_stops import STARTS_WITHIN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tasksync_engine.ledger import Ledger
    from tasksync_engine.settlement import Settlement
    from tasksync_mappings import Side


@dataclass(slots=True)
class Claims:
    """A run's claims; without a shard there are none, and nothing is in the way.

    Attributes:
        ledger: The ledger.
        source: The side that this run's tap reads.
        run_id: The run's number in the ledger.
    """

    ledger: Ledger
    source: Side
    run_id: int
    _began: datetime | None = None
    _heard: bool = False
    _left: frozenset[str] | None = None
    _settled: dict[Side, set[str]] = field(default_factory=dict)

    def start(self) -> None:
        """Doubt what a killed run of this shard had claimed; or, for all users, note since when its tap may read."""
        if self.ledger.shard is not None:
            self.doubt()
        elif self.ledger.serves_shards:
            with self.ledger.transaction() as connection:  # the first batch may come long after the tap began to read
                self._began = claims.time_of(connection) - STARTS_WITHIN

    def doubt(self) -> None:
        """Where a run broke off, what it has claimed it may have written: who has read it before reads it again."""
        if self.ledger.shard is not None:
            with self.ledger.transaction() as connection:
                claims.note_doubtful(connection, self.ledger.shard, self.run_id)

    def void_readings(self) -> None:
        """This run goes on: what another one's tap has begun to read before is not to be used.

        A run for all users, or a plan, leaves no claims for shards to see; and a run for all users looks at none.
        """
        if not self.ledger.serves_shards:
            return
        with self.ledger.transaction() as connection:
            planned = shards.names(connection)
        if planned:
            key = shards.READINGS_COUNT_FROM if self.ledger.shard is None else shards.WHOLE_READINGS_COUNT_FROM
            self.ledger.put(key, self.ledger.time())

    def hear(self, began: datetime) -> None:
        """The tap in front of this run has told when it began to read: another one of its shard tells that apart.

        Raises:
            Busy: Others may have read newer records since: a plan was made or a run for all users went on, or, for
                a run for all users, a shard's.
        """
        whole = self.ledger.shard is None
        key = shards.WHOLE_READINGS_COUNT_FROM if whole else shards.READINGS_COUNT_FROM
        count_from = None if self._heard else self.ledger.get(key)
        if count_from is not None and began < datetime.fromisoformat(count_from):
            happened = "A shard's run went on" if whole else "A plan was made, or a run for all users went on,"
            message = f"{happened} when this run's tap had begun to read: nothing was written. Run it again."
            raise Busy(message)
        self._began, self._heard = began, True

    def began(self) -> datetime:
        """When the tap in front of this run began to read, by the ledger's clock; of one for all users, or before.

        Raises:
            ConfigError: No tap of this shard has said so.
        """
        if self._began is None:
            message = (
                "The setting shard is given to the target alone: give it to the tap in front of it too "
                "(TASKSYNC_SHARD sets both). Nothing was written."
            )
            raise ConfigError(message)
        return self._began

    def reread(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these source records an earlier run has left to this one."""
        if not self.ledger.serves_shards:
            return frozenset()
        if self._left is None:
            began = self.began()
            with self.ledger.transaction() as connection:
                self._left = rereads.noted_before(connection, self.source, began)
        return self._left.intersection(ids) if self._left else frozenset()

    def refused(self, side: Side, ids: Collection[str], *, read_now: bool = False) -> frozenset[str]:
        """Claim records; returns those that this run must not decide.

        Args:
            side: Whose ids.
            ids: The records.
            read_now: What is known of them is read after this, so that only those are refused that another run has.
        """
        if self.ledger.shard is None or not ids:
            return frozenset()
        with self.ledger.transaction() as connection:
            taken = claims.take(connection, side, ids, self.ledger.shard)
        if read_now:
            return taken.held
        began = self.began()
        late = {
            record_id
            for record_id, (at, run_id) in taken.settled.items()
            if at is not None and at >= began and run_id != self.run_id
        }
        return taken.held | late

    def settled(self, settlement: Settlement) -> None:
        """Something was settled of these records: to be told when the claims are given up."""
        if self.ledger.shard is not None:
            for side, ids in settlement.touched(self.source).items():
                self._settled.setdefault(side, set()).update(ids)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Give up all claims at the end."""
        try:
            yield
        except BaseException:
            self.doubt()
            raise
        finally:
            self.release()

    def release(self) -> None:
        """Give up all claims, and remember of which records something was settled."""
        if self.ledger.shard is None:
            return
        for side in ("reminder", "task"):
            if ids := self._settled.pop(side, None):
                with self.ledger.transaction() as connection:
                    claims.note_settled(connection, side, ids, self.run_id)
        with self.ledger.transaction() as connection:
            claims.let_go(connection, self.ledger.shard)
            shards.reserve(connection, self.ledger.shard, 0)
