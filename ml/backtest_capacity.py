"""One origin of the people backtest: fit what was known, and score all it says.

Each of our models stands beside the spreadsheet a planner would otherwise use.
"""

from datetime import date

import numpy as np
import polars as pl

from ml.attrition import AttritionEstimator
from ml.backtest_reps import attrition_rows, rate_rows
from ml.baselines import BAND, SHEET, sheet_capacity
from ml.capacity import CapacityAssumptions, simulate_capacity
from ml.panel import Floats
from ml.progress import OnStep, in_silence
from ml.ramp import RampEstimator


def people_rows(
    panel: pl.DataFrame,
    known: pl.DataFrame,
    origin_on: date,
    horizon: int,
    draws: int,
    seed: int,
    on_step: OnStep = in_silence,
) -> pl.DataFrame:
    """Return forecasts and actuals of one origin for all measures of people.

    Parameters
    ----------
    panel : polars.DataFrame
        All rep-months; read only for what the known reps did afterwards.
    known : polars.DataFrame
        Rows known at the origin; the only ones the models see.
    origin_on : date
        First day of the first month forecast.
    horizon, draws, seed : int
    on_step : function of what, steps done and steps at most

    Returns
    -------
    polars.DataFrame
        Input of `ml.backtest_scores.finish_backtest`, every column present.
    """
    ramp = RampEstimator(seed=seed).fit(known, on_step=on_step)
    leavers = AttritionEstimator().fit(known, ramp)
    after = panel.filter(pl.col("month_start") >= origin_on)
    return pl.concat(
        [
            capacity_rows(ramp, leavers, known, after, origin_on, horizon, draws, seed),
            rate_rows(ramp, leavers, after, origin_on, horizon, draws, seed),
            attrition_rows(leavers, panel, origin_on, horizon, seed),
        ]
    )


def capacity_rows(
    ramp: RampEstimator,
    leavers: AttritionEstimator,
    known: pl.DataFrame,
    after: pl.DataFrame,
    origin_on: date,
    horizon: int,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Return cumulative bookings of the reps known at the origin, by group."""
    says = CapacityAssumptions(backfill_share=0.0)
    model = simulate_capacity(
        ramp, leavers, months=horizon, assumptions=says, draws=draws, seed=seed
    )
    reps = known.filter(pl.col("left_on").is_null())["rep_id"].unique().to_list()
    after = after.filter(pl.col("rep_id").is_in(reps))
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
    sheet = sheet_capacity(known, model.groups, horizon)
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
        (SHEET, flat, (1 - BAND) * flat, (1 + BAND) * flat),
    ):
        out.append(
            pl.DataFrame(
                {
                    "measure": "capacity",
                    "model": model,
                    "is_baseline": model == SHEET,
                    "origin_on": origin_on,
                    "horizon": np.arange(1, h_seen + 1, dtype=np.int32),
                    "node_level": node[0],
                    "node_id": node[1],
                    "unit": "cents",
                    "actual": np.cumsum(actual)[:h_seen],
                    "forecast": forecast[:h_seen],
                    "lower": lower[:h_seen],
                    "upper": upper[:h_seen],
                    "loss": None,
                },
                schema_overrides={"loss": pl.Float64},
            )
        )
    return out
