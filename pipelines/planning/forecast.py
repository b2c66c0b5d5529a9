"""Fit the forecasts on the last night's facts and write them with their backtests.

The only caller of ``ml``; planning reads the files written here.
"""

from datetime import date

import polars as pl

from data_contracts.calendar import add_months
from ml.attrition import AttritionEstimator
from ml.bookings import BookingsEngine
from ml.capacity import simulate_capacity
from ml.potential import PotentialEstimator
from ml.productivity import ProductivityEstimator
from ml.ramp import RampEstimator
from ml.reconcile import reconcile
from pipelines.files import write_parquet
from pipelines.logs import logger
from pipelines.planning.backtests import backtest
from pipelines.planning.inputs import Facts, read_facts, read_forecast
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import by_node, cell_parts
from pipelines.settings import Settings

HORIZON_MONTHS = 18  # a first plan may be made half a year before its year starts
Columns = dict[str, type[pl.DataType]]
_GROUP: Columns = {"segment_id": pl.String, "role": pl.String}
_CENTS: Columns = {"p10_cents": pl.Int64, "p90_cents": pl.Int64}

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
    "bookings": {
        "node_level": pl.String,
        "node_id": pl.String,
        "month_start": pl.Date,
        "horizon": pl.Int32,
        "p10_cents": pl.Int64,
        "p50_cents": pl.Int64,
        "p90_cents": pl.Int64,
        "model": pl.String,
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
        "model": pl.String,
        "origin_on": pl.Date,
        "horizon": pl.Int32,
        "node_level": pl.String,
        "node_id": pl.String,
        "actual_cents": pl.Int64,
        "forecast_cents": pl.Int64,
        "lower_cents": pl.Int64,
        "upper_cents": pl.Int64,
        "is_covered": pl.Boolean,
        "is_champion": pl.Boolean,
    },
}
"""Columns of each forecast file, in order; each file ends with ``as_of``."""

_log = logger(__name__)


def write_forecasts(settings: Settings) -> dict[str, int]:
    """Forecast ramp, productivity, attrition, bookings and potential of the night.

    Returns
    -------
    dict of file stem to rows
        A forecast whose inputs are missing is written with zero rows.
    """
    facts = read_facts(settings)
    frames: dict[str, pl.DataFrame | None] = {**_people(facts), **_accounts(facts)}
    frames["bookings"] = forecast_bookings(facts.bookings, facts.last_full_month)
    frames["backtest"] = backtest(
        node_series(facts.bookings, facts.last_full_month), _panel(facts)
    )
    return {
        name: write_parquet(
            _typed(frames.get(name), schema, facts.as_of),
            settings.forecast / f"{name}.parquet",
        )
        for name, schema in SCHEMAS.items()
    }


def read_forecasts(settings: Settings) -> Forecasts:
    """Read back what the last night forecast."""
    return Forecasts(
        ramp=read_forecast(settings, "ramp"),
        productivity=read_forecast(settings, "productivity"),
        attrition=read_forecast(settings, "attrition"),
        capacity=read_forecast(settings, "capacity"),
        bookings=read_forecast(settings, "bookings"),
        potential=read_forecast(settings, "account_potential"),
    )


def forecast_bookings(bookings: pl.DataFrame, last_full_month: date) -> pl.DataFrame:
    """Forecast every node of the company so that all levels add up.

    Parameters
    ----------
    bookings : frame of segment_id, region_id, month_start, bookings_cents
    last_full_month : date
        Newest month whose bookings are complete.

    Returns
    -------
    frame with the columns of ``SCHEMAS["bookings"]``
        In each month cells sum to segments, regions and the company exactly.
    """
    series = node_series(bookings, last_full_month)
    if series.is_empty():
        return pl.DataFrame(schema=SCHEMAS["bookings"])
    ids = series["series_id"].unique().to_list()
    cells = sorted(one for one in ids if one.startswith("cell|"))
    members = pl.DataFrame(
        [
            {"series_id": node, "bottom_id": cell}
            for cell in cells
            for node in _ancestors(cell)
        ]
    )
    ahead = BookingsEngine(horizon=HORIZON_MONTHS).fit_predict(
        series, parent=dict.fromkeys(ids, "company|company")
    )
    agreed = reconcile(ahead, members)
    node = pl.col("series_id").str.splitn("|", 2).struct
    return (
        agreed.with_columns(
            node.field("field_0").alias("node_level"),
            node.field("field_1").alias("node_id"),
        )
        .with_columns(
            pl.col(share).round().cast(pl.Int64).alias(f"{share}_cents")
            for share in ("p10", "p50", "p90")
        )
        .select(list(SCHEMAS["bookings"]))
        .sort("node_level", "node_id", "month_start")
    )


