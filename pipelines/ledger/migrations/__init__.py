"""Alembic steps that build and change the ledger's tables."""
