"""Everything Dagster finds: one folder per room of the loop."""
