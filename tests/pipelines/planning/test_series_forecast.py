"""Bookings of all levels agree, whichever model speaks at each of them."""

from datetime import date

import polars as pl
import pytest

from ml.backtest import NAIVE
from pipelines.planning.inputs import Facts
from pipelines.planning.series_forecast import (
    agree,
    forecast_bookings,
    forecast_series,
    node_series,
)


@pytest.fixture
def series(facts: Facts) -> pl.DataFrame:
    return node_series(facts.bookings, facts.last_full_month)


def test_a_month_nobody_booked_in_is_zero_for_every_node(facts: Facts) -> None:
    gap = facts.bookings.filter(pl.col("month_start") != date(2025, 6, 1))
    rows = node_series(gap, facts.last_full_month)
    june = rows.filter(pl.col("month_start") == date(2025, 6, 1))
    assert june["value_cents"].to_list() == [0.0] * june.height
    assert june.height == rows["series_id"].n_unique()


@pytest.mark.parametrize("pins_top", [False, True])
def test_cells_sum_to_every_level_to_the_cent(
    series: pl.DataFrame, *, pins_top: bool
) -> None:
    rows = agree(forecast_series(series), pins_top=pins_top)
    sums = rows.group_by("node_level", "month_start").agg(pl.col("p50_cents").sum())
    assert (
        sums.group_by("month_start")
        .agg(pl.col("p50_cents").n_unique())["p50_cents"]
        .to_list()
        == [1] * 18
    )
    assert rows.filter(
        (pl.col("p10_cents") > pl.col("p50_cents"))
        | (pl.col("p50_cents") > pl.col("p90_cents"))
    ).is_empty()


def test_a_level_where_the_engine_lost_is_forecast_by_the_baseline(
    series: pl.DataFrame,
) -> None:
    rows = forecast_series(series, {"segment": NAIVE, "company": "batch"})
    by_level = rows.group_by(level=pl.col("series_id").str.split("|").list.first()).agg(
        pl.col("model").unique()
    )
    models = {level: set(names) for level, names in by_level.iter_rows()}
    assert models["segment"] == {NAIVE}
    assert NAIVE not in models["company"] | models["cell"]


def test_without_bookings_there_is_no_forecast(facts: Facts) -> None:
    assert forecast_bookings(facts.bookings.clear(), facts.last_full_month).is_empty()
