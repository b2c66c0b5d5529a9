"""Forecast again at past dates with what was known then, and keep the score.

Leakage is impossible by construction: a forecaster is a function of rows, and the
only rows it is given are those known before its origin.
"""

from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import polars as pl

from data_contracts.errors import ForecastError
from ml.backtest_capacity import capacity_rows
from ml.bookings import BookingsEngine, read_series
from ml.panel import Floats

BACKTEST_SCHEMA: dict[str, pl.DataType] = {
    "model": pl.String(),
    "origin_on": pl.Date(),
    "horizon": pl.Int32(),
    "node_level": pl.String(),
    "node_id": pl.String(),
    "actual_cents": pl.Int64(),
    "forecast_cents": pl.Int64(),
    "lower_cents": pl.Int64(),
    "upper_cents": pl.Int64(),
    "is_covered": pl.Boolean(),
    "is_champion": pl.Boolean(),
}
NAIVE = "seasonal naive"  # the baseline every model has to beat
Forecaster = Callable[[pl.DataFrame, date, int], pl.DataFrame]


def known_before(frame: pl.DataFrame, origin_on: date) -> pl.DataFrame:
    """Return the rows a forecaster standing at the start of `origin_on` may see.

    Parameters
    ----------
    frame : polars.DataFrame
        With month_start; optionally known_on date (when a row was learned; then the
        latest version before the origin counts) and left_on date (departures from
        the origin on are hidden).
    origin_on : date
        First day of the first month to be forecast.

    Returns
    -------
    polars.DataFrame
        Rows of months before the origin, without known_on.

    Examples
    --------
    >>> frame = pl.DataFrame({"month_start": [date(2026, 1, 1), date(2026, 2, 1)]})
    >>> known_before(frame, date(2026, 2, 1)).height
    1
    """
    rows = frame.filter(pl.col("month_start") < origin_on)
    if "known_on" in rows.columns:
        keys = [
            c
            for c in ("series_id", "node_level", "node_id", "rep_id", "month_start")
            if c in rows.columns
        ]
        rows = rows.filter(pl.col("known_on") < origin_on).sort("known_on")
        rows = rows.unique(subset=keys, keep="last", maintain_order=True)
        rows = rows.drop("known_on")
    if "left_on" in rows.columns:
        rows = rows.with_columns(
            left_on=pl.when(pl.col("left_on") < origin_on).then("left_on")
        )
    return rows


def origins_of(
    frame: pl.DataFrame, *, horizon: int, count: int, minimum_months: int = 13
) -> list[date]:
    """Return up to `count` past origins, one step of a quarter apart, rising.

    The last one leaves `horizon` months to score, or fewer when history is short: an
    origin is kept when at least one month follows and `minimum_months` come before.
    """
    months = frame["month_start"].unique().sort().to_list()
    if len(months) <= minimum_months:
        return []
    last = max(len(months) - horizon, minimum_months)
    places = [last - 3 * k for k in range(count)]
    return sorted(months[p] for p in places if minimum_months <= p < len(months))


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
    named = frame.with_columns(
        series_id=pl.format("{}:{}", pl.col("node_level"), pl.col("node_id"))
    )
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
        known = known_before(named, origin_on)
        if known.height == 0:
            continue
        for name, run in runs.items():
            ahead = run(known, origin_on, horizon)
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
            forecast="p50", lower="p10", upper="p90",
        )
    )  # fmt: skip


def finish_backtest(rows: pl.DataFrame) -> pl.DataFrame:
    """Add coverage and champions, round to cents, sort.

    Parameters
    ----------
    rows : polars.DataFrame
        model, origin_on, horizon, node_level, node_id, actual, forecast, lower, upper.

    Returns
    -------
    polars.DataFrame
        `BACKTEST_SCHEMA`.
    """
    cents = [
        pl.col(name).round().cast(pl.Int64).alias(f"{name}_cents")
        for name in ("actual", "forecast", "lower", "upper")
    ]
    rows = rows.with_columns(*cents).with_columns(
        is_covered=pl.col("actual_cents").is_between("lower_cents", "upper_cents"),
        miss=(pl.col("actual") - pl.col("forecast")).abs(),
    )
    loss = champions(rows)
    return (
        rows.join(loss, on=["node_level", "model"], how="left")
        .select(pl.col(name).cast(kind) for name, kind in BACKTEST_SCHEMA.items())
        .sort("node_level", "node_id", "model", "origin_on", "horizon")
    )


