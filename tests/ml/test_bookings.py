"""The series engine: what it promises, and the table of bad input."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import ForecastError
from ml.bookings import BookingsEngine, find_parents

RNG = np.random.default_rng(1)
WAVE = 1 + 0.3 * np.sin(np.arange(240) * 2 * np.pi / 12)


def series(
    name: str, values: np.ndarray, last: date = date(2025, 12, 1)
) -> pl.DataFrame:
    """Monthly rows that end at `last`; NaN becomes a null."""
    end = last.year * 12 + last.month - 1
    months = [date((end - i) // 12, (end - i) % 12 + 1, 1) for i in range(len(values))][
        ::-1
    ]
    return pl.DataFrame(
        {
            "series_id": name,
            "month_start": months,
            "value_cents": [None if np.isnan(v) else float(v) for v in values],
        },
        schema={
            "series_id": pl.String, "month_start": pl.Date, "value_cents": pl.Float64
        },
    )  # fmt: skip


def noisy(n: int, level: float = 1000.0, seed: int = 0) -> np.ndarray:
    """A seasonal series with 5 % noise."""
    return level * WAVE[:n] * np.exp(np.random.default_rng(seed).normal(0, 0.05, n))


def crowd(n: int = 20) -> pl.DataFrame:
    """Ordinary series, so that intervals have a pool to learn from."""
    return pl.concat(
        [series(f"c{i:02d}", noisy(60, 1000 + 50 * i, i)) for i in range(n)]
    )


def ahead(frame: pl.DataFrame, name: str, **settings: int) -> pl.DataFrame:
    out = BookingsEngine(**settings).fit_predict(frame)  # type: ignore[arg-type]
    return out.filter(pl.col("series_id") == name)


def test_columns_types_and_months_are_as_documented() -> None:
    out = BookingsEngine(horizon=3).fit_predict(series("a", noisy(40)))
    assert out.schema == pl.Schema(
        {
            "series_id": pl.String, "month_start": pl.Date, "horizon": pl.Int32,
            "p10": pl.Float64, "p50": pl.Float64, "p90": pl.Float64,
            "lo80": pl.Float64, "hi80": pl.Float64, "lo95": pl.Float64,
            "hi95": pl.Float64, "model": pl.String, "is_thin": pl.Boolean,
        }
    )  # fmt: skip
    assert out["month_start"].to_list() == [date(2026, m, 1) for m in (1, 2, 3)]


def test_a_seasonal_series_is_forecast_within_its_noise() -> None:
    out = ahead(series("a", noisy(60)), "a")
    truth = 1000 * WAVE[60:72]
    assert np.abs(out["p50"].to_numpy() / truth - 1).mean() < 0.05


def test_intervals_are_nested_and_widen_with_the_horizon() -> None:
    out = ahead(crowd(), "c03")
    assert (out["lo95"] <= out["lo80"]).all()
    assert (out["hi80"] <= out["hi95"]).all()
    assert (out["p10"] <= out["p50"]).all()
    width = (out["hi80"] - out["p50"]).to_numpy()
    assert (np.diff(width) >= -1e-9).all()


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.sampled_from([0.01, 100.0, 1e6]))
def test_another_currency_gives_the_same_forecast(factor: float) -> None:
    frame = crowd(4)
    one = BookingsEngine().fit_predict(frame)
    two = BookingsEngine().fit_predict(
        frame.with_columns(pl.col("value_cents") * factor)
    )
    for name in ("p50", "p10", "hi95"):
        assert np.allclose(two[name] / factor, one[name], rtol=1e-6)


def test_row_order_does_not_matter() -> None:
    frame = crowd(5)
    one = BookingsEngine().fit_predict(frame)
    two = BookingsEngine().fit_predict(frame.sample(fraction=1, shuffle=True, seed=1))
    assert one.equals(two)


@pytest.mark.parametrize("points", [1, 2, 3, 7, 11])
def test_a_short_series_gets_its_level_and_the_flag_thin(points: int) -> None:
    frame = pl.concat(
        [crowd(), series("new", np.full(points, 700.0) + np.arange(points))]
    )
    out = ahead(frame, "new")
    assert out["is_thin"].all()
    assert np.allclose(out["p50"], 700.0, rtol=0.05)
    assert (out["p90"] > out["p50"]).all()
    assert out["hi95"].is_finite().all()


def test_a_single_thin_series_alone_still_answers() -> None:
    out = BookingsEngine().fit_predict(series("a", np.array([500.0, 550.0])))
    assert out["p50"].is_between(450, 600).all()
    assert (out["p90"] > out["p50"]).all()


def test_a_short_series_borrows_its_parents_season() -> None:
    total = series("all", noisy(60))
    child = series("child", 0.1 * noisy(8, seed=4)[-8:] * WAVE[52:60] / WAVE[:8])
    frame = pl.concat([total, child])
    engine = BookingsEngine()
    alone = engine.fit_predict(frame).filter(pl.col("series_id") == "child")
    led = engine.fit_predict(frame, parent={"child": "all"})
    led = led.filter(pl.col("series_id") == "child")
    truth = 100 * WAVE[60:72]
    miss = lambda out: np.abs(out["p50"].to_numpy() - truth).mean()  # noqa: E731
    assert miss(led) < 0.6 * miss(alone)


@pytest.mark.parametrize("level", [0.0, 7.0])
def test_a_constant_series_stays_constant(level: float) -> None:
    out = ahead(pl.concat([crowd(), series("flat", np.full(48, level))]), "flat")
    assert (out["p50"] == level).all()
    assert (out["model"] == "constant").all()
    assert not out["p90"].is_nan().any()


def test_a_gap_stays_missing_and_is_not_zero() -> None:
    values = noisy(60)
    values[20:26] = np.nan
    out = ahead(series("a", values), "a")
    assert np.abs(out["p50"].to_numpy() / (1000 * WAVE[60:72]) - 1).mean() < 0.08


@pytest.mark.parametrize("bad", [float("inf"), float("-inf")])
def test_an_infinite_value_is_refused_by_name(bad: float) -> None:
    frame = pl.concat([crowd(2), series("oops", np.array([1.0, 2.0, bad]))])
    with pytest.raises(ForecastError, match="oops"):
        BookingsEngine().fit_predict(frame)


def test_text_and_missing_columns_are_wrong_arguments() -> None:
    frame = crowd(1)
    with pytest.raises(ValueError, match="wrong type"):
        BookingsEngine().fit_predict(frame.with_columns(value_cents=pl.lit("12 USD")))
    with pytest.raises(ValueError, match="month_start"):
        BookingsEngine().fit_predict(frame.drop("month_start"))
    with pytest.raises(ForecastError, match="no rows"):
        BookingsEngine().fit_predict(frame.clear())
    with pytest.raises(ForecastError, match="two values"):
        BookingsEngine().fit_predict(pl.concat([frame, frame.head(1)]))
    with pytest.raises(ValueError, match="horizon"):
        BookingsEngine(horizon=0).fit_predict(frame)


def test_credits_make_a_series_additive_and_it_may_go_below_zero() -> None:
    values = noisy(60) - 900
    out = ahead(pl.concat([crowd(), series("net", values)]), "net")
    assert out["p50"].is_finite().all()
    assert np.abs(out["p50"].to_numpy() - (1000 * WAVE[60:72] - 900)).mean() < 150
    assert out["p10"].min() < 0


def test_a_series_that_never_was_negative_is_floored_at_zero() -> None:
    values = np.maximum(noisy(60) * np.linspace(1, -0.2, 60), 0.0)
    out = ahead(pl.concat([crowd(), series("dying", values)]), "dying")
    assert (out.select("p10", "p50", "lo95") >= 0).to_numpy().all()


def test_an_end_date_closes_the_series() -> None:
    engine = BookingsEngine(horizon=4)
    out = engine.fit_predict(crowd(3), ended={"c01": date(2026, 3, 15)})
    closed = out.filter(pl.col("series_id") == "c01")
    assert (closed["p50"] > 0).to_list() == [True, True, False, False]
    assert closed["model"].to_list() == ["batch", "batch", "closed", "closed"]
    assert (closed.tail(2).select("p90", "hi95").to_numpy() == 0).all()


def test_a_fiftyfold_outlier_near_the_end_moves_little() -> None:
    clean = noisy(60)
    dirty = clean.copy()
    dirty[-2] *= 50
    calm = ahead(series("a", clean), "a")["p50"].to_numpy()
    engine = BookingsEngine()
    shaken = engine.fit_predict(series("a", dirty))["p50"].to_numpy()
    assert engine.batch_.outliers_count.tolist() == [1]  # and says so
    # Peers move three to five times; the pulled value may move ours by a third.
    assert np.abs(shaken / calm - 1).mean() < 0.35


def test_a_level_shift_eight_months_ago_is_mostly_followed() -> None:
    values = 100.0 * np.exp(np.random.default_rng(3).normal(0, 0.05, 60))
    values[-8:] *= 0.4
    out = ahead(series("a", values), "a")["p50"].to_numpy()
    assert 33 < out[:6].mean() < 50


def test_a_series_that_fell_to_zero_stays_near_zero() -> None:
    values = noisy(60, 100.0)
    values[-6:] = 0.0
    out = ahead(pl.concat([crowd(), series("left", values)]), "left")["p50"].to_numpy()
    assert out.min() >= 0
    assert out.mean() < 30


@pytest.mark.slow
def test_five_hundred_series_warn_of_nothing() -> None:
    kinds = [
        lambda r: r.poisson(0.3, 40) * 100.0,
        lambda r: np.zeros(40),
        lambda r: r.normal(0, 100, 40),
        lambda r: np.exp(r.normal(5, 2, 40)),
        lambda r: np.where(r.random(40) < 0.3, np.nan, 100.0),
    ]
    parts = [
        series(f"s{i:03d}", kinds[i % 5](np.random.default_rng(i))) for i in range(500)
    ]
    out = BookingsEngine().fit_predict(pl.concat(parts))
    assert out.height == 500 * 12
    numbers = out.select("p10", "p50", "p90", "lo95", "hi95").to_numpy()
    assert np.isfinite(numbers).all()


def test_a_shared_season_is_the_parents() -> None:
    values = np.stack([noisy(60), noisy(60, 10.0, 2)])
    parents = find_parents(values, ["all", "one"], {"one": "all"})
    assert parents is not None
    season = parents.shared(np.arange(2))
    assert np.isnan(season[0]).all()
    assert np.allclose(season[1], WAVE[:12] / WAVE[:12].mean(), atol=0.05)


def test_dates_given_as_numbers_are_a_wrong_argument() -> None:
    frame = pl.DataFrame(
        {"series_id": ["a"], "month_start": [20250101.5], "value_cents": [1.0]}
    )
    with pytest.raises(ValueError, match="wrong type"):
        BookingsEngine().fit_predict(frame)


def test_a_spike_in_the_middle_hardly_moves_the_forecast() -> None:
    values = noisy(60)
    spiked = values.copy()
    spiked[30] *= 50
    plain, moved = (
        BookingsEngine().fit_predict(series("a", one))["p50"].to_numpy().mean()
        for one in (values, spiked)
    )
    assert moved / plain < 1.3


def test_noisy_children_carry_the_growth_of_their_parent() -> None:
    rng = np.random.default_rng(3)
    growth = 1.02 ** np.arange(48)
    children = rng.gamma(1.0, 1.0, (40, 48)) * growth * 1_000
    rows = {f"c{i:02d}": row for i, row in enumerate(children)}
    rows["all"] = children.sum(axis=0)
    frame = pl.concat([series(name, row) for name, row in rows.items()])
    parent = {name: "all" for name in rows if name != "all"}

    def total(out: pl.DataFrame) -> float:
        return float(out.filter(pl.col("series_id") != "all")["p50"].sum())

    alone = total(BookingsEngine(horizon=12).fit_predict(frame))
    leaning = total(BookingsEngine(horizon=12).fit_predict(frame, parent=parent))
    truth = 40 * 1_000 * (1.02 ** np.arange(48, 60)).sum()
    assert abs(leaning / truth - 1) < abs(alone / truth - 1)
