"""A poor year by luck passes; one without the talent stays."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ml.attrition import AttritionEstimator
from ml.persistence import Persistence, move_on
from ml.ramp import RampEstimator

NONE = np.zeros(1)


def test_today_attainment_is_what_was_seen() -> None:
    moved, variance = move_on(np.array([0.5]), np.array([1.4]), 0, np.ones(1), 0.3)
    assert np.exp(moved).round(12).tolist() == [0.5]
    assert variance.tolist() == [0.0]


def test_a_year_on_only_the_talent_is_left() -> None:
    # 12 months at 1.4 and 1.5 average ones stand for 13.5: (16.8 + 1.5) / 13.5
    moved, _ = move_on(np.array([0.5]), np.array([1.4]), 12, NONE, 0.0)
    assert np.allclose(np.exp(moved), 18.3 / 13.5)
    same, _ = move_on(np.array([2.0]), np.array([1.4]), 30, NONE, 0.0)
    assert moved.tolist() == same.tolist()


def test_half_a_year_on_is_half_of_either() -> None:
    moved, variance = move_on(np.array([0.5]), np.array([1.0]), 6, np.ones(1), 0.0)
    # six new months at relative variance 1: (12 / 13.5)^2 * 6 / 144, over 0.75 squared
    expected = (12 / 13.5) ** 2 * 6 / 144 / 0.75**2
    assert np.allclose(variance, expected)
    assert np.allclose(moved, np.log(0.75) - expected / 2)


@given(st.floats(0.15, 4), st.floats(0.1, 3), st.integers(0, 24), st.floats(0, 5))
def test_the_mean_lies_between_the_record_and_the_talent(
    ratio: float, talent: float, months: int, noise: float
) -> None:
    moved, variance = move_on(
        np.array([ratio]), np.array([talent]), months, np.array([noise]), 0.0
    )
    low, high = sorted((ratio, (12 * talent + 1.5) / 13.5))
    mean = np.exp(moved + 0.5 * variance)[0]
    # within what the hazard was fitted to, and clipping apart
    assert np.exp(-2) - 1e-9 <= np.exp(moved[0]) <= np.exp(1.5) + 1e-9
    if -2 < moved[0] < 1.5:
        assert low - 1e-9 <= mean <= high + 1e-9
    assert 0 <= variance[0] <= 1


def test_talents_come_from_the_ramp_in_the_order_of_the_reps(
    small_force: pl.DataFrame,
) -> None:
    ramp = RampEstimator().fit(small_force)
    learned = Persistence.learn(ramp.panel_, ramp)
    assert len(learned.talent) == len(ramp.panel_.rep_ids)
    assert np.allclose(learned.talent, ramp.fit_.rep_shape / ramp.fit_.rep_rate)
    attrition = AttritionEstimator().fit(small_force, ramp)
    far, _ = attrition.attained_ahead(24)
    order = np.argsort(learned.talent)
    plain = far + 0.5 * attrition.attained_ahead(24)[1]
    assert (np.diff(plain[order]) >= -1e-12).all()


def test_without_a_ramp_everybody_returns_to_what_is_usual(
    small_force: pl.DataFrame,
) -> None:
    attrition = AttritionEstimator().fit(small_force)
    assert attrition.persistence_ is None
    now, none = attrition.attained_ahead(0)
    assert now.tolist() == attrition.attainment_.tolist()
    assert not none.any()