def champions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return node_level, model, is_champion: the lowest relative error wins.

    Errors are divided by the node's mean absolute actual, so that no large node
    decides alone; ties go to the naive, which is the simpler.
    """
    size = rows.group_by("node_level", "node_id").agg(
        size=pl.col("actual").abs().mean()
    )
    scored = (
        rows.join(size, on=["node_level", "node_id"])
        .filter(pl.col("size") > 0)
        .group_by("node_level", "model")
        .agg(loss=(pl.col("miss") / pl.col("size")).mean())
        .with_columns(is_model=pl.col("model") != NAIVE)
        .sort("node_level", "loss", "is_model", "model")
    )
    best = scored.group_by("node_level", maintain_order=True).agg(
        champion=pl.col("model").first()
    )
    return (
        rows.select("node_level", "model")
        .unique()
        .join(best, on="node_level", how="left")
        .select(
            "node_level",
            "model",
            is_champion=(pl.col("model") == pl.col("champion")).fill_null(False),
        )
    )


def score_backtest(backtest: pl.DataFrame) -> pl.DataFrame:
    """Summarise a backtest by model, level and horizon.

    Returns
    -------
    polars.DataFrame
        model, node_level, horizon, wape f64 (absolute error over actual), bias f64,
        covered_share f64 (nominal 0.8), forecasts_count i64.
    """
    if backtest.height == 0:
        raise ForecastError(
            "the backtest has no rows to score",
            fix="wait for 14 months of history, or load older bookings",
        )
    total = pl.col("actual_cents").abs().sum()
    gap = pl.col("forecast_cents") - pl.col("actual_cents")
    return (
        backtest.group_by("model", "node_level", "horizon")
        .agg(
            wape=gap.abs().sum() / total,
            bias=gap.sum() / total,
            covered_share=pl.col("is_covered").mean(),
            forecasts_count=pl.len().cast(pl.Int64),
        )
        .sort("model", "node_level", "horizon")
    )


def _carried(values: Floats) -> Floats:
    """Fill gaps with the last known value, the start with 0."""
    known = ~np.isnan(values)
    place = np.where(known, np.arange(values.shape[1]), -1)
    place = np.maximum.accumulate(place, axis=1)
    filled = np.take_along_axis(values, np.maximum(place, 0), axis=1)
    return np.where((place >= 0) & ~np.isnan(filled), filled, 0.0)


def backtest_capacity(
    panel: pl.DataFrame,
    *,
    horizon: int = 12,
    origins: Sequence[date] | int = 3,
    draws: int = 200,
    seed: int = 0,
) -> pl.DataFrame:
    """Backtest ramp, productivity and attrition together: what known reps booked.

    Parameters
    ----------
    panel : polars.DataFrame
        Rep-months as for `RampEstimator.fit`.
    horizon : int, months, default 12
    origins : sequence of dates or int, default 3
    draws, seed : int
        As for `simulate_capacity`.

    Returns
    -------
    polars.DataFrame
        `BACKTEST_SCHEMA`; horizon counts months and values are cumulative from the
        origin, for the reps on the books at the origin. Levels are company and
        group ("segment_id/role"); models "ramp capacity" and "heads x productivity".
    """
    days = (
        origins_of(panel, horizon=horizon, count=origins)
        if isinstance(origins, int)
        else list(origins)
    )
    parts = []
    for day in days:
        known = known_before(panel, day)
        if known.height and known["bookings_cents"].sum() > 0:
            parts.append(capacity_rows(panel, known, day, horizon, draws, seed))
    if not parts:
        return pl.DataFrame(schema=BACKTEST_SCHEMA)
    return finish_backtest(pl.concat(parts))
