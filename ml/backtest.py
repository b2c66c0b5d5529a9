"""Forecast again at past dates with what was known then, and keep the score.

Leakage is impossible by construction: a forecaster is a function of rows, and the
only rows it is given are those known before its origin.
"""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import polars as pl

from ml.backtest_capacity import people_rows
from ml.backtest_scores import (
    BACKTEST_SCHEMA,
    AsOf,
    champions,
    finish_backtest,
    known_before,
    origins_of,
    score_backtest,
    standings,
)
from ml.bookings import BookingsEngine, read_series
from ml.panel import Floats
from ml.progress import OnStep, in_silence

__all__ = [
    "BACKTEST_SCHEMA",
    "NAIVE",
    "AsOf",
    "Forecaster",
    "backtest_capacity",
    "backtest_people",
    "backtest_series",
    "champions",
    "finish_backtest",
    "known_before",
    "origins_of",
    "score_backtest",
    "seasonal_naive",
    "standings",
]

NAIVE = "seasonal naive"  # the baseline every model has to beat
Forecaster = Callable[[pl.DataFrame, date, int], pl.DataFrame]


def seasonal_naive(frame: pl.DataFrame, origin_on: date, horizon: int) -> pl.DataFrame:
    """Repeat the same month a year earlier (the last month where there is none).

    Returns
    -------
    polars.DataFrame
        series_id, month_start, horizon, p10, p50, p90 as `BookingsEngine`; the
        interval is the row's own spread of year-on-year changes.
    """
    del origin_on
    values, ids, first = read_series(frame)
    n, t = values.shape
    filled = _carried(values)
    back = 12 if t >= 12 else 1
    place = np.array([t - back + (h % back) for h in range(horizon)])
    point = filled[:, place]
    lag = back if t > back else max(t - 1, 1)
    gaps = np.abs(filled[:, lag:] - filled[:, :-lag]) if t > 1 else np.zeros((n, 1))
    width = 1.6 * gaps.mean(axis=1, keepdims=True) * np.ones(horizon)
    months = [
        date((first + t + h) // 12, (first + t + h) % 12 + 1, 1) for h in range(horizon)
    ]
    return pl.DataFrame(
        {
            "series_id": np.repeat(ids, horizon),
            "month_start": months * n,
            "horizon": np.tile(np.arange(1, horizon + 1, dtype=np.int32), n),
            "p10": (point - width).ravel(),
            "p50": point.ravel(),
            "p90": (point + width).ravel(),
        },
        schema_overrides={"series_id": pl.String, "month_start": pl.Date},
    )


def batch_engine(frame: pl.DataFrame, origin_on: date, horizon: int) -> pl.DataFrame:
    """Forecast with `BookingsEngine` at its defaults."""
    del origin_on
    return BookingsEngine(horizon=horizon).fit_predict(frame)


def backtest_series(
    frame: pl.DataFrame,
    *,
    horizon: int = 12,
    origins: int = 4,
    models: dict[str, Forecaster] | None = None,
    known: AsOf | None = None,
) -> pl.DataFrame:
    """Backtest monthly series on rolling origins, against the seasonal naive.

    Parameters
    ----------
    frame : polars.DataFrame
        node_level str, node_id str, month_start date, value_cents number; optionally
        known_on date, so that an origin sees only versions known before it.
    horizon : int, months, default 12
    origins : int, default 4
        Past origins, a quarter apart, the last one `horizon` months before the end.
    models : dict of name to function, optional
        ``f(known rows, origin_on, horizon)`` returning series_id, month_start,
        horizon, p10, p50, p90; default the batch engine. The naive is always added.
    known : function of a date, optional
        Rows as `frame` that somebody standing on that morning could see; default:
        `frame` itself, cut by month_start and known_on.

    Returns
    -------
    polars.DataFrame
        `BACKTEST_SCHEMA`, sorted. At each level the champion has the lowest mean
        absolute error over the naive's; no rows when the history is too short.

    Raises
    ------
    ValueError, ForecastError
        As `BookingsEngine.fit_predict`.
    """
    lacking = [
        c
        for c in ("node_level", "node_id", "month_start", "value_cents")
        if c not in frame.columns
    ]
    if lacking:
        raise ValueError(f"the series frame lacks the columns {', '.join(lacking)}")
    named = _named(frame)
    nodes = named.select("series_id", "node_level", "node_id").unique()
    truth = named
    if "known_on" in named.columns:
        truth = named.sort("known_on").unique(
            subset=["series_id", "month_start"], keep="last", maintain_order=True
        )
    truth = truth.select("series_id", "month_start", actual="value_cents").drop_nulls()
    runs = {NAIVE: seasonal_naive, **(models or {"batch": batch_engine})}
    parts = []
    for origin_on in origins_of(named, horizon=horizon, count=origins):
        seen = known_before(_named(known(origin_on)) if known else named, origin_on)
        if seen.height == 0:
            continue
        for name, run in runs.items():
            ahead = run(seen, origin_on, horizon)
            parts.append(
                ahead.select("series_id", "month_start", "horizon", "p10", "p50", "p90")
                .join(truth, on=["series_id", "month_start"], how="inner")
                .with_columns(model=pl.lit(name), origin_on=pl.lit(origin_on))
            )
    if not parts:
        return pl.DataFrame(schema=BACKTEST_SCHEMA)
    rows = pl.concat(parts).join(nodes, on="series_id", how="left")
    return finish_backtest(
        rows.select(
            "model", "origin_on", "horizon", "node_level", "node_id", "actual",
            forecast="p50", lower="p10", upper="p90", measure=pl.lit("bookings"),
            is_baseline=pl.col("model") == NAIVE,
        )
    )  # fmt: skip


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the series id of each node."""
    return frame.with_columns(
        series_id=pl.format("{}:{}", pl.col("node_level"), pl.col("node_id"))
    )


def _carried(values: Floats) -> Floats:
    """Fill gaps with the last known value, the start with 0."""
    known = ~np.isnan(values)
    place = np.where(known, np.arange(values.shape[1]), -1)
    place = np.maximum.accumulate(place, axis=1)
    filled = np.take_along_axis(values, np.maximum(place, 0), axis=1)
    return np.where((place >= 0) & ~np.isnan(filled), filled, 0.0)


def backtest_people(
    panel: pl.DataFrame,
    *,
    horizon: int = 12,
    origins: Sequence[date] | int = 3,
    draws: int = 200,
    seed: int = 0,
    known: AsOf | None = None,
    on_step: OnStep = in_silence,
) -> pl.DataFrame:
    """Backtest capacity, ramp, productivity and attrition from the same past fits.

    Parameters
    ----------
    panel : polars.DataFrame
        Rep-months as for `RampEstimator.fit`; the truth to score against.
    horizon : int, months, default 12
    origins : sequence of dates or int, default 3
    draws, seed : int
        As for `simulate_capacity`.
    known : function of a date, optional
        Rep-months that somebody standing on that morning could see; default: `panel`
        itself, cut by month_start, known_on and left_on.
    on_step : function of what, steps done and steps at most
        Told of every round of every fit, and of every origin done.

    Returns
    -------
    polars.DataFrame
        `BACKTEST_SCHEMA`; horizon counts months from the origin, over which values
        are cumulative, for the reps on the books at the origin. Measures:

        - capacity: cents booked; levels company and group ("segment_id/role");
          "ramp capacity" against "heads x productivity";
        - ramp: cents per month worked of reps under 12 months of tenure, and
          productivity: of all others; levels company and segment; "hierarchical
          ramp" against "tenure means", "talent posterior" against "last 12 months";
        - attrition: leavers; levels company and segment; "hazard" against "flat
          rate"; the loss is the mean log-loss over the reps.
    """
    days = (
        origins_of(panel, horizon=horizon, count=origins)
        if isinstance(origins, int)
        else list(origins)
    )
    parts = []
    for done, day in enumerate(days, start=1):
        seen = known_before(known(day) if known else panel, day)
        if seen.height and seen["bookings_cents"].sum() > 0:
            parts.append(people_rows(panel, seen, day, horizon, draws, seed, on_step))
        on_step("past dates", done, len(days))
    if not parts:
        return pl.DataFrame(schema=BACKTEST_SCHEMA)
    return finish_backtest(pl.concat(parts))


def backtest_capacity(
    panel: pl.DataFrame,
    *,
    horizon: int = 12,
    origins: Sequence[date] | int = 3,
    draws: int = 200,
    seed: int = 0,
) -> pl.DataFrame:
    """Backtest what known reps booked: the capacity rows of `backtest_people`."""
    rows = backtest_people(
        panel, horizon=horizon, origins=origins, draws=draws, seed=seed
    )
    return rows.filter(pl.col("measure") == "capacity")
