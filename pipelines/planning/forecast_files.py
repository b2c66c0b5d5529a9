"""The forecast files of a night: their columns, and how they are written and read."""

from datetime import date

import polars as pl

from pipelines.files import write_parquet
from pipelines.settings import Settings

Columns = dict[str, type[pl.DataType]]
_GROUP: Columns = {"segment_id": pl.String, "role": pl.String}
_NODE: Columns = {"node_level": pl.String, "node_id": pl.String}
_CENTS: Columns = {"p10_cents": pl.Int64, "p90_cents": pl.Int64}
_SPREAD: Columns = {
    "p10_cents": pl.Int64,
    "p50_cents": pl.Int64,
    "p90_cents": pl.Int64,
}

SCHEMAS: dict[str, Columns] = {
    "ramp": _GROUP
    | {
        "tenure_month": pl.Int32,
        "share": pl.Float64,
        "share_p10": pl.Float64,
        "share_p90": pl.Float64,
        "months_to_80": pl.Float64,
        "months_to_80_p10": pl.Float64,
        "months_to_80_p90": pl.Float64,
        "rep_months_count": pl.Int64,
        "is_pooled": pl.Boolean,
    },
    "productivity": _GROUP
    | {"ramped_month_cents": pl.Int64}
    | _CENTS
    | {"reps_count": pl.Int64},
    "attrition": _GROUP
    | {
        "tenure_band": pl.String,
        "monthly_hazard_share": pl.Float64,
        "p10": pl.Float64,
        "p90": pl.Float64,
        "leavers_count": pl.Int64,
        "is_informed": pl.Boolean,
    },
    "capacity": _GROUP
    | {
        "month_start": pl.Date,
        "capacity_p10_cents": pl.Int64,
        "capacity_p50_cents": pl.Int64,
        "capacity_p90_cents": pl.Int64,
    },
    "capacity_outlook": _NODE
    | {
        "month_start": pl.Date,
        "horizon": pl.Int32,
        "heads": pl.Float64,
        "ramped_heads": pl.Float64,
        "expected_cents": pl.Int64,
    }
    | _SPREAD,
    "plan_odds": {
        "plan_version": pl.Int64,
        **_NODE,
        "months_count": pl.Int64,
        "target_cents": pl.Int64,
        **_SPREAD,
        "met_share": pl.Float64,
    },
    "rep_outlook": {
        "rep_id": pl.String,
        **_GROUP,
        "tenure_months": pl.Float64,
        "talent_share": pl.Float64,
        "talent_p10": pl.Float64,
        "talent_p90": pl.Float64,
        "expected_cents": pl.Int64,
        **_SPREAD,
    },
    "bookings": _NODE
    | {"month_start": pl.Date, "horizon": pl.Int32}
    | _SPREAD
    | {"model": pl.String, "is_thin": pl.Boolean},
    "pipeline": _NODE
    | {
        "month_start": pl.Date,
        "horizon": pl.Int32,
        "booked_cents": pl.Int64,
        "open_cents": pl.Int64,
        "new_cents": pl.Int64,
        "pipeline_cents": pl.Int64,
        "series_cents": pl.Int64,
        "weight_share": pl.Float64,
        "level_share": pl.Float64,
        "is_thin": pl.Boolean,
    },
    "account_potential": {
        "account_id": pl.String,
        "potential_cents": pl.Int64,
        **_CENTS,
        "icp_score": pl.Float64,
        "drivers": pl.String,
    },
    "backtest": {
        "measure": pl.String,
        "model": pl.String,
        "model_version": pl.String,
        "is_baseline": pl.Boolean,
        "origin_on": pl.Date,
        "horizon": pl.Int32,
        **_NODE,
        "unit": pl.String,
        "actual_value": pl.Float64,
        "forecast_value": pl.Float64,
        "lower_value": pl.Float64,
        "upper_value": pl.Float64,
        "actual_cents": pl.Int64,
        "forecast_cents": pl.Int64,
        "lower_cents": pl.Int64,
        "upper_cents": pl.Int64,
        "is_covered": pl.Boolean,
        "covered_share": pl.Float64,
        "loss": pl.Float64,
        "is_champion": pl.Boolean,
    },
    "standing": {
        "measure": pl.String,
        "node_level": pl.String,
        "champion": pl.String,
        "challenger": pl.String,
        "baseline": pl.String,
        "challenger_loss": pl.Float64,
        "baseline_loss": pl.Float64,
        "skill_share": pl.Float64,
        "covered_share": pl.Float64,
        "origins_count": pl.Int64,
        "forecasts_count": pl.Int64,
        "is_judged": pl.Boolean,
        "is_used": pl.Boolean,
        "model_version": pl.String,
    },
}
"""Columns of each forecast file, in order; each file ends with ``as_of``."""


def write_files(
    settings: Settings, frames: dict[str, pl.DataFrame], as_of: date
) -> dict[str, int]:
    """Write every forecast file; one without a frame gets zero rows.

    Returns
    -------
    dict of file stem to rows
    """
    return {
        name: write_parquet(
            _typed(frames.get(name), schema, as_of),
            settings.forecast / f"{name}.parquet",
        )
        for name, schema in SCHEMAS.items()
    }


def _typed(frame: pl.DataFrame | None, schema: Columns, as_of: date) -> pl.DataFrame:
    """Cut a frame to its file's columns and types and date it."""
    rows = pl.DataFrame(schema=schema) if frame is None else frame
    return rows.select(
        pl.col(name).cast(kind) for name, kind in schema.items()
    ).with_columns(pl.lit(as_of, pl.Date).alias("as_of"))
