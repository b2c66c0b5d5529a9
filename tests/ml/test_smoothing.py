"""Members of the batch engine against textbook recursions and statsmodels."""

import numpy as np
import pytest

from ml.seasonality import find_season
from ml.smoothing import (
    forecast_damped,
    forecast_seasonal,
    forecast_theta,
    grid_weights,
    straight_lines,
)


def test_weights_are_the_exponential_of_half_the_aic_difference() -> None:
    weights = grid_weights(np.array([[1.0, np.e]]), np.array([2.0]))
    # AIC differs by 2 ln e = 2, so the second weighs exp(-1) of the first.
    assert np.allclose(weights[0, 1] / weights[0, 0], np.exp(-1.0))
    assert np.isclose(weights.sum(), 1.0)


def test_a_straight_line_is_found_around_gaps() -> None:
    values = 3.0 + 2.0 * np.arange(10.0)
    values[4] = np.nan
    intercept, slope = straight_lines(values[None])
    assert np.allclose([intercept[0], slope[0]], [3.0, 2.0])


@pytest.mark.parametrize("member", [forecast_theta, forecast_damped])
def test_a_flat_series_is_continued(member) -> None:
    ahead, variance = member(np.full((1, 30), 5.0), 4)
    assert np.allclose(ahead, 5.0)
    assert np.allclose(variance, 0.0, atol=1e-4)


def test_a_missing_start_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(10, 1, (1, 40))
    padded = np.concatenate([np.full((1, 25), np.nan), values], axis=1)
    for member in (forecast_theta, forecast_damped):
        assert np.allclose(member(values, 6)[0], member(padded, 6)[0])


def test_scaling_the_data_scales_the_forecast() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(10, 1, (3, 40))
    index = rng.normal(0, 1, (3, 12))
    one = forecast_seasonal(values, 12, index)[0]
    two = forecast_seasonal(values * 7, 12, index * 7)[0]
    assert np.allclose(two, 7 * one)


@pytest.mark.slow
def test_the_damped_member_is_close_to_statsmodels() -> None:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    rng = np.random.default_rng(2)
    values = 100 + np.cumsum(rng.normal(0.3, 2, 80))
    oracle = ExponentialSmoothing(values, trend="add", damped_trend=True).fit()
    mine = forecast_damped(values[None], 8)[0][0]
    assert np.abs(mine - oracle.forecast(8)).max() < 0.06 * values.mean()


def test_the_season_of_a_clean_wave_is_recovered() -> None:
    wave = 1 + 0.4 * np.cos(np.arange(12) * 2 * np.pi / 12)
    values = np.tile(wave, 5)[None] * 50
    season = find_season(values)
    assert season.is_seasonal[0]
    assert season.is_multiplicative[0]
    assert np.allclose(season.index[0], wave / wave.mean())
    assert np.allclose(season.restore(season.remove(values), 0), values)


def test_noise_is_rarely_called_seasonal() -> None:
    noise = np.random.default_rng(3).normal(size=(400, 72))
    assert find_season(noise).is_seasonal.mean() < 0.15


def test_two_years_are_needed_for_a_season() -> None:
    values = np.tile([1.0, 2.0, 3.0, 9.0, 1.0, 2.0], 3)[None]
    assert not find_season(values).is_seasonal[0]
    assert np.allclose(find_season(values).index, 1.0)