def node_series(bookings: pl.DataFrame, last_full_month: date) -> pl.DataFrame:
    """Return monthly series by node, zeros where a node booked nothing.

    Returns
    -------
    frame of series_id ("level|node"), month_start, value_cents
        From the first month anybody booked to `last_full_month`, for every node.
    """
    past = bookings.filter(pl.col("month_start") <= last_full_month)
    if past.is_empty():
        return pl.DataFrame(
            schema={
                "series_id": pl.String,
                "month_start": pl.Date,
                "value_cents": pl.Float64,
            }
        )
    nodes = by_node(
        past.select(
            "segment_id",
            pl.col("region_id").fill_null("none"),
            "month_start",
            pl.col("bookings_cents").alias("value_cents"),
        )
    ).select(
        pl.concat_str("node_level", "node_id", separator="|").alias("series_id"),
        "month_start",
        pl.col("value_cents").cast(pl.Float64),
    )
    months = past.select(
        pl.date_ranges(pl.col("month_start").min(), last_full_month, "1mo").explode()
    ).rename({past.columns[2]: "month_start"})
    return (
        nodes.select("series_id")
        .unique()
        .join(months, how="cross")
        .join(nodes, on=["series_id", "month_start"], how="left")
        .with_columns(pl.col("value_cents").fill_null(0.0))
        .sort("series_id", "month_start")
    )


def _panel(facts: Facts) -> pl.DataFrame:
    """Return the rep-months of quota-bearing roles that have a segment."""
    return facts.rep_months.filter(
        pl.col("role").is_in(
            [role.id for role in facts.policy.roles if role.is_quota_bearing]
        ),
        pl.col("segment_id").is_not_null(),
    )


def _people(facts: Facts) -> dict[str, pl.DataFrame]:
    panel = _panel(facts)
    if panel.is_empty() or panel["bookings_cents"].sum() <= 0:
        _log.warning("no rep has booked anything: ramp and attrition not forecast")
        return {}
    capacity = facts.policy.capacity
    ramp = RampEstimator().fit(panel)
    leavers = AttritionEstimator(
        yearly_rate_share=capacity.prior_attrition_per_year_share
    ).fit(panel, ramp)
    roster = simulate_capacity(ramp, leavers, months=HORIZON_MONTHS, seed=0)
    return {
        "ramp": ramp.curve(),
        "productivity": ProductivityEstimator(ramp=ramp).fit(panel).by_group(),
        "attrition": leavers.hazard(),
        "capacity": roster.by_month,
    }


def _accounts(facts: Facts) -> dict[str, pl.DataFrame]:
    since = add_months(facts.as_of, -23)
    recent = facts.won.filter(pl.col("booked_on").is_between(since, facts.as_of))
    if facts.accounts.is_empty() or recent["amount_cents"].sum() <= 0:
        _log.warning("no account has bought anything lately: potential not forecast")
        return {}
    estimator = PotentialEstimator().fit(facts.accounts, facts.won, as_of=facts.as_of)
    return {"account_potential": estimator.predict()}


def _ancestors(cell: str) -> list[str]:
    segment, region = cell_parts(cell.removeprefix("cell|"))
    return [f"segment|{segment}", f"region|{region}", "company|company"]


def _typed(frame: pl.DataFrame | None, schema: Columns, as_of: date) -> pl.DataFrame:
    """Cut a frame to its file's columns and types and date it."""
    rows = pl.DataFrame(schema=schema) if frame is None else frame
    return rows.select(
        pl.col(name).cast(kind) for name, kind in schema.items()
    ).with_columns(pl.lit(as_of, pl.Date).alias("as_of"))
