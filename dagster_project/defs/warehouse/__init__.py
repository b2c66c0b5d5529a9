"""The two dbt passes of a night."""
