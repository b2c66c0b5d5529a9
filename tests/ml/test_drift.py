"""The detector's promise: few false alarms, and real falls are seen."""

import numpy as np
import pytest
from scipy import stats

from ml.drift import (
    accumulate,
    alarm_limit,
    attainment_spread,
    gamma_score,
    plan_scores,
)


def test_the_score_is_the_normal_quantile_of_the_gamma() -> None:
    x = np.array([20.0, 100.0, 260.0])
    mean, variance = np.full(3, 100.0), np.full(3, 2500.0)
    oracle = stats.norm.ppf(stats.gamma(a=4.0, scale=25.0).cdf(x))
    assert np.allclose(gamma_score(x, mean, variance), oracle)
    rough = gamma_score(x, mean, variance, method="cube root")
    assert np.allclose(rough, oracle, atol=0.1)


def test_credits_and_empty_plans_are_scored_without_fuss() -> None:
    z = gamma_score(np.array([-5.0, 7.0]), np.array([10.0, 0.0]), np.array([9.0, 1.0]))
    assert z.tolist() == [-8.0, 0.0]


def test_two_months_by_hand() -> None:
    # One strength l: R1 = exp(l z - l^2/2), R2 = (R1 + 1) exp(l z - l^2/2).
    z = np.array([[1.0, -0.5]])
    strengths = np.array([0.2, 0.4, 0.8, 1.4])
    first = np.exp(strengths - strengths**2 / 2)
    second = (first + 1) * np.exp(-0.5 * strengths - strengths**2 / 2)
    above = accumulate(z).above[0]
    assert np.allclose(above, [first.mean(), second.mean()])


def test_expected_evidence_grows_by_one_a_month_while_nothing_changes() -> None:
    z = np.random.default_rng(0).normal(size=(200_000, 6))
    below = accumulate(z).below.mean(axis=0)
    assert np.allclose(below, np.arange(1, 7), rtol=0.05)


def test_false_alarms_keep_the_budget() -> None:
    rng = np.random.default_rng(1)
    worlds, series = 60, 100
    z = rng.normal(size=(worlds * series, 12))
    limit = alarm_limit(series, 2.0, directions=2)
    evidence = accumulate(z)
    alarms = (np.maximum(evidence.below, evidence.above) > limit).any(axis=1)
    assert alarms.sum() / worlds <= 2.0


def test_a_fall_of_two_sd_is_seen_within_half_a_year() -> None:
    z = np.random.default_rng(2).normal(-2.0, 1.0, size=(500, 12))
    late = np.argmax(accumulate(z).below > alarm_limit(188, 2.0), axis=1)
    assert np.median(late) <= 5


def test_a_missing_month_changes_nothing() -> None:
    z = np.array([[0.5, np.nan]])
    below = accumulate(z).below[0]
    assert below[0] == below[1]


def test_usual_attainment_is_not_drift() -> None:
    rng = np.random.default_rng(3)
    plan = np.full((40, 36), 100.0)
    actual = rng.gamma(8.0, 0.85 * 100 / 8.0, plan.shape)  # always 15 % below
    learned = attainment_spread(actual[:, :24], plan[:, :24])
    z = plan_scores(actual[:, 24:], plan[:, 24:], *learned)
    assert abs(z.mean()) < 0.1
    assert 0.8 < z.std() < 1.15


def test_a_budget_must_be_positive() -> None:
    with pytest.raises(ValueError, match="false_alarms"):
        alarm_limit(10, 0.0)
