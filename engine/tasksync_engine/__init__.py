"""One sync algorithm for both directions, over the ledger."""
