"""Leaving, month by month."""

from datetime import date
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from ml.attainment import (
    Wander,
    expected_bookings,
    learn_wander,
    record_months,
    thinness,
    trailing_attainment,
)
from ml.attrition import BANDS, AttritionEstimator, months_at_risk
from ml.panel import read_panel
from ml.ramp import RampEstimator


def test_without_leavers_the_prior_answers_and_says_so(person) -> None:
    estimator = AttritionEstimator(yearly_rate_share=0.12).fit(person("a", [5] * 12))
    assert not estimator.is_informed_
    hazard = estimator.hazard()
    assert not hazard["is_informed"].any()
    assert np.allclose(1 - (1 - hazard["monthly_hazard_share"]) ** 12, 0.12)
    assert np.isclose(estimator.leave_probability()["leave_share"].item(), 0.12)


def test_every_group_has_every_band(small_force: pl.DataFrame) -> None:
    hazard = AttritionEstimator().fit(small_force).hazard()
    assert hazard.height == 2 * len(BANDS)
    assert (hazard["p10"] <= hazard["monthly_hazard_share"]).all()
    assert (hazard["p90"] >= hazard["monthly_hazard_share"]).all()
    assert hazard["leavers_count"].sum() == 2


def test_the_event_sits_in_the_month_of_leaving(person) -> None:
    panel = read_panel(person("a", [1] * 6, left_on=date(2024, 4, 9)))
    at_risk, left = months_at_risk(panel)
    assert left.tolist() == [False, False, False, True, False, False]
    assert at_risk.tolist() == [True] * 4 + [False] * 2


def test_leavers_are_not_listed_among_those_who_may_leave(
    small_force: pl.DataFrame,
) -> None:
    names = AttritionEstimator().fit(small_force).leave_probability()["rep_id"]
    assert "old03" not in names
    assert "new05" not in names
    assert names.len() == 16


def test_attainment_never_reads_its_own_month(person) -> None:
    quiet = read_panel(person("a", [100] * 8))
    loud = read_panel(person("a", [100] * 7 + [90_000]))
    due = expected_bookings(quiet, None)
    before_quiet, _ = trailing_attainment(quiet, due)
    before_loud, _ = trailing_attainment(loud, due)
    assert np.array_equal(before_quiet, before_loud)


def test_half_of_what_was_due_shows_as_its_logarithm(person) -> None:
    # Six months of 50 against 100 due, one and a half average months added to both:
    # (300 + 150) / (600 + 150).
    panel = read_panel(person("a", [50] * 6))
    _, at_end = trailing_attainment(panel, np.full(6, 100.0))
    assert np.isclose(at_end[0], np.log(450 / 750))


def test_what_lasts_of_attainment_is_learned_and_the_spread_stays() -> None:
    wander = Wander(mean=-0.1, variance=0.09, lasting_share=0.5)
    moved, variance = wander.ahead(np.array([0.9]), 12)
    assert moved.tolist() == [0.5 * 0.9 - 0.5 * 0.1]
    # half of each deviation lasts: a quarter of the variance; the rest is drawn anew
    assert variance == pytest.approx(0.09 * 0.75)
    now, nothing = wander.ahead(np.array([0.9]), 0)
    assert (now[0], nothing) == (0.9, 0.0)


def test_reps_who_stay_apart_for_years_have_lasting_attainment(person) -> None:
    strong = [person(f"a{i}", [200] * 36) for i in range(15)]
    weak = [person(f"b{i}", [50] * 36) for i in range(15)]
    panel = read_panel(pl.concat([*strong, *weak]))
    before, _ = trailing_attainment(panel, np.full(len(panel.rep), 100.0))
    assert learn_wander(panel, before).lasting_share > 0.8


def test_a_record_counts_the_months_worked_behind_it(person) -> None:
    half = person("a", [100] * 15).with_columns(active_share=pl.lit(0.5))
    before, at_end = record_months(read_panel(half))
    assert before[:3].tolist() == [0.0, 0.5, 1.0]
    assert before[-1] == 6.0  # twelve half months, never more
    assert at_end.tolist() == [6.0]
    # one and a half average months stand beside the record: 1.5 / (1.5 + 6)
    assert thinness(at_end).tolist() == [0.2]


def test_reps_nobody_has_a_record_of_may_leave_at_their_own_rate(person) -> None:
    # Ten of thirty leave in their second month here; of those with a year, nobody.
    left = [person(f"l{i}", [100] * 2, left_on=date(2024, 2, 20)) for i in range(10)]
    stay = [person(f"s{i}", [100] * 24) for i in range(20)]
    estimator = AttritionEstimator().fit(pl.concat([*left, *stay]))
    slope = dict(
        zip(estimator.feature_names_, estimator.coefficients_.tolist(), strict=True)
    )
    assert slope["thin record"] > 0.5
    flat = estimator.leavers_count_ / estimator.at_risk_.sum()
    soon = estimator.leave_probability(1)["leave_share"].max()
    assert soon < 0.8 * flat  # a flat rate would carry the first weeks on for ever


def test_a_rate_outside_zero_and_one_is_refused(small_force: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="yearly_rate_share"):
        AttritionEstimator(yearly_rate_share=1.2).fit(small_force)


@pytest.mark.slow
def test_it_beats_a_flat_rate_out_of_sample(worlds: ModuleType) -> None:
    mine = flat = expected = came = 0.0
    for seed in range(20, 32):  # four companies have too few leavers to tell 2 %
        world = worlds.make_world(300, seed)
        ramp = RampEstimator().fit(world.panel)
        estimator = AttritionEstimator().fit(world.panel, ramp)
        truth = world.future.group_by("rep_id").agg(
            y=pl.col("left_on").is_not_null().any()
        )
        joined = estimator.leave_probability().join(truth, on="rep_id")
        y, p = joined["y"].to_numpy(), joined["leave_share"].to_numpy()
        q = 1 - (1 - estimator.leavers_count_ / estimator.at_risk_.sum()) ** 12
        expected, came = expected + float(p.sum()), came + float(y.sum())
        mine += -np.mean(np.where(y, np.log(p), np.log(1 - p)))
        flat += -np.mean(np.where(y, np.log(q), np.log(1 - q)))
    assert mine < 0.98 * flat
    assert abs(expected / came - 1) < 0.1


def test_somebody_who_moved_on_without_leaving_is_not_on_the_books(person) -> None:
    moved = person("moved", [5] * 6)
    here = person("here", [5] * 12)
    estimator = AttritionEstimator().fit(pl.concat([moved, here]))
    assert estimator.leave_probability()["rep_id"].to_list() == ["here"]
