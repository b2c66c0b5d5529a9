"""The weekly watch: hand-worked weeks, and scores that are honest in a clean world."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.drift import STRENGTHS, accumulate, alarm_limit
from ml.leading import WEEKS_A_MONTH, dispersion, leading_scores, season

counts = arrays(np.float64, (3, 120), elements=st.integers(0, 50).map(float))


def test_a_week_by_hand() -> None:
    # A year of 36 and 44 in turn is 40 a week; (4^2 / 40) 52 / 51 = 0.408 varies less
    # than deals that come one by one, so variance is the mean. Below two years 15 % is
    # pardoned, and half of root(1 / 2080) = 0.0219: 40 (1 - 0.161) = 33.56 is expected
    # at least. For 25 the cube root is (25 / 33.56)^(1/3) = 0.9065, its mean
    # 1 - 1 / (9 * 33.56) and its deviation root(1 / (9 * 33.56)).
    week = np.array([[36.0, 44.0] * 26 + [25.0]])
    scores = leading_scores(week, None, week[0], 52)
    least = 40 * (1 - 0.15 - 0.5 / np.sqrt(2080))
    wide = 1 / (9 * least)
    by_hand = ((25 / least) ** (1 / 3) - 1 + wide) / np.sqrt(wide)
    assert scores.expected.tolist() == [[40.0]]
    assert np.allclose(scores.below, by_hand)
    assert round(by_hand, 2) == -1.57


def test_weeks_that_hang_together_vary_more_than_one_by_one() -> None:
    # four weeks of 8 and four of 12 in turn: weeks are off by 4 / 10 each, blocks by
    # 8^2 / 40; thirteen blocks leave twelve to learn from
    apart = np.array([[8.0, 12.0] * 26])
    together = np.repeat(np.array([[8.0, 12.0] * 7])[:, :13], 4, axis=1)
    flat = np.ones((1, 52))
    assert np.allclose(dispersion(apart, flat), 0.4 * 52 / 51)
    mean = together.mean()
    blocks = ((4 * (together[0, ::4] - mean)) ** 2 / (4 * mean)).sum() / 12
    assert np.allclose(dispersion(together, flat), blocks)
    assert blocks > 4 * 0.4


def test_last_years_season_and_growth_are_foretold() -> None:
    weeks = np.arange(156)
    wave = 100 * (1 + 0.4 * np.sin(2 * np.pi * weeks / 52)) * 1.2 ** (weeks / 52)
    usual = season(wave[:104], 104, 156)
    level = wave[52:104].sum() / usual[:52].sum()
    assert np.allclose(level * usual[52:], wave[104:], rtol=0.01)
    assert np.array_equal(season(wave[:103], 103, 156), np.ones(105))


def test_noise_foretells_no_season() -> None:
    noise = np.random.default_rng(1).poisson(5.0, 104).astype(float)
    usual = season(noise, 104, 156)
    growth = noise[52:].sum() / noise[:52].sum()
    assert np.abs(usual / growth ** (np.arange(-52, 52) / 52) - 1).max() < 0.2


@pytest.mark.slow
@settings(max_examples=25)
@given(actual=counts, start=st.integers(0, 120))
def test_scores_are_finite_and_in_order_whatever_the_counts(
    actual: np.ndarray, start: int
) -> None:
    scores = leading_scores(actual, None, actual.sum(axis=0), start)
    if start < 52:
        assert np.isnan(scores.below).all()
        return
    assert (scores.expected >= 0).all()
    assert (np.abs(scores.below) <= 3).all()
    assert (np.abs(scores.above) <= 3).all()
    assert (scores.below >= scores.above - 1e-9).all()  # more is pardoned on its side


@pytest.mark.slow
@settings(max_examples=15)
@given(actual=counts)
def test_later_weeks_change_nothing_of_earlier_ones(actual: np.ndarray) -> None:
    whole = leading_scores(actual, None, actual.sum(axis=0), 104)
    part = actual[:, :110]
    early = leading_scores(part, None, part.sum(axis=0), 104)
    assert np.array_equal(whole.below[:, :6], early.below)
    assert np.array_equal(whole.expected[:, :6], early.expected)


def test_a_win_rate_is_judged_by_what_was_decided() -> None:
    rng = np.random.default_rng(2)
    decided = rng.poisson(40.0, (1, 130)).astype(float)
    won = rng.binomial(decided.astype(int), 0.3).astype(float)
    decided[0, 110:] *= 3  # a backlog is cleared at the same rate
    won[0, 110:] = 0.3 * decided[0, 110:]
    scores = leading_scores(won, decided, decided[0], 104)
    assert np.abs(scores.below[0, 6:]).max() < 2
    won[0, 110:] *= 0.6
    fallen = leading_scores(won, decided, decided[0], 104)
    assert fallen.below[0, 6:].max() < -1


@pytest.mark.slow
@pytest.mark.parametrize("deals_a_week", [1.0, 12.0])
def test_evidence_of_clean_weeks_keeps_the_budget(deals_a_week: float) -> None:
    # deals in bursts (variance twice the mean), an annual season, 10 % growth a year
    rng = np.random.default_rng(3)
    worlds, nodes, start = 60, 8, 110
    weeks = np.arange(start + 52)
    rate = deals_a_week * (1 + 0.2 * np.sin(weeks / 8.3)) * 1.1 ** (weeks / 52)
    limit = alarm_limit(nodes, 2.0, periods_per_year=52, directions=2)
    strengths = np.array(STRENGTHS)[:, None, None, None] / np.sqrt(WEEKS_A_MONTH)
    alarms, growth = 0, []
    for _ in range(worlds):
        actual = rng.poisson(rng.gamma(rate, 1.0, (nodes, len(weeks)))).astype(float)
        scores = leading_scores(actual, None, actual.sum(axis=0), start)
        below = accumulate(scores.below, periods_per_month=WEEKS_A_MONTH).below
        above = accumulate(scores.above, periods_per_month=WEEKS_A_MONTH).above
        alarms += int((below >= limit).any(axis=1).sum())
        alarms += int((above >= limit).any(axis=1).sum())
        z = strengths * np.stack([-scores.below, scores.above])
        growth.append(np.exp(z - strengths**2 / 2).mean(axis=(2, 3)))
    assert alarms / worlds <= 2.0
    assert (np.mean(growth, axis=0) <= 1.0).all()  # by strength and direction


@pytest.mark.slow
def test_a_fall_of_a_third_is_seen_within_a_quarter() -> None:
    rng = np.random.default_rng(4)
    late = []
    for _ in range(40):
        actual = rng.poisson(60.0, (1, 136)).astype(float)
        actual[:, 110:] = rng.poisson(40.0, (1, 26))
        scores = leading_scores(actual, None, actual[0], 110)
        below = accumulate(scores.below, periods_per_month=WEEKS_A_MONTH).below[0]
        limit = alarm_limit(1, 0.5, periods_per_year=52, directions=2)
        late.append(int(np.argmax(below >= limit)) + 1 if below.max() >= limit else 99)
    assert np.median(late) <= 13
