"""The score sheet of past forecasts: its columns, its origins, its champions.

Leakage is impossible by construction: a forecaster is a function of rows, and the
only rows it is given are those known before its origin.
"""

from collections.abc import Callable
from datetime import date
from typing import Final

import polars as pl

from data_contracts.errors import ForecastError

BACKTEST_SCHEMA: dict[str, pl.DataType] = {
    "measure": pl.String(),
    "model": pl.String(),
    "is_baseline": pl.Boolean(),
    "origin_on": pl.Date(),
    "horizon": pl.Int32(),
    "node_level": pl.String(),
    "node_id": pl.String(),
    "unit": pl.String(),
    "actual_value": pl.Float64(),
    "forecast_value": pl.Float64(),
    "lower_value": pl.Float64(),
    "upper_value": pl.Float64(),
    "actual_cents": pl.Int64(),
    "forecast_cents": pl.Int64(),
    "lower_cents": pl.Int64(),
    "upper_cents": pl.Int64(),
    "is_covered": pl.Boolean(),
    "covered_share": pl.Float64(),
    "loss": pl.Float64(),
    "is_champion": pl.Boolean(),
}
CENTS: Final = "cents"  # the unit of money; whole cents stand in the columns of cents
VALUES: Final = ("actual", "forecast", "lower", "upper")
AsOf = Callable[[date], pl.DataFrame]
"""What somebody standing on the morning of a date could see."""


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


def finish_backtest(rows: pl.DataFrame) -> pl.DataFrame:
    """Add coverage, losses and champions, round money to cents, sort.

    Parameters
    ----------
    rows : polars.DataFrame
        measure, model, is_baseline, origin_on, horizon, node_level, node_id, actual,
        forecast, lower, upper; optionally unit (default cents), loss (default: the
        absolute error over the node's mean absolute actual) and covered_share (the
        share of members inside their own intervals, where a row sums many).

    Returns
    -------
    polars.DataFrame
        `BACKTEST_SCHEMA`.
    """
    if "unit" not in rows.columns:
        rows = rows.with_columns(unit=pl.lit(CENTS))
    money = pl.col("unit") == CENTS
    rows = rows.with_columns(pl.col(name).cast(pl.Float64) for name in VALUES)
    rows = rows.with_columns(
        pl.when(money).then(pl.col(name).round()).otherwise(pl.col(name)).alias(name)
        for name in VALUES
    )
    inside = pl.col("actual").is_between("lower", "upper")
    size = pl.col("actual").abs().mean().over("measure", "node_level", "node_id")
    miss = (pl.col("actual") - pl.col("forecast")).abs()
    given = pl.col("loss") if "loss" in rows.columns else pl.lit(None, pl.Float64)
    rows = rows.with_columns(
        loss=pl.coalesce(given, pl.when(size > 0).then(miss / size))
    )
    if "covered_share" not in rows.columns:
        rows = rows.with_columns(covered_share=inside.cast(pl.Float64))
    rows = rows.with_columns(
        is_covered=pl.when(pl.col("covered_share").is_in([0.0, 1.0])).then(
            pl.col("covered_share") == 1.0
        ),
        **{f"{name}_value": pl.col(name) for name in VALUES},
        **{
            f"{name}_cents": pl.when(money).then(pl.col(name)).cast(pl.Int64)
            for name in VALUES
        },
    )
    return (
        rows.join(champions(rows), on=["measure", "node_level", "model"], how="left")
        .select(pl.col(name).cast(kind) for name, kind in BACKTEST_SCHEMA.items())
        .sort("measure", "node_level", "node_id", "model", "origin_on", "horizon")
    )


def champions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return measure, node_level, model, is_champion: the lowest mean loss wins.

    Losses are relative to the node's size, so that no large node decides alone; ties
    go to the baseline, which is the simpler.
    """
    keys = ["measure", "node_level"]
    scored = (
        rows.group_by(*keys, "model", "is_baseline")
        .agg(mean_loss=pl.col("loss").mean())
        .with_columns(is_model=~pl.col("is_baseline"))
        .sort(*keys, "mean_loss", "is_model", "model", nulls_last=True)
        .with_columns(
            champion=pl.col("model").first().over(keys),
            best=pl.col("mean_loss").first().over(keys),
        )
    )
    return scored.select(
        *keys,
        "model",
        is_champion=(pl.col("model") == pl.col("champion"))
        & pl.col("best").is_not_null(),
    )


def standings(backtest: pl.DataFrame) -> pl.DataFrame:
    """Say of each measure and level which model won, by how much, over what.

    Parameters
    ----------
    backtest : polars.DataFrame
        `BACKTEST_SCHEMA`.

    Returns
    -------
    polars.DataFrame
        measure, node_level, champion, challenger (the best model that is no
        baseline), baseline str, challenger_loss, baseline_loss f64, skill_share f64
        (1 - challenger over baseline; below 0 the model loses), covered_share f64
        (of the challenger's 80 % intervals), origins_count, forecasts_count i64,
        is_used bool (the challenger is the champion). Sorted.
    """
    keys = ["measure", "node_level"]
    by_model = (
        backtest.group_by(*keys, "model", "is_baseline")
        .agg(
            loss=pl.col("loss").mean(),
            covered_share=pl.col("covered_share").mean(),
            is_used=pl.col("is_champion").any(),
            origins_count=pl.col("origin_on").n_unique().cast(pl.Int64),
            forecasts_count=pl.len().cast(pl.Int64),
        )
        .sort(*keys, "loss", "model", nulls_last=True)
    )
    ours = by_model.filter(~pl.col("is_baseline")).unique(
        subset=keys, keep="first", maintain_order=True
    )
    naive = by_model.filter("is_baseline").unique(
        subset=keys, keep="first", maintain_order=True
    )
    winner = by_model.filter("is_used").select(*keys, champion="model")
    return (
        ours.join(
            naive.select(*keys, baseline="model", baseline_loss="loss"),
            on=keys,
            how="left",
        )
        .join(winner, on=keys, how="left")
        .with_columns(skill_share=1 - pl.col("loss") / pl.col("baseline_loss"))
        .select(
            *keys,
            "champion",
            pl.col("model").alias("challenger"),
            "baseline",
            pl.col("loss").alias("challenger_loss"),
            "baseline_loss",
            "skill_share",
            "covered_share",
            "origins_count",
            "forecasts_count",
            "is_used",
        )
        .sort(*keys)
    )


def score_backtest(backtest: pl.DataFrame) -> pl.DataFrame:
    """Summarise a backtest by measure, model, level and horizon.

    Returns
    -------
    polars.DataFrame
        measure, model, node_level, horizon, wape f64 (absolute error over actual),
        bias f64, covered_share f64 (nominal 0.8), forecasts_count i64.
    """
    if backtest.height == 0:
        raise ForecastError(
            "the backtest has no rows to score",
            fix="wait for 14 months of history, or load older bookings",
        )
    keys = ["measure", "model", "node_level", "horizon"]
    total = pl.col("actual_value").abs().sum()
    gap = pl.col("forecast_value") - pl.col("actual_value")
    return (
        backtest.group_by(keys)
        .agg(
            wape=gap.abs().sum() / total,
            bias=gap.sum() / total,
            covered_share=pl.col("covered_share").mean(),
            forecasts_count=pl.len().cast(pl.Int64),
        )
        .sort(keys)
    )
