"""Why a number is what it is, as rows: columns of the bridges in the plan book."""

from typing import Final

from data_contracts.plan import Kind

QUOTA_BRIDGE_COLUMNS: Final[dict[str, Kind]] = {
    "version": Kind.COUNT,
    "rep_id": Kind.TEXT,
    "month_start": Kind.DATE,
    "step_order": Kind.COUNT,
    "step": Kind.TEXT,
    "cents": Kind.CENTS,
}
"""``plan_book/quota_bridges``: one row per version, rep, month and step."""

SCENARIO_BRIDGE_COLUMNS: Final[dict[str, Kind]] = {
    "version": Kind.COUNT,
    "scenario": Kind.TEXT,
    "measure": Kind.TEXT,
    "driver_order": Kind.COUNT,
    "driver": Kind.TEXT,
    "change": Kind.CENTS,
    "value_after": Kind.CENTS,
}
"""``plan_book/scenario_bridges``: one row per version, measure and driver; `change` and
`value_after` are cents or counts, as the measure's name says."""
