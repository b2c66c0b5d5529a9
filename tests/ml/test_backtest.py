"""Backtests cannot see what was not known."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_contracts.errors import ForecastError
from ml.backtest import (
    BACKTEST_SCHEMA,
    NAIVE,
    backtest_capacity,
    backtest_series,
    known_before,
    origins_of,
    score_backtest,
    seasonal_naive,
)

MONTHS = pl.date_range(date(2022, 1, 1), date(2025, 12, 1), "1mo", eager=True)


def nodes(count: int = 3, noise: float = 0.1) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    t = np.arange(len(MONTHS))
    parts = [
        pl.DataFrame(
            {
                "node_level": "segment",
                "node_id": f"s{i}",
                "month_start": MONTHS,
                "value_cents": 1e6
                * (1 + 0.3 * np.sin(t * np.pi / 6) + 0.01 * t)
                * np.exp(rng.normal(0, noise, len(t))),
            }
        )
        for i in range(count)
    ]
    return pl.concat(parts)


def test_the_schema_is_the_documented_one() -> None:
    rows = backtest_series(nodes(), horizon=3, origins=2)
    assert rows.schema == pl.Schema(BACKTEST_SCHEMA)
    assert rows.height == 3 * 2 * 3 * 2  # nodes x origins x horizons x models


def test_a_forecaster_is_only_ever_given_the_past() -> None:
    seen: list[tuple[date, date]] = []

    def spy(frame: pl.DataFrame, origin_on: date, horizon: int) -> pl.DataFrame:
        seen.append((max(frame["month_start"].to_list()), origin_on))
        return seasonal_naive(frame, origin_on, horizon)

    backtest_series(nodes(), horizon=6, origins=4, models={"spy": spy})
    assert len(seen) == 4
    assert all(last < origin for last, origin in seen)


def test_a_later_correction_is_not_known_at_the_origin() -> None:
    early = nodes(1).with_columns(known_on=pl.col("month_start").dt.offset_by("1mo"))
    corrected = early.filter(pl.col("month_start") == date(2023, 1, 1)).with_columns(
        value_cents=9e9, known_on=date(2025, 6, 1)
    )
    frame = pl.concat([early, corrected])
    row = pl.col("month_start") == date(2023, 1, 1)
    before = known_before(frame, date(2025, 1, 1)).filter(row)
    after = known_before(frame, date(2025, 12, 1)).filter(row)
    assert before["value_cents"].item() < 9e9
    assert after["value_cents"].item() == 9e9


def test_departures_after_the_origin_are_hidden(person) -> None:
    frame = person("a", [1] * 12, left_on=date(2024, 11, 5))
    known = known_before(frame, date(2024, 9, 1))
    assert known["left_on"].null_count() == known.height == 8


def test_changing_the_future_does_not_change_a_forecast() -> None:
    frame = nodes()
    origin = date(2024, 12, 1)
    doctored = frame.with_columns(
        value_cents=pl.when(pl.col("month_start") >= origin)
        .then(pl.col("value_cents") * 50)
        .otherwise("value_cents")
    )
    first = backtest_series(frame, horizon=12, origins=4)
    second = backtest_series(doctored, horizon=12, origins=4)
    key = ["model", "origin_on", "horizon", "node_id"]
    both = first.join(second, on=key, suffix="_2").filter(pl.col("origin_on") <= origin)
    assert both.height
    assert (both["forecast_cents"] == both["forecast_cents_2"]).all()


def test_a_model_that_loses_to_the_naive_is_not_champion() -> None:
    def silly(frame: pl.DataFrame, origin_on: date, horizon: int) -> pl.DataFrame:
        return seasonal_naive(frame, origin_on, horizon).with_columns(p50=0.0)

    rows = backtest_series(nodes(), horizon=3, models={"silly": silly})
    champions = rows.filter("is_champion")["model"].unique().to_list()
    assert champions == [NAIVE]


def test_the_engine_beats_the_naive_on_a_trend() -> None:
    rows = backtest_series(nodes(6), horizon=12, origins=4)
    assert rows.filter("is_champion")["model"].unique().to_list() == ["batch"]


def test_coverage_is_what_it_says() -> None:
    rows = backtest_series(nodes(), horizon=2, origins=1)
    inside = rows["actual_cents"].is_between(rows["lower_cents"], rows["upper_cents"])
    assert (inside == rows["is_covered"]).all()


def test_a_short_history_gives_zero_typed_rows() -> None:
    frame = nodes().filter(pl.col("month_start") >= date(2025, 3, 1))
    rows = backtest_series(frame)
    assert rows.height == 0
    assert rows.schema == pl.Schema(BACKTEST_SCHEMA)
    with pytest.raises(ForecastError, match="no rows"):
        score_backtest(rows)


def test_origins_leave_months_to_score() -> None:
    days = origins_of(nodes(), horizon=12, count=3)
    assert days == [date(2024, 7, 1), date(2024, 10, 1), date(2025, 1, 1)]


def test_the_naive_repeats_last_year() -> None:
    frame = nodes(1).rename({"node_id": "series_id"})
    out = seasonal_naive(frame, date(2026, 1, 1), 14)
    last_year = frame["value_cents"].tail(12).to_list()
    assert np.allclose(out["p50"], last_year + last_year[:2])


def test_capacity_is_backtested_at_company_and_group(small_force: pl.DataFrame) -> None:
    rows = backtest_capacity(small_force, horizon=6, origins=1, draws=60)
    assert rows.schema == pl.Schema(BACKTEST_SCHEMA)
    assert set(rows["node_level"]) == {"company", "group"}
    assert set(rows["model"]) == {"ramp capacity", "heads x productivity"}
    score = score_backtest(rows).filter(
        (pl.col("model") == "ramp capacity") & (pl.col("node_level") == "company")
    )
    assert score["wape"].max() < 0.5
