"""The ledger: links with their bases, roster, parked changes, deletions, conflicts, history and runs."""

from tasksync_engine.ledger.roster import Participant
from tasksync_engine.ledger.store import Ledger, open_ledger

__all__ = ["Ledger", "Participant", "open_ledger"]
