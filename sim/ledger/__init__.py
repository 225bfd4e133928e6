"""The ledger: tables of what happened, and the same as a stream of events."""
