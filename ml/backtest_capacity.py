"""One origin of the capacity backtest: simulate, and set the spreadsheet beside it."""

from datetime import date

import numpy as np
import polars as pl

from ml.attrition import AttritionEstimator
from ml.capacity import CapacityAssumptions, simulate_capacity
from ml.panel import Floats
from ml.ramp import RampEstimator

SHEET = "heads x productivity"  # the spreadsheet a planner would otherwise use
SHEET_RAMP_MONTHS = 6.0


def capacity_rows(
    panel: pl.DataFrame,
    known: pl.DataFrame,
    origin_on: date,
    horizon: int,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Return cumulative forecasts and actuals of the reps known at the origin.

    Parameters
    ----------
    panel : polars.DataFrame
        All rep-months; read only for what the known reps booked afterwards.
    known : polars.DataFrame
        Rows known at the origin; the only ones the models see.
    origin_on : date
    horizon, draws, seed : int

    Returns
    -------
    polars.DataFrame
        Input of `ml.backtest.finish_backtest`.
    """
    ramp = RampEstimator(seed=seed).fit(known)
    leavers = AttritionEstimator().fit(known, ramp)
    says = CapacityAssumptions(backfill_share=0.0)
    model = simulate_capacity(
        ramp, leavers, months=horizon, assumptions=says, draws=draws, seed=seed
    )
    reps = known.filter(pl.col("left_on").is_null())["rep_id"].unique().to_list()
    after = panel.filter(
        (pl.col("month_start") >= origin_on) & pl.col("rep_id").is_in(reps)
    )
    seen: list[date] = after["month_start"].unique().to_list()
    h_seen = sum(1 for m in model.months if m <= max(seen, default=date.min))
    actual = np.zeros((len(model.groups), horizon))
    place = {g: i for i, g in enumerate(model.groups)}
    at = {m: i for i, m in enumerate(model.months)}
    for segment, role, month, cents in (
        after.group_by("segment_id", "role", "month_start")
        .agg(pl.col("bookings_cents").sum())
        .iter_rows()
    ):
        if (segment, role) in place and month in at:
            actual[place[segment, role], at[month]] += cents
    sheet = _sheet(known, model.groups, horizon)
    total = np.cumsum(model.draws, axis=2)
    frames = []
    for g, (segment, role) in enumerate(model.groups):
        node = ("group", f"{segment}/{role}")
        frames += _rows(node, total[:, g], sheet[g], actual[g], origin_on, h_seen)
    frames += _rows(
        ("company", "company"), total.sum(axis=1), sheet.sum(axis=0),
        actual.sum(axis=0), origin_on, h_seen,
    )  # fmt: skip
    return pl.concat(frames)


def _rows(
    node: tuple[str, str],
    total: Floats,
    sheet: Floats,
    actual: Floats,
    origin_on: date,
    h_seen: int,
) -> list[pl.DataFrame]:
    """Return the rows of one node for both models, months that have an actual."""
    low, middle, high = np.quantile(total, [0.1, 0.5, 0.9], axis=0)
    flat = np.cumsum(sheet)
    out = []
    for model, forecast, lower, upper in (
        ("ramp capacity", middle, low, high),
        (SHEET, flat, 0.9 * flat, 1.1 * flat),
    ):
        out.append(
            pl.DataFrame(
                {
                    "model": model,
                    "origin_on": origin_on,
                    "horizon": np.arange(1, h_seen + 1, dtype=np.int32),
                    "node_level": node[0],
                    "node_id": node[1],
                    "actual": np.cumsum(actual)[:h_seen],
                    "forecast": forecast[:h_seen],
                    "lower": lower[:h_seen],
                    "upper": upper[:h_seen],
                }
            )
        )
    return out


def _sheet(known: pl.DataFrame, groups: list[tuple[str, str]], horizon: int) -> Floats:
    """Return heads x last-12-month productivity x a straight ramp, (groups, h)."""
    out = np.zeros((len(groups), horizon))
    last = known["month_start"].max()
    recent = known.filter(
        pl.col("month_start") > pl.lit(last).dt.offset_by("-12mo")
    ).with_columns(is_ramped=pl.col("tenure_months").fill_null(99) >= SHEET_RAMP_MONTHS)
    for g, (segment, role) in enumerate(groups):
        mine = recent.filter(
            (pl.col("segment_id") == segment) & (pl.col("role") == role)
        )
        ramped = mine.filter("is_ramped")
        base = ramped if ramped.height else mine
        worked = float(base["active_share"].sum())
        rate = float(base["bookings_cents"].sum()) / max(worked, 1.0)
        now = mine.filter(
            (pl.col("month_start") == last) & pl.col("left_on").is_null()
        )["tenure_months"].fill_null(99)
        tenure = now.cast(pl.Float64).to_numpy()[:, None] + 1 + np.arange(horizon)
        out[g] = np.clip(tenure / SHEET_RAMP_MONTHS, 0, 1).sum(axis=0) * rate
    return out
