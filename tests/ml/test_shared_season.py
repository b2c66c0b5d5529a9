"""A child's season: its parent's, steeper or flatter, as far as can be told."""

import numpy as np
import pytest

from ml.seasonality import PERIOD
from ml.shared_season import (
    current_share,
    deepened,
    factor_noise,
    pooled_spread,
    season_spread,
)

WAVE = 1 + 0.3 * np.sin(np.arange(PERIOD) * np.pi / 6)


def ratios(depths: np.ndarray, noise: float, months: int = 36) -> np.ndarray:
    """Value over trend of series whose seasons differ in depth alone."""
    rng = np.random.default_rng(0)
    clean = 1 + depths[:, None] * (np.tile(WAVE, months // PERIOD)[None] - 1)
    return clean * (1 + rng.normal(0, noise, clean.shape))


def test_steeper_and_flatter_seasons_are_told_apart() -> None:
    depths = np.array([0.5, 1.0, 1.5] * 4)
    shared = np.tile(WAVE, (12, 1))
    deep = deepened(shared, ratios(depths, 0.02), np.ones(12, dtype=bool))
    found = (deep - 1)[:, 3] / (WAVE[3] - 1)
    assert np.abs(found - depths).max() < 0.05


def test_noise_is_not_taken_for_depth() -> None:
    # all depths are 1; single slopes scatter by half and more
    shared = np.tile(WAVE, (40, 1))
    deep = deepened(shared, ratios(np.ones(40), 0.8), np.ones(40, dtype=bool))
    found = (deep - 1)[:, 3] / (WAVE[3] - 1)
    assert np.abs(found - 1).max() < 0.35


def test_a_short_series_keeps_its_parents_depth() -> None:
    shared = WAVE[None]
    same = deepened(shared, ratios(np.array([2.0]), 0.0), np.array([False]))
    assert np.allclose(same, shared)


def test_single_months_differ_only_as_far_as_noise_cannot_say() -> None:
    ratio = ratios(np.ones(60), 0.5)
    noise = factor_noise(np.tile(WAVE, (60, 1)), ratio)
    own = np.stack([ratio[:, m::PERIOD].mean(axis=1) for m in range(PERIOD)], axis=1)
    spread = season_spread(own - WAVE, noise, np.ones(60, dtype=bool))
    assert noise.mean() == pytest.approx(0.25 / 3, rel=0.1)  # sd 0.5, three years
    assert spread < 0.05 * noise.mean()


def test_a_factor_seen_once_is_as_noisy_as_one_month() -> None:
    # 18 months: six phases seen twice, six once; mean of 1/2 and 1 is 3/4
    ratio = np.where(np.arange(18) % 2, 1.2, 0.8)[None] * np.ones((1, 18))
    assert factor_noise(np.ones((1, PERIOD)), ratio)[0] == pytest.approx(
        0.75 * 18 * 0.04 / 17
    )


def test_nothing_known_leaves_the_belief() -> None:
    nobody = np.zeros(3, dtype=bool)
    assert pooled_spread(np.ones(3), np.ones(3), nobody, 0.04) == pytest.approx(0.04)


def test_a_share_that_moved_is_followed_and_a_noisy_one_averaged() -> None:
    rng = np.random.default_rng(1)
    parent = np.full((2, 60), 100.0)
    moved = np.where(np.arange(60) < 40, 10.0, 30.0)
    noisy = 20.0 * rng.gamma(1.0, 1.0, 60)
    share = current_share(np.stack([moved, noisy]), parent)
    assert share[0] == pytest.approx(0.3, abs=0.01)
    assert share[1] == pytest.approx(noisy[-24:].mean() / 100, rel=0.25)


def test_missing_months_are_no_zeros() -> None:
    values = np.full((1, 40), 5.0)
    values[0, 10:20] = np.nan
    assert current_share(values, np.full((1, 40), 10.0))[0] == pytest.approx(0.5)
