"""The season of many monthly series at once: found, tested, shrunk and shared."""

from dataclasses import dataclass

import numpy as np

from ml.panel import Bools, Floats

PERIOD = 12
SHORTEST = 18  # detrended months from which a season can be told from noise
REAL = 1.8  # F ratio from which a season counts as real


@dataclass(frozen=True, slots=True)
class Season:
    """Seasonal indices of a batch of series, by phase of the last column's cycle."""

    index: (
        Floats  # (s, 12) factor (multiplicative) or addend; column t has phase t % 12
    )
    is_multiplicative: Bools  # (s,)
    is_seasonal: Bools  # (s,) has a season of its own; the others have neutral indices

    def at(self, columns: np.ndarray) -> Floats:
        """Return the index of each column number, (s, n)."""
        return self.index[:, np.asarray(columns) % PERIOD]

    def remove(self, values: Floats) -> Floats:
        """Return `values` (s, t) without their season."""
        index = self.at(np.arange(values.shape[1]))
        multiplicative = self.is_multiplicative[:, None]
        factor = np.where(multiplicative, index, 1.0)
        return np.where(multiplicative, values / factor, values - index)

    def restore(self, values: Floats, first_column: int) -> Floats:
        """Return `values` (s, h) starting at a column number, with their season."""
        index = self.at(first_column + np.arange(values.shape[1]))
        multiplicative = self.is_multiplicative[:, None]
        return np.where(multiplicative, values * index, values + index)


def moving_trend(values: Floats) -> Floats:
    """Return the centred 2x12 moving average, NaN where the window is incomplete."""
    n, t = values.shape
    out = np.full((n, t), np.nan)
    if t > PERIOD:
        weights = np.full(PERIOD + 1, 1.0 / PERIOD)
        weights[[0, -1]] /= 2
        windows = np.lib.stride_tricks.sliding_window_view(values, PERIOD + 1, axis=1)
        out[:, PERIOD // 2 : t - PERIOD // 2] = windows @ weights
    return out


def season_strength(values: Floats, season: Season) -> Floats:
    """Return the F ratio of season to noise around the moving trend, (s,).

    Rows with fewer than 18 detrended months get 0. Above about 1.8 the season is
    real at the 5 % level (11 and 18 or more degrees of freedom).
    """
    multiplicative = season.is_multiplicative[:, None]
    detrended = _detrended(values, season.is_multiplicative)
    rest = detrended - season.at(np.arange(values.shape[1]))
    known = np.isfinite(rest)
    n = known.sum(axis=1)
    noise = np.where(known, rest, 0.0) ** 2
    within = noise.sum(axis=1) / np.maximum(n - PERIOD, 1)
    away = season.index - np.where(multiplicative, 1.0, 0.0)
    between = (away**2).sum(axis=1) * n / PERIOD / (PERIOD - 1)
    least = np.maximum(1e-12 * between, 1e-300)
    return np.where(n >= SHORTEST, between / np.maximum(within, least), 0.0)


def _detrended(values: Floats, is_multiplicative: Bools) -> Floats:
    """Return value over moving trend, or value less trend; NaN where unknown."""
    trend = moving_trend(values)
    divisor = np.where(is_multiplicative[:, None] & (trend > 0), trend, np.nan)
    return np.where(is_multiplicative[:, None], values / divisor, values - trend)


def find_season(values: Floats, *, is_tested: bool = True) -> Season:
    """Estimate each series' season by classical decomposition.

    Parameters
    ----------
    values : (s, t) float
        One row per series, NaN where unknown; the same calendar phase per column.
    is_tested : bool, default True
        Shrink each season by its noise, to neutral where it is not real.

    Returns
    -------
    Season
        Multiplicative where every known value is positive, additive elsewhere;
        factors average 1 and addends 0 over a year.

    Notes
    -----
    Mean of value over moving trend by phase, shrunk by ``1 - 1 / F`` where the F
    ratio exceeds 1.8; shrinking as in Miller & Williams 2003,
    doi:10.1016/S0169-2070(02)00077-8.
    """
    known = ~np.isnan(values)
    lowest = np.where(known, values, np.inf).min(axis=1, initial=np.inf)
    multiplicative = (lowest > 0) & np.isfinite(lowest)
    long_enough = known.sum(axis=1) >= 2 * PERIOD
    index = np.where(multiplicative[:, None], 1.0, 0.0) * np.ones(PERIOD)
    ratio = _detrended(values, multiplicative)
    for phase in range(PERIOD):
        part = ratio[:, phase::PERIOD]
        have = ~np.isnan(part)
        total = np.where(have, part, 0.0).sum(axis=1)
        count = have.sum(axis=1)
        found = long_enough & (count > 0)
        index[found, phase] = total[found] / count[found]
    mean = index.mean(axis=1, keepdims=True)
    factor = index / np.where(multiplicative[:, None], mean, 1.0)
    index = np.where(multiplicative[:, None], factor, index - mean)
    low = multiplicative[:, None] & (index < 0.02)
    index = np.where(low, 0.02, index)
    full = Season(index, multiplicative, long_enough)
    if not is_tested:
        return full
    strength = season_strength(values, full)
    seasonal = long_enough & (strength > REAL)
    keep = np.where(seasonal, 1.0 - 1.0 / np.maximum(strength, 1.0), 0.0)[:, None]
    neutral = np.where(multiplicative[:, None], 1.0, 0.0)
    return Season(neutral + keep * (index - neutral), multiplicative, seasonal)
