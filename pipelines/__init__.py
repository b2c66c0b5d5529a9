"""Use cases and every contact with the outside world; knows no orchestrator."""
