"""What a pair has come to: its base, its link and its conflicts, or why its change waits (sync-rules §5 to §7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasksync_engine.ledger import links
from tasksync_engine.ledger.parked import GONE
from tasksync_engine.ledger.runs import Event, RecordedConflict
from tasksync_engine.ledger.store import now
from tasksync_engine.parking import waiting
from tasksync_engine.settlement import Settlement
from tasksync_mappings import UNSET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasksync_clients import RowResult
    from tasksync_engine.context import Context
    from tasksync_engine.work import Change, Pairing
    from tasksync_mappings import Base


@dataclass(frozen=True, slots=True)
class Settler:
    """Settles pairs, one at a time.

    Attributes:
        context: The run.
        settlement: What it leads to.
    """

    context: Context
    settlement: Settlement

    def settle(self, change: Change, *, written: bool, result: RowResult | None = None) -> None:
        """Note what a pair has come to: its base, its link and the conflicts that were decided.

        Args:
            change: What was decided.
            written: Whether the writes were carried out.
            result: The service's answer to them.
        """
        pairing = change.pairing
        held = result.record if result else None
        base = change.base(written=written, held=held, fields=self.context.fields)
        self._keep_link(pairing, base)
        found = [
            decision.conflict
            for decision in change.decisions
            if decision.conflict is not None and (written or decision.write is UNSET)
        ]
        self._keep_winners_parked(change, base)
        self.settlement.conflicts.extend(
            RecordedConflict(*pairing.ids, conflict, again=pairing.is_unsettled) for conflict in found
        )
        self.settlement.counts["conflicts"] += len(found)
        if found and not written:
            self.settlement.events.append(change.event(self.context.fields, "conflict"))

    def _keep_winners_parked(self, change: Change, base: Base) -> None:
        """Where the destination's value won, its own parked change still has to go over, although the base moved."""
        won = {
            decision.field: base[decision.field]
            for decision in change.decisions
            if decision.conflict is not None and decision.write is UNSET and decision.field in base
        }
        if won:
            self.settlement.winners[change.pairing.destination_id] = won

    def _keep_link(self, pairing: Pairing, base: Base) -> None:
        self.settlement.unparked.add(pairing.source.id)
        if pairing.link is None:
            self._begin_link(self.settlement, pairing, base)
            return
        link = pairing.as_link(pairing.link, base)
        if link != pairing.link:
            self.settlement.rebased[link.id] = link

    def _begin_link(self, settlement: Settlement, pairing: Pairing, base: Base) -> None:
        self.settlement.revived.add(pairing.destination_id)  # a create of its own that was refused is now an edit
        settlement.new_links.append(self.context.new_link(pairing, base))
        settlement.intents_done |= {
            (pairing.source.side, pairing.source.id),
            (self.context.target, pairing.destination_id),
        }
        settlement.events.append(Event("link", *pairing.ids, {"origin": pairing.origin}))

    def link_first(self, pairings: Sequence[Pairing]) -> None:
        """Store new pairs before anything goes out to them: only on a link can it be noted what goes out (§7.4).

        What is parked of them stays, for nothing has gone over yet.
        """
        if not pairings:
            return
        first = Settlement()
        for pairing in pairings:
            self._begin_link(first, pairing, pairing.base)
        self.context.settle(first)
        with self.context.ledger.transaction() as connection:
            stored = links.of_records(connection, self.context.source, [pairing.source.id for pairing in pairings])
        for pairing in pairings:
            pairing.link = next(link for link in stored[pairing.source.id] if link.state == links.OPEN)

    def park_undecided(self, pairing: Pairing, code: str) -> None:
        """Keep a pair's change for another time, for one of our own reasons, as if it had not been looked at."""
        self._keep_link(pairing, pairing.base)
        if pairing.link is not None and pairing.link.ahead is not None:
            kept = replace(pairing.as_link(pairing.link, pairing.link.base), ahead=pairing.link.ahead)
            self.settlement.rebased[pairing.link.id] = kept  # nothing is decided yet: what went out stays noted
        self.settlement.park(waiting(pairing.source, code, base=pairing.base, previous=pairing.retried))

    def park_gone(self, pairing: Pairing) -> None:
        """Leave an edit whose other record is gone until the tombstone closes the link (sync-rules §6)."""
        change = waiting(pairing.source, GONE, base=pairing.base, previous=pairing.retried)
        self.settlement.park(change if pairing.link else replace(change, retry_at=now()))
