"""The nights a home may be refreshed for."""

import dagster as dg

NIGHTS = dg.DailyPartitionsDefinition(start_date="2016-01-01", end_offset=1)
"""One partition a night, today's included."""
