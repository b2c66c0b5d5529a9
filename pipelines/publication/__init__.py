"""What leaves the ledger: plan book, serving copy, drift signal."""
