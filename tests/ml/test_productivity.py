"""Levels and talents."""

import numpy as np
import polars as pl

from ml.productivity import ProductivityEstimator
from ml.ramp import RampEstimator


def test_two_steady_reps_give_their_mean_and_their_order(person) -> None:
    force = pl.concat([person("a", [80_000] * 24), person("b", [120_000] * 24)])
    estimator = ProductivityEstimator().fit(force)
    row = estimator.by_group().row(0, named=True)
    assert row["reps_count"] == 2
    assert row["is_pooled"]
    assert row["p10_cents"] < row["ramped_month_cents"] < row["p90_cents"]
    assert abs(row["ramped_month_cents"] / 100_000 - 1) < 0.1
    talent = dict(estimator.by_rep().select("rep_id", "talent_share").iter_rows())
    assert np.isclose(talent["b"] / talent["a"], 1.5, rtol=0.1)


def test_a_fitted_ramp_is_reused(small_force: pl.DataFrame) -> None:
    ramp = RampEstimator().fit(small_force)
    assert ProductivityEstimator(ramp=ramp).fit(small_force).ramp_ is ramp


def test_a_short_record_is_pulled_to_average(person) -> None:
    noisy = [90, 110, 100, 80, 120, 100] * 4
    force = pl.concat(
        [person(f"r{i}", [v * 1000 for v in noisy]) for i in range(8)]
        + [person("star", [300_000], first=person("x", [0] * 24)["month_start"][-1])]
    )
    estimator = ProductivityEstimator().fit(force)
    star = estimator.by_rep().filter(pl.col("rep_id") == "star")
    assert 1.0 < star["talent_share"].item() < 3.0
    assert star["p10"].item() < star["talent_share"].item() < star["p90"].item()


def test_intervals_and_cents_are_whole(small_force: pl.DataFrame) -> None:
    frame = ProductivityEstimator().fit(small_force).by_group()
    assert frame.schema["ramped_month_cents"] == pl.Int64
    assert (frame["p10_cents"] <= frame["ramped_month_cents"]).all()
