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
    usual_range,
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


def test_an_empty_month_is_as_rare_as_so_few_deals_make_it() -> None:
    # below its exp(-n) quantile q the normal has mean -pdf(q) / exp(-n)
    deals = np.array([0.3, 1.5, 5.0, 20.0])
    quantile = stats.norm.ppf(np.exp(-deals))
    oracle = -stats.norm.pdf(quantile) / np.exp(-deals)
    nothing, mean, narrow = np.zeros(4), np.full(4, 100.0), np.full(4, 25.0)
    floor = gamma_score(nothing, mean, narrow, deals=deals)
    assert np.allclose(floor, oracle, atol=0.1)
    assert (gamma_score(nothing, mean, narrow) == -8.0).all()
    usual = gamma_score(mean, mean, narrow, deals=deals)
    assert np.array_equal(usual, gamma_score(mean, mean, narrow))


@pytest.mark.parametrize("deals_a_month", [0.7, 1.5, 4.0])
def test_few_deals_keep_the_budget(deals_a_month: float) -> None:
    rng = np.random.default_rng(3)
    worlds, series, months = 200, 10, 12
    counts = rng.poisson(deals_a_month, size=(worlds * series, months))
    # sizes are gamma with a coefficient of variation of 0.7; a month sums its deals
    amounts = rng.gamma(counts / 0.49, 0.49)
    mean = np.full(amounts.shape, deals_a_month)
    variance, deals = 1.49 * mean, np.full(amounts.shape, deals_a_month)
    limit = alarm_limit(series, 2.0, directions=2)

    def alarms_a_year(z: np.ndarray) -> float:
        evidence = accumulate(z)
        found = np.maximum(evidence.below, evidence.above) > limit
        return float(found.any(axis=1).sum()) / worlds

    rough = {"method": "cube root"}
    honest = gamma_score(amounts, mean, variance, deals=deals, **rough)
    assert alarms_a_year(honest) <= 2.0
    if deals_a_month < 2:  # where months are often empty, a gamma alone does not
        assert alarms_a_year(gamma_score(amounts, mean, variance, **rough)) > 2.0


def test_two_months_by_hand() -> None:
    # One strength l: R1 = exp(l z - l^2/2), R2 = (R1 + 1) exp(l z - l^2/2).
    z = np.array([[1.0, -0.5]])
    strengths = np.array([0.2, 0.4, 0.8, 1.4])
    first = np.exp(strengths - strengths**2 / 2)
    second = (first + 1) * np.exp(-0.5 * strengths - strengths**2 / 2)
    above = accumulate(z).above[0]
    assert np.allclose(above, [first.mean(), second.mean()])


@pytest.mark.slow
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


def test_a_plan_that_asks_more_than_going_on_brings_pardons_that_much() -> None:
    # the same figures as the unit test of int_drift__plan_stretch
    assert usual_range(220.0, 200.0, 200.0) == (200 / 220, 1.0)
    assert usual_range(100.0, 80.0, 50.0) == (1.0, 1 / 0.85)  # 128, cut
    assert usual_range(100.0, 50.0) == (0.85, 1.0)
    assert usual_range(100.0, 0.0, 50.0) == (1.0, 1.0)  # no year before is known


def test_going_on_under_a_stretched_plan_is_no_shortfall_and_a_fall_still_is() -> None:
    rng = np.random.default_rng(3)
    plan, limit = np.full((1, 24), 110.0), alarm_limit(1, 0.5, directions=2)
    spread = (np.zeros(1), np.array([1.0]))
    went_on = rng.normal(100.0, 10.0, (1, 24))
    least, _ = usual_range(plan.sum() / 2, 12 * 100.0, 12 * 100.0)

    def below(actual: np.ndarray, share: float) -> float:
        z = plan_scores(actual, plan, np.array([share]), *spread)
        return float(accumulate(z).below.max())

    assert below(went_on, 1.0) > limit  # at its word the plan is missed for ever
    assert below(went_on, least) < limit
    assert below(0.8 * went_on, least) > limit
