"""Ramp curves: shape, pooling, honesty and speed."""

from types import ModuleType

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import ForecastError
from ml.ramp import Z80, RampEstimator
from ml.ramp_curve import ramp_share, share_and_slopes


def test_the_curve_is_eight_tenths_at_months_to_80() -> None:
    assert np.isclose(ramp_share(np.array([7.0]), 7.0, 1.7)[0], 0.8)


@settings(max_examples=40, deadline=None)
@given(st.floats(1.0, 30.0), st.floats(0.4, 4.0), st.floats(0.1, 60.0))
def test_slopes_agree_with_finite_differences(m80: float, k: float, t: float) -> None:
    a, b = np.log(m80), np.log(k)
    tenure = np.array([t])
    share, by_a, by_b = share_and_slopes(tenure, np.array([a]), np.array([b]))
    if share[0] < 1e-4:
        return
    step = 1e-6
    up = np.log(share_and_slopes(tenure, np.array([a + step]), np.array([b]))[0])
    down = np.log(share_and_slopes(tenure, np.array([a - step]), np.array([b]))[0])
    assert np.allclose((up - down) / (2 * step), by_a, atol=1e-3, rtol=1e-3)
    up = np.log(share_and_slopes(tenure, np.array([a]), np.array([b + step]))[0])
    down = np.log(share_and_slopes(tenure, np.array([a]), np.array([b - step]))[0])
    assert np.allclose((up - down) / (2 * step), by_b, atol=1e-3, rtol=1e-3)


def test_the_documented_columns_come_out(small_force: pl.DataFrame) -> None:
    curve = RampEstimator().fit(small_force).curve(months=24)
    assert curve.schema == pl.Schema(
        {
            "segment_id": pl.String, "role": pl.String, "tenure_month": pl.Int32,
            "share": pl.Float64, "share_p10": pl.Float64, "share_p90": pl.Float64,
            "months_to_80": pl.Float64, "months_to_80_p10": pl.Float64,
            "months_to_80_p90": pl.Float64, "rep_months_count": pl.Int64,
            "is_pooled": pl.Boolean,
        }
    )  # fmt: skip
    assert curve.height == 2 * 25


def test_the_curve_rises_from_zero_inside_its_interval(
    small_force: pl.DataFrame,
) -> None:
    for _, group in RampEstimator().fit(small_force).curve().group_by("segment_id"):
        share = group["share"].to_numpy()
        assert share[0] == 0.0
        assert (np.diff(share) >= 0).all()
        assert share[-1] <= 1.0
        assert (group["share_p10"] <= group["share"]).all()
        assert (group["share_p90"] >= group["share"]).all()


def test_hires_who_ramp_in_five_months_are_found_out(small_force: pl.DataFrame) -> None:
    ramp = RampEstimator().fit(small_force)
    low = ramp.months_to_80_ * np.exp(-Z80 * ramp.months_to_80_sd_)
    high = ramp.months_to_80_ * np.exp(Z80 * ramp.months_to_80_sd_)
    assert (low < 5.0).all()
    assert (high > 5.0).all()
    assert (np.abs(ramp.months_to_80_ - 5.0) < 2.0).all()


def test_row_order_does_not_matter(small_force: pl.DataFrame) -> None:
    one = RampEstimator().fit(small_force).curve()
    two = RampEstimator().fit(small_force.reverse()).curve()
    assert one.equals(two)


def test_the_currency_does_not_matter(small_force: pl.DataFrame) -> None:
    one = RampEstimator().fit(small_force)
    two = RampEstimator().fit(small_force.with_columns(pl.col("bookings_cents") * 1000))
    assert np.allclose(one.months_to_80_, two.months_to_80_, rtol=1e-6)


def test_without_hires_the_curve_is_the_prior_and_says_so(person) -> None:
    force = pl.concat([person("a", [100] * 12), person("b", [120] * 12)])
    ramp = RampEstimator().fit(force)
    assert not ramp.is_informed_
    assert ramp.curve()["is_pooled"].all()
    assert np.allclose(ramp.months_to_80_, 6.0, rtol=0.05)
    assert (ramp.curve()["months_to_80_p90"] / ramp.curve()["months_to_80"] > 1.8).all()


def test_one_rep_and_one_month_is_enough_to_answer(person) -> None:
    curve = RampEstimator().fit(person("a", [100])).curve()
    assert curve["share"].is_finite().all()
    assert curve["is_pooled"].all()


def test_a_group_that_booked_nothing_leans_on_the_others(person) -> None:
    force = pl.concat(
        [person("a", [100_00] * 12), person("b", [0] * 12, segment_id="ent")]
    )
    ramp = RampEstimator().fit(force)
    assert np.isfinite(ramp.fit_.theta).all()


def test_credits_do_not_break_the_fit(person) -> None:
    force = pl.concat([person("a", [500, -900, 400] * 4), person("b", [300] * 12)])
    assert np.isfinite(RampEstimator().fit(force).fit_.theta).all()


def test_no_bookings_at_all_is_refused(person) -> None:
    with pytest.raises(ForecastError, match="no bookings"):
        RampEstimator().fit(person("a", [0] * 12))


def test_an_unfitted_ramp_says_so() -> None:
    with pytest.raises(ValueError, match="not fitted"):
        RampEstimator().curve()


def test_scikit_learn_can_clone_it() -> None:
    from sklearn.base import clone

    assert clone(RampEstimator(seed=7)).seed == 7


def test_seventeen_real_sellers_give_a_curve(adventureworks: pl.DataFrame) -> None:
    ramp = RampEstimator().fit(adventureworks)
    curve = ramp.curve()
    lone = curve.filter(pl.col("segment_id") == "one rep")
    assert ramp.is_informed_
    assert lone["is_pooled"].all()
    width = (pl.col("months_to_80_p90") / pl.col("months_to_80_p10")).first()
    wide = lone.select(width).item()
    assert wide >= curve.filter(pl.col("segment_id") != "one rep").select(width).item()


@pytest.mark.slow
def test_truth_is_recovered_at_three_hundred_reps(worlds: ModuleType) -> None:
    errors, inside = [], []
    for seed in (11, 12, 13, 14):
        world = worlds.make_world(300, seed)
        ramp = RampEstimator().fit(world.panel)
        truth = {(s, r): m for s, r, m, _ in world.truth.iter_rows()}
        for g, group in enumerate(ramp.groups_):
            gap = np.log(ramp.months_to_80_[g] / truth[group])
            errors.append(abs(ramp.months_to_80_[g] - truth[group]))
            inside.append(abs(gap) <= Z80 * ramp.months_to_80_sd_[g])
    assert np.mean(errors) < 1.9
    assert np.mean(inside) > 0.6
