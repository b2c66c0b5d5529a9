"""The plan ledger: immutable versions, lines and events."""
