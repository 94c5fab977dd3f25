"""Deletions of records without a link: whether there is a counterpart that goes with them (sync-rules §6, §7.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasksync_engine.begun import base_for_deletion
from tasksync_engine.ledger import intents, links
from tasksync_engine.ledger.deletions import DONE
from tasksync_engine.ledger.runs import Event
from tasksync_engine.pairing import counterpart, is_free
from tasksync_engine.settlement import Settlement
from tasksync_engine.unsettled import Outcome, Verdict, counterparts_made, look_up
from tasksync_engine.work import Pairing
from tasksync_mappings import DeletePolicy, DeletionOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.doomed import Doomed
    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.records import Record
    from tasksync_mappings import Side


@dataclass(slots=True)
class Orphans:
    """The tombstones without a link among some deletions.

    Attributes:
        context: The run.
        settlement: Takes what needs no deletion.
    """

    context: Context
    settlement: Settlement
    _verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def match(self, pending: Sequence[Doomed]) -> list[tuple[Doomed, Record | None]]:
        """Those whose counterparts can be known, each with its own, if any, dead or alive."""
        unlinked = [doomed for doomed in pending if doomed.link is None]
        if not self._verdicts:
            begun = self._begun(self.context.source, [doomed.tombstone.id for doomed in unlinked])
            self._verdicts = look_up(self.context, list(begun.values()))
        return self._matched([doomed for doomed in unlinked if self._is_known(doomed)])

    def link_begun(self, matched: Sequence[tuple[Doomed, Record | None]]) -> bool:
        """Link what a crashed run had made, whichever of both that was, whatever their stamps say (§7.4).

        Where both are gone that create is over: undeleted again, its task gets a new reminder.
        """
        made = self._begun(self.context.source, [doomed.tombstone.id for doomed, _ in matched])
        makers = self._begun(self.context.target, [match.id for _, match in matched if match])
        linking = Settlement()
        for doomed, match in matched:
            intent = made.get(doomed.tombstone.id) or (makers.get(match.id) if match else None)
            if intent is None or doomed.tombstone.id in intent.besides:
                continue
            linking.intents_done.add((intent.side, intent.record_id))
            if match is not None and not match.is_tombstone:
                pairing = Pairing(
                    doomed.tombstone,
                    match.id,
                    base=base_for_deletion(intent, match, self.context.fields),
                    current=match,
                )
                linking.new_links.append(self.context.new_link(pairing))
        if linking.intents_done:
            self.context.settle(linking)
        return bool(linking.intents_done)

    def condemned(self, matched: Sequence[tuple[Doomed, Record | None]]) -> list[Doomed]:
        """Those that have a living counterpart, not touched since (sync-rules §6)."""
        condemned = []
        for doomed, match in matched:
            living = doomed.current = None if match is None or match.is_tombstone else match
            if living is None or not self._untouched(living, doomed.tombstone):
                self.settlement.move(doomed.deletion, DONE)
            elif self.context.settings.delete_conflict_policy == DeletePolicy.KEEP:
                self._keep(doomed, living)
            else:
                condemned.append(doomed)
        return condemned

    def _keep(self, doomed: Doomed, living: Record) -> None:
        """Without a base nobody can tell whether it was edited, so `keep` keeps it, as it does a linked one (§2.3)."""
        pairing = Pairing(doomed.tombstone, living.id, current=living)
        self.settlement.kept_pairs.append(pairing.as_new_link())
        self.settlement.undeleted.add(doomed.tombstone.id)
        self.settlement.events.append(Event("close", *doomed.ids, {"outcome": DeletionOutcome.KEEP.value}))

    def _begun(self, side: Side, ids: Sequence[str]) -> dict[str, Intent]:
        with self.context.ledger.transaction() as connection:
            return intents.of_records(connection, side, ids)

    def _is_known(self, doomed: Doomed) -> bool:
        """Whether what its create made can be known; its deletion waits while that may still become visible."""
        verdict = self._verdicts.get(doomed.tombstone.id)
        return verdict is None or verdict.outcome is not Outcome.UNDER_WAY

    def _matched(self, unlinked: Sequence[Doomed]) -> list[tuple[Doomed, Record | None]]:
        """Each unlinked tombstone with its counterpart, if there is one, dead or alive."""
        if not unlinked:
            return []
        candidates = self.context.destination.counterparts([doomed.tombstone for doomed in unlinked])
        candidates |= counterparts_made(self._verdicts)
        ids = sorted({candidate.id for found in candidates.values() for candidate in found})
        refused = self.context.claims.refused(self.context.target, ids)
        with self.context.ledger.transaction() as connection:
            held = links.of_records(connection, self.context.target, ids)
        pairs = []
        for doomed in unlinked:
            if any(candidate.id in refused for candidate in candidates.get(doomed.tombstone.id, ())):
                continue  # another shard has it, or has settled it since: this deletion waits for the next run
            free = [
                candidate
                for candidate in candidates.get(doomed.tombstone.id, ())
                if is_free(doomed.tombstone, held.get(candidate.id, ()))
            ]
            pairs.append((doomed, counterpart(doomed.tombstone, free)))
        return pairs

    def _untouched(self, living: Record, tombstone: Record) -> bool:
        deleted_at = tombstone.deleted_at
        return (
            deleted_at is not None
            and living.stamp.replace(microsecond=0) <= deleted_at.replace(microsecond=0)
            and self.context.participation.takes_part(living.side, living.user)
        )
